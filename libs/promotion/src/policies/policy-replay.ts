import type { GateRun } from '@app/gates';
import { canonicalJson } from '@app/platform';
import type { EffectiveGate, EffectivePolicy, GateConfig } from '@app/policy';
import type { PromotionRequest } from '../promotion-request.js';
import {
  approversAmong,
  counting,
  type Decision,
  type Makers,
  type Reviewer,
  ruleProgress,
  rulesNaming,
  stateAfterReview,
} from '../review/review.js';

/** Where a request that was decided would stand under other policies. */
export const replayOutcomes = [
  'APPLIED',
  'REJECTED',
  'BLOCKED',
  'AWAITING_APPROVAL',
  'CHANGES_REQUESTED',
  'UNPROTECTED',
  'UNDECIDABLE',
] as const;
export type ReplayOutcome = (typeof replayOutcomes)[number];

export interface Replay {
  outcome: ReplayOutcome;
  /** Sentences for people. */
  reasons: string[];
}

/** What is on record about a request, and who its reviewers are now. */
export interface ReplayFacts {
  gateRuns: readonly GateRun[];
  decisions: readonly Decision[];
  makers: Makers;
  reviewers: readonly Reviewer[];
}

type GateVerdict = { verdict: 'PASSED' | 'FAILED' | 'UNKNOWN'; why: string };

/**
 * Decides a request again, by the policies given and by what is on record: judgements that were reached then, and the
 * decisions that stood at the end. A gate that was never run so cannot be told, except for other bounds on a metric that
 * was measured. Rights and memberships are those of now.
 */
export function replay(request: PromotionRequest, policy: EffectivePolicy, facts: ReplayFacts): Replay {
  if (policy.policies.every(({ dryRun }) => dryRun)) {
    return { outcome: 'UNPROTECTED', reasons: ['no policy would protect the target: it could be set directly'] };
  }
  const asked = { ...request, effectivePolicy: policy };
  const gates = policy.gates.filter(({ required }) => required).map((gate) => judgedBefore(gate, facts.gateRuns));
  const failed = gates.filter(({ verdict }) => verdict === 'FAILED');
  if (failed.length > 0) return { outcome: 'BLOCKED', reasons: failed.map(({ why }) => why) };
  const unknown = gates.filter(({ verdict }) => verdict === 'UNKNOWN');
  if (unknown.length > 0) return { outcome: 'UNDECIDABLE', reasons: unknown.map(({ why }) => why) };

  // Whom no rule would name could not have decided at all.
  const named = new Set(facts.reviewers.filter((one) => rulesNaming(policy, one).length > 0).map(({ id }) => id));
  const decisions = counting(asked, facts.decisions).filter(({ principalId }) => named.has(principalId));
  const approved = new Set(decisions.flatMap(({ verdict, principalId }) => (verdict === 'APPROVE' ? principalId : [])));
  const approvers = approversAmong(
    asked,
    facts.makers,
    facts.reviewers.filter(({ id }) => approved.has(id)),
  );
  const { filled, met } = ruleProgress(policy, approvers);
  const state = stateAfterReview(decisions, met);
  if (state === 'APPROVED') return { outcome: 'APPLIED', reasons: ['every gate and every rule would be met'] };
  if (state !== 'AWAITING_APPROVAL') return { outcome: state as ReplayOutcome, reasons: ['a reviewer said so'] };
  const short = policy.approvals.flatMap(({ policy: of, name, count, dryRun }, rule) => {
    const have = filled[rule]?.length ?? 0;
    return dryRun || have >= count
      ? []
      : [`rule "${of}/${name}" needs ${count}, and ${have} of those who approved count`];
  });
  return { outcome: 'AWAITING_APPROVAL', reasons: short };
}

/** The judgement of a gate like this one; for a metric also one under other bounds. */
function judgedBefore(gate: EffectiveGate, runs: readonly GateRun[]): GateVerdict {
  const config = canonicalJson(gate.config);
  const same = runs.find((run) => run.type === gate.type && canonicalJson(run.config) === config);
  if (same) {
    const passed = same.status === 'PASSED' || same.status === 'WAIVED';
    return { verdict: passed ? 'PASSED' : 'FAILED', why: `gate "${gate.key}" was ${same.status}: ${same.summary}` };
  }
  if (gate.type !== 'METRIC_THRESHOLD') return neverRun(gate);
  return judgedByMeasure(gate.key, gate.config, runs) ?? neverRun(gate);
}

const neverRun = ({ key }: EffectiveGate): GateVerdict => ({
  verdict: 'UNKNOWN',
  why: `gate "${key}" was never run for it`,
});

function judgedByMeasure(
  key: string,
  { metric, min = -Infinity, max = Infinity, dataset }: GateConfig<'METRIC_THRESHOLD'>,
  runs: readonly GateRun[],
): GateVerdict | undefined {
  const measured = runs.find(
    ({ type, output, inputs }) =>
      type === 'METRIC_THRESHOLD' &&
      output?.metric === metric &&
      output.value !== undefined &&
      (dataset === undefined || inputs?.datasetName === dataset),
  );
  if (!measured) return undefined;
  // NaN and the infinities are recorded as texts.
  const value = Number(measured.output?.value);
  const within = value >= min && value <= max;
  return { verdict: within ? 'PASSED' : 'FAILED', why: `gate "${key}": ${metric} was ${measured.output?.value}` };
}
