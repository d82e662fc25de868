/** One principal is directly in a group. */
export interface MembershipFact {
  memberId: string;
  groupId: string;
}

/**
 * The ways from a principal up through the groups to one of them, the shortest first: each as the groups on it, without
 * the principal, with the last. One empty way from a principal to itself. Groups have no cycles.
 * @returns at most `most` ways; `isCut` says that there are more
 */
export function chainsUp(
  memberships: readonly MembershipFact[],
  from: string,
  to: string,
  most: number,
): { chains: string[][]; isCut: boolean } {
  if (from === to) return { chains: [[]], isCut: false };
  const leading = leadingTo(memberships, to);
  const chains: string[][] = [];
  // Depth first, on ways that arrive only: each step is on a chain that is told, or the one too many.
  const walk = (at: string, chain: string[]) => {
    if (at === to) chains.push(chain);
    else
      for (const { memberId, groupId } of memberships) {
        if (memberId === at && leading.has(groupId) && chains.length <= most) walk(groupId, [...chain, groupId]);
      }
  };
  walk(from, []);
  const isCut = chains.length > most;
  return { chains: chains.slice(0, most).sort((one, other) => one.length - other.length), isCut };
}

/** The group, and all that is in it however nested. */
function leadingTo(memberships: readonly MembershipFact[], group: string): Set<string> {
  const found = new Set([group]);
  // A Set iterates over what is added on the way.
  for (const id of found) for (const { memberId, groupId } of memberships) if (groupId === id) found.add(memberId);
  return found;
}
