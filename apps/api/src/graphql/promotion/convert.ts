import type { GateRun } from '@app/gates';
import type { DecisionView, PromotionRequest, RuleProgress } from '@app/promotion';
import type { TargetKindEnum } from '../registry/registry.types.js';
import { globalId } from '../schema/node.js';
import type { ApprovalProgressType, DecisionType, GateRunType, PromotionRequestType } from './promotion.types.js';

export const toPromotionRequest = (source: PromotionRequest): PromotionRequestType => ({
  ...source,
  source,
  id: globalId('PromotionRequest', source.id),
  target: { kind: source.target.kind as TargetKindEnum, name: source.target.name },
  policies: source.effectivePolicy.policies,
});

export const toGateRun = (source: GateRun): GateRunType => ({
  ...source,
  source,
  id: globalId('GateRun', source.id),
  displayName: source.key,
});

export const toDecision = (source: DecisionView): DecisionType => ({ ...source, id: globalId('Decision', source.id) });

export const toApprovalProgress = ({
  policy,
  name,
  need,
  have,
  countedIds,
  eligibleIds,
  dryRun,
}: RuleProgress): ApprovalProgressType => ({
  name: `${policy}/${name}`,
  need,
  have,
  satisfied: have >= need,
  dryRun,
  countedIds,
  eligibleIds,
});
