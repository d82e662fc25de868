import type { Securable } from '@app/access';
import { type PolicyRules, protects } from './policy.js';
import type { MatchingPolicy } from './policy.repository.js';
import type { Target } from './target.js';

/** Rules that somebody thinks about: in place of a policy that is there, or beside all that are. */
export interface PolicyDraft {
  /** The securable that they would hang on. */
  on: Securable;
  name: string;
  rules: PolicyRules;
  /** The policy that they would replace. */
  replaces: string | null;
}

/**
 * What would have matched a target, had the draft been in force: also where it says dryRun, for what it would do is the
 * question. A policy that matched by another target that the promotion touched is replaced too.
 */
export function withDraft(matched: readonly MatchingPolicy[], target: Target, draft: PolicyDraft): MatchingPolicy[] {
  const { replaces, name, on } = draft;
  const rules = { ...draft.rules, dryRun: false };
  const old = matched.find(({ policyId }) => policyId === replaces);
  const byAnother = old !== undefined && !protects(old.rules, target);
  if (!byAnother && !protects(rules, target)) return matched.filter((policy) => policy !== old);
  if (old) return matched.map((policy) => (policy === old ? { ...old, revisionId: '', rules } : policy));
  return [...matched, { policyId: '', revisionId: '', name, revision: 0, rules, on: on.fullName }];
}
