import {
  type ApprovalRule,
  integrityGate,
  type PolicyGate,
  type PolicyRules,
  type SeparationOfDuties,
} from './policy.js';
import type { MatchingPolicy } from './policy.repository.js';

/**
 * Why a target is to move: to a version that is to prove itself, back to the one that held it directly before, or past
 * the policy. What goes past the policy is recorded with the policy of a promotion.
 */
export const promotionKinds = ['PROMOTION', 'ROLLBACK', 'BREAK_GLASS'] as const;
export type PromotionKind = (typeof promotionKinds)[number];

/** A gate of one of the policies, under a key that is unique over all of them. */
export type EffectiveGate = PolicyGate & { policyRevisionId: string };

/** An approval rule of one of the policies. */
export interface EffectiveRule extends ApprovalRule {
  policyRevisionId: string;
  policy: string;
  /** Counted and shown, but nothing waits for it. */
  dryRun: boolean;
}

/** Which revision of which policy went in. */
export interface PinnedPolicy {
  policyId: string;
  revisionId: string;
  name: string;
  revision: number;
  on: string;
  dryRun: boolean;
}

/** What all matching policies ask for together: what a request is opened under and measured by. */
export interface EffectivePolicy {
  policies: PinnedPolicy[];
  gates: EffectiveGate[];
  approvals: EffectiveRule[];
  separationOfDuties: SeparationOfDuties;
  waitSeconds: number;
  expiresAfterSeconds: number | null;
  archiveIncumbent: boolean;
  dismissStaleDecisions: boolean;
}

/**
 * The sum of all policies that match a target, from the metastore to the model (domain.md, section 4): what stands
 * below can only add. Dry-run policies bring their gates, as advisory ones, and their rules, marked; nothing else.
 */
export function effectivePolicy(given: readonly MatchingPolicy[], kind: PromotionKind = 'PROMOTION'): EffectivePolicy {
  if (kind !== 'ROLLBACK') return sumOf(given);
  const sum = sumOf(given.map((policy) => ({ ...policy, rules: rulesOfRollback(policy.rules) })));
  const [live] = sum.policies.filter(({ dryRun }) => !dryRun);
  const looksAtFiles = sum.gates.some(({ type, required }) => required && type === 'ARTIFACT_INTEGRITY');
  if (live && !looksAtFiles) sum.gates.push({ ...integrityGate(), policyRevisionId: live.revisionId });
  // Of two versions in a stage the newer one is its holder: the way back is open only when that one leaves.
  return { ...sum, archiveIncumbent: true };
}

/** The rules of a policy as it asks them of a rollback. */
function rulesOfRollback(rules: PolicyRules): PolicyRules {
  const { gates, approvals } = rules.rollback;
  return {
    ...rules,
    gates: gates === 'ALL' ? rules.gates : rules.gates.filter(({ type }) => type === 'ARTIFACT_INTEGRITY'),
    approvals: approvals ?? rules.approvals,
  };
}

function sumOf(matching: readonly MatchingPolicy[]): EffectivePolicy {
  const live = matching.filter(({ rules }) => !rules.dryRun).map(({ rules }) => rules);
  const expiries = live.flatMap(({ expiresAfterSeconds }) => expiresAfterSeconds ?? []);
  const anyLive = (asks: (rules: (typeof live)[number]) => boolean) => live.some(asks);
  const labels = labelsOf(matching);
  return {
    policies: matching.map(({ policyId, revisionId, name, revision, on, rules }) => ({
      policyId,
      revisionId,
      name,
      revision,
      on,
      dryRun: rules.dryRun,
    })),
    gates: matching.flatMap(({ revisionId, rules }, index) =>
      rules.gates.map((gate) => ({
        ...gate,
        key: `${labels[index]}/${gate.key}`,
        required: gate.required && !rules.dryRun,
        policyRevisionId: revisionId,
      })),
    ),
    approvals: matching.flatMap(({ revisionId, rules }, index) =>
      rules.approvals.map((rule) => ({
        ...rule,
        policyRevisionId: revisionId,
        policy: labels[index] as string,
        dryRun: rules.dryRun,
      })),
    ),
    separationOfDuties: {
      requester: anyLive(({ separationOfDuties }) => separationOfDuties.requester),
      versionCreator: anyLive(({ separationOfDuties }) => separationOfDuties.versionCreator),
      runUser: anyLive(({ separationOfDuties }) => separationOfDuties.runUser),
    },
    waitSeconds: Math.max(0, ...live.map(({ waitSeconds }) => waitSeconds)),
    expiresAfterSeconds: expiries.length > 0 ? Math.min(...expiries) : null,
    archiveIncumbent: anyLive(({ archiveIncumbent }) => archiveIncumbent),
    dismissStaleDecisions: anyLive(({ dismissStaleDecisions }) => dismissStaleDecisions),
  };
}

/** A policy's name; with where it hangs, when two policies on the way have the same name. */
function labelsOf(matching: readonly MatchingPolicy[]): string[] {
  const names = matching.map(({ name }) => name.toLowerCase());
  return matching.map(({ name, on }) =>
    names.indexOf(name.toLowerCase()) === names.lastIndexOf(name.toLowerCase()) ? name : `${name} (${on})`,
  );
}

/** Do the two name the same revisions of the same policies? Otherwise the request was opened under other rules. */
export const samePolicies = (pinned: EffectivePolicy, now: EffectivePolicy): boolean =>
  pinned.policies.length === now.policies.length &&
  pinned.policies.every(({ revisionId }) => now.policies.some((policy) => policy.revisionId === revisionId));
