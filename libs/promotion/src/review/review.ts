import type { Refusal } from '@app/access';
import type { EffectivePolicy } from '@app/policy';
import { MayNotDecide, NotDecidable } from '../promotion.errors.js';
import { isClosed, type PromotionRequest, type PromotionState } from '../promotion-request.js';
import type { ReasonCode } from '../reason-code.js';
import { type Approver, quorum } from './quorum.js';

export const verdicts = ['APPROVE', 'REJECT', 'REQUEST_CHANGES'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Decision {
  id: string;
  requestId: string;
  principalId: string;
  verdict: Verdict;
  comment: string | null;
  /** The digest of the evidence that the reviewer saw. */
  evidenceDigest: string;
  decidedAt: Date;
  /** When and why it ceased to stand. */
  endedAt: Date | null;
  ending: 'WITHDRAWN' | 'ANSWERED' | 'REPLACED' | null;
}

/** Somebody who may decide, or asks whether he may. */
export interface Reviewer {
  id: string;
  /** Holds APPROVE_PROMOTION on the model, now. */
  privileged: boolean;
  /** Himself and his groups: whom a rule may name to mean him. */
  identities: readonly string[];
}

/** Who made the version. */
export interface Makers {
  createdBy: string | null;
  runPrincipalId: string | null;
}

/** The indexes of the approval rules that name the reviewer, himself or through a group. */
export const rulesNaming = ({ approvals }: EffectivePolicy, { identities }: Pick<Reviewer, 'identities'>): number[] =>
  approvals.flatMap(({ principalIds }, index) => (principalIds.some((id) => identities.includes(id)) ? [index] : []));

/** What separation of duties asks of a request. */
type Asked = Pick<PromotionRequest, 'effectivePolicy' | 'requesterId'>;

/** Which separations of duties stand between this person and an approval. */
export function separations(request: Asked, { createdBy, runPrincipalId }: Makers, id: string): ReasonCode[] {
  const { requester, versionCreator, runUser } = request.effectivePolicy.separationOfDuties;
  const reasons: ReasonCode[] = [];
  if (requester && request.requesterId === id) reasons.push('REQUESTER_CANNOT_SELF_APPROVE');
  if (versionCreator && createdBy === id) reasons.push('VERSION_CREATOR_CANNOT_APPROVE');
  if (runUser && runPrincipalId === id) reasons.push('RUN_AUTHOR_CANNOT_APPROVE');
  return reasons;
}

/** Everything that keeps a reviewer from a verdict; empty when nothing does. */
export function objections(
  request: PromotionRequest,
  makers: Makers,
  reviewer: Reviewer,
  { verdict, standing }: { verdict: Verdict; standing: Decision | undefined },
): ReasonCode[] {
  const reasons: ReasonCode[] = [];
  if (!reviewer.privileged) reasons.push('MISSING_PRIVILEGE');
  if (rulesNaming(request.effectivePolicy, reviewer).length === 0) reasons.push('NOT_ELIGIBLE');
  // Who may not approve may still say what is wrong.
  if (verdict === 'APPROVE') reasons.push(...separations(request, makers, reviewer.id));
  if (isClosed(request.state) || (verdict === 'APPROVE' && request.state === 'APPROVED')) reasons.push('NOT_PENDING');
  if (request.state === 'VALIDATING' || (request.state === 'BLOCKED' && verdict !== 'REJECT')) {
    reasons.push('GATES_NOT_PASSED');
  }
  if (standing && !isStale(request, standing)) reasons.push('ALREADY_DECIDED');
  return reasons;
}

const sentences: Record<ReasonCode, (request: PromotionRequest) => string> = {
  ALLOWED: () => 'You may decide on this request.',
  NOT_ELIGIBLE: () => 'No approval rule of the policy names you or one of your groups.',
  REQUESTER_CANNOT_SELF_APPROVE: () => 'You opened this request, and the policy does not let the requester approve.',
  VERSION_CREATOR_CANNOT_APPROVE: () => 'You registered this version, and the policy does not let its creator approve.',
  RUN_AUTHOR_CANNOT_APPROVE: () => 'You trained this version, and the policy does not let the user of its run approve.',
  ALREADY_DECIDED: () => 'Your decision on this evidence stands: withdraw it before you decide again.',
  NOT_PENDING: ({ number, state }) => `Promotion request ${number} is ${state}: it takes no such decision any more.`,
  GATES_NOT_PASSED: ({ number, state }) =>
    `Promotion request ${number} is ${state}: its required gates have not all passed.`,
  MISSING_PRIVILEGE: ({ modelFullName }) => `You lack APPROVE_PROMOTION on ${modelFullName}.`,
};

/** One sentence for people, for all of the reasons. */
export const explain = (reasons: readonly ReasonCode[], request: PromotionRequest): string =>
  (reasons.length > 0 ? reasons : (['ALLOWED'] as const)).map((reason) => sentences[reason](request)).join(' ');

/** Nobody is the second person for what he did himself. */
export const separationRules: readonly ReasonCode[] = [
  'REQUESTER_CANNOT_SELF_APPROVE',
  'VERSION_CREATOR_CANNOT_APPROVE',
  'RUN_AUTHOR_CANNOT_APPROVE',
];

const aboutState: readonly ReasonCode[] = ['NOT_PENDING', 'GATES_NOT_PASSED', 'ALREADY_DECIDED'];

/** @throws NotDecidable when the request's state forbids it, MayNotDecide when a rule about the reviewer does */
export function requireNoObjection(
  reasons: readonly ReasonCode[],
  request: PromotionRequest,
  model: Refusal['object'],
): void {
  const state = reasons.find((reason) => aboutState.includes(reason));
  if (state) throw new NotDecidable(state, explain([state], request), request.state);
  // Who tried to approve what is his own stands in the trail as that, whatever else he lacks.
  const ownWork = reasons.find((reason) => separationRules.includes(reason));
  if (reasons[0]) throw new MayNotDecide(reasons[0], explain(reasons, request), model, ownWork);
}

/** The decision was made on other evidence than the request has now. */
export const isStale = (request: Pick<PromotionRequest, 'evidenceDigest'>, decision: Decision): boolean =>
  decision.evidenceDigest !== request.evidenceDigest;

/** The standing decisions that count: stale ones only where the policy keeps them. */
export const counting = (request: PromotionRequest, standing: readonly Decision[]): Decision[] =>
  standing.filter((decision) => !request.effectivePolicy.dismissStaleDecisions || !isStale(request, decision));

/** Those of the reviewers whose approval counts now, with the rules that they may fill. */
export const approversAmong = (request: Asked, makers: Makers, reviewers: readonly Reviewer[]): Approver[] =>
  reviewers
    .filter(({ id, privileged }) => privileged && separations(request, makers, id).length === 0)
    .map((reviewer) => ({ id: reviewer.id, rules: rulesNaming(request.effectivePolicy, reviewer) }));

/** How far each rule is. Dry-run rules are counted for themselves: they take nobody from a rule that binds. */
export function ruleProgress(
  { approvals }: EffectivePolicy,
  approvers: readonly Approver[],
): { filled: string[][]; met: boolean } {
  const part = (dryRun: boolean) =>
    quorum(
      approvals.map((rule) => ({ count: rule.dryRun === dryRun ? rule.count : 0 })),
      approvers,
    );
  const [binding, dry] = [part(false), part(true)];
  return { filled: approvals.map(({ dryRun }, rule) => (dryRun ? dry : binding).filled[rule] ?? []), met: binding.met };
}

/** How far one approval rule is. */
export interface RuleProgress {
  name: string;
  policy: string;
  dryRun: boolean;
  need: number;
  have: number;
  /** Who fills its places now. */
  countedIds: string[];
  /** Who could fill one, now. */
  eligibleIds: string[];
}

/** Each rule with who counts and who could. */
export const progressOf = (
  { approvals }: EffectivePolicy,
  filled: readonly string[][],
  eligible: readonly Approver[],
): RuleProgress[] =>
  approvals.map(({ name, policy, dryRun, count }, rule) => ({
    name,
    policy,
    dryRun,
    need: count,
    have: filled[rule]?.length ?? 0,
    countedIds: filled[rule] ?? [],
    eligibleIds: eligible.filter(({ rules }) => rules.includes(rule)).map(({ id }) => id),
  }));

/** Why a request whose rules are met is not approved. */
export const awaitedDiscussions = (count: number): string =>
  count === 1 ? 'a discussion that blocks it is not resolved' : `${count} discussions that block it are not resolved`;

/** Where a validated request stands after its reviews. */
export function stateAfterReview(decisions: readonly Decision[], met: boolean): PromotionState {
  if (decisions.some(({ verdict }) => verdict === 'REJECT')) return 'REJECTED';
  if (decisions.some(({ verdict }) => verdict === 'REQUEST_CHANGES')) return 'CHANGES_REQUESTED';
  return met ? 'APPROVED' : 'AWAITING_APPROVAL';
}
