import type { AuditObject } from '@app/audit';
import { InvalidArgument } from '@app/platform';
import { describeTarget, type EffectivePolicy, type PromotionKind, type Target } from '@app/policy';
import { RequestClosed, WrongState } from './promotion.errors.js';

export const promotionStates = [
  'VALIDATING',
  'BLOCKED',
  'AWAITING_APPROVAL',
  'CHANGES_REQUESTED',
  'APPROVED',
  'APPLIED',
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'SUPERSEDED',
] as const;
export type PromotionState = (typeof promotionStates)[number];

/** A request that one version may hold one target of its model (domain.md, section 5). */
export interface PromotionRequest {
  id: string;
  number: number;
  kind: PromotionKind;
  modelId: string;
  modelFullName: string;
  versionId: string;
  versionNumber: number;
  target: Target;
  state: PromotionState;
  /** One sentence for people: why the request is where it is. */
  stateReason: string | null;
  requesterId: string;
  justification: string;
  /** Who held the target when the request was opened, or its gates last ran. */
  incumbentVersionId: string | null;
  incumbentVersionNumber: number | null;
  artifactDigest: string;
  effectivePolicy: EffectivePolicy;
  round: number;
  evidence: Record<string, unknown> | null;
  evidenceDigest: string | null;
  supersededByNumber: number | null;
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date | null;
  approvedAt: Date | null;
  applyAfter: Date | null;
  closedAt: Date | null;
}

const endings = ['REJECTED', 'CANCELLED', 'EXPIRED', 'SUPERSEDED'] as const;

/** The state machine of domain.md, section 5. A closed request never opens again. */
const transitions: Record<PromotionState, readonly PromotionState[]> = {
  VALIDATING: ['BLOCKED', 'AWAITING_APPROVAL', ...endings],
  BLOCKED: ['VALIDATING', ...endings],
  AWAITING_APPROVAL: ['VALIDATING', 'BLOCKED', 'CHANGES_REQUESTED', 'APPROVED', ...endings],
  CHANGES_REQUESTED: ['BLOCKED', 'AWAITING_APPROVAL', ...endings],
  APPROVED: ['BLOCKED', 'AWAITING_APPROVAL', 'CHANGES_REQUESTED', 'APPLIED', ...endings],
  APPLIED: [],
  REJECTED: [],
  CANCELLED: [],
  EXPIRED: [],
  SUPERSEDED: [],
};

/** What goes past the policy is applied where it is opened: it has no gates, and waits for nobody. */
export const mayMove = (from: PromotionState, to: PromotionState, kind: PromotionKind = 'PROMOTION'): boolean =>
  kind === 'BREAK_GLASS' ? from === 'VALIDATING' && to === 'APPLIED' : transitions[from].includes(to);

export const isClosed = (state: PromotionState): boolean => transitions[state].length === 0;

type Named = Pick<PromotionRequest, 'number' | 'state'>;

/** @throws RequestClosed */
export function requireOpen(request: Named): void {
  if (isClosed(request.state)) throw new RequestClosed(request);
}

/**
 * For what only some states allow: running gates again, resubmitting.
 * @throws RequestClosed, or WrongState naming the state and those that would do
 */
export function requireState(request: Named, states: readonly PromotionState[], toDo: string): void {
  requireOpen(request);
  if (!states.includes(request.state)) throw new WrongState(request, states.join(' or '), toDo);
}

/** The request as the audit trail names it. */
export const auditedRequest = (
  { id, number }: Pick<PromotionRequest, 'id' | 'number'>,
  model: AuditObject['within'],
): AuditObject => ({ kind: 'PROMOTION_REQUEST', id, name: `promotion request ${number}`, within: model });

/** `prod.fraud.scorer/1 as alias "champion"` */
export const describeRequest = ({
  modelFullName,
  versionNumber,
  target,
}: Pick<PromotionRequest, 'modelFullName' | 'versionNumber' | 'target'>): string =>
  `${modelFullName}/${versionNumber} as ${describeTarget(target)}`;

const longestText = 5000;

/**
 * A text that people must give: a justification, a comment, a reason.
 * @throws InvalidArgument when it is empty or too long
 */
export function requiredText(text: string | null | undefined, field: string, why: string): string {
  const trimmed = optionalText(text, field);
  if (trimmed === null) throw new InvalidArgument(`${field}: is empty: ${why}`, [field]);
  return trimmed;
}

/** The same for a text that may be left out. An empty one counts as left out. */
export function optionalText(text: string | null | undefined, field: string): string | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed.length > longestText) {
    throw new InvalidArgument(`${field}: has ${trimmed.length} characters, at most ${longestText} are allowed`, [
      field,
    ]);
  }
  return trimmed === '' ? null : trimmed;
}
