import { type EffectivePolicy, effectivePolicy, type PinnedPolicy, type PromotionKind } from './effective-policy.js';
import type { PolicyRules } from './policy.js';
import type { MatchingPolicy } from './policy.repository.js';

/** What the sum of policies decides by one value; gates and approval rules name the policy that they come from themselves. */
export const policySettings = [
  'SEPARATE_REQUESTER',
  'SEPARATE_VERSION_CREATOR',
  'SEPARATE_RUN_USER',
  'WAIT',
  'EXPIRY',
  'ARCHIVE_INCUMBENT',
  'DISMISS_STALE_DECISIONS',
] as const;
export type PolicySetting = (typeof policySettings)[number];

/** Does a policy ask for the value that the sum has? */
const asks: Record<PolicySetting, (rules: PolicyRules, sum: EffectivePolicy) => boolean> = {
  SEPARATE_REQUESTER: ({ separationOfDuties }) => separationOfDuties.requester,
  SEPARATE_VERSION_CREATOR: ({ separationOfDuties }) => separationOfDuties.versionCreator,
  SEPARATE_RUN_USER: ({ separationOfDuties }) => separationOfDuties.runUser,
  WAIT: ({ waitSeconds }, sum) => waitSeconds > 0 && waitSeconds === sum.waitSeconds,
  EXPIRY: ({ expiresAfterSeconds }, sum) =>
    expiresAfterSeconds !== null && expiresAfterSeconds === sum.expiresAfterSeconds,
  ARCHIVE_INCUMBENT: ({ archiveIncumbent }) => archiveIncumbent,
  DISMISS_STALE_DECISIONS: ({ dismissStaleDecisions }) => dismissStaleDecisions,
};

export interface PolicyPreview {
  effective: EffectivePolicy;
  /** Which policies a setting of the sum comes from; settings that no policy asks for are left out. */
  sources: { setting: PolicySetting; policies: PinnedPolicy[] }[];
}

/** The sum of the policies that match a target, and where each part of it comes from. */
export function policyPreview(matching: readonly MatchingPolicy[], kind: PromotionKind): PolicyPreview {
  const effective = effectivePolicy(matching, kind);
  const sources = policySettings.map((setting) => ({
    setting,
    policies: effective.policies.filter(
      ({ dryRun }, index) => !dryRun && asks[setting]((matching[index] as MatchingPolicy).rules, effective),
    ),
  }));
  return { effective, sources: sources.filter(({ policies }) => policies.length > 0) };
}
