/** Places to fill: `count` of them, in a rule. */
interface Rule {
  count: number;
}

/** Somebody who approved, and the rules (by index) that he may fill a place in. */
export interface Approver {
  id: string;
  rules: readonly number[];
}

export interface Quorum {
  /** For each rule, who fills a place in it. Nobody is in two. */
  filled: string[][];
  /** Every place of every rule is filled. */
  met: boolean;
}

/**
 * Gives each approver at most one place, so that as many places as possible are filled: a maximum bipartite matching by
 * augmenting paths (Kuhn). The order of approvers and rules decides who fills which place, never how many are filled.
 */
export function quorum(rules: readonly Rule[], approvers: readonly Approver[]): Quorum {
  const filled: Approver[][] = rules.map(() => []);

  /** Finds a place for the approver, moving others to their other rules where that helps. */
  const place = (approver: Approver, seen: Set<number>): boolean => {
    for (const rule of approver.rules) {
      const places = filled[rule];
      if (!places || seen.has(rule)) continue;
      seen.add(rule);
      if (places.length < (rules[rule] as Rule).count) {
        places.push(approver);
        return true;
      }
      const moved = places.findIndex((holder) => place(holder, seen));
      if (moved >= 0) {
        places[moved] = approver;
        return true;
      }
    }
    return false;
  };

  const distinct = new Map(approvers.map((approver) => [approver.id, approver]));
  for (const approver of distinct.values()) place(approver, new Set());
  return {
    filled: filled.map((places) => places.map(({ id }) => id)),
    met: filled.every((places, rule) => places.length === (rules[rule] as Rule).count),
  };
}
