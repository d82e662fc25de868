import { type GateRun, type GateStatus, gateStatuses } from '@app/gates';
import { type GateType, type PromotionKind, promotionKinds } from '@app/policy';
import {
  type PromotionRequest,
  type PromotionState,
  promotionStates,
  type ReasonCode,
  reasonCodes,
  type Verdict,
  verdicts,
} from '@app/promotion';
import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { LineageEntityType } from '../lineage/lineage-entity.type.js';
import { TargetType } from '../registry/registry.types.js';
import { connectionType, uncountedConnectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { NodeInterface } from '../schema/node.js';
import { JsonScalar } from '../schema/scalars.js';
import { GateTypeEnum } from './gate-configuration.types.js';

export const PromotionStateEnum = enumOf<PromotionState>(promotionStates);
registerEnumType(PromotionStateEnum, { name: 'PromotionState', description: 'docs/domain.md, section 5' });
export const PromotionKindEnum = enumOf<PromotionKind>(promotionKinds);
registerEnumType(PromotionKindEnum, {
  name: 'PromotionKind',
  valuesMap: {
    PROMOTION: { description: 'The version is to prove itself' },
    ROLLBACK: { description: 'Back to the version that held the target directly before' },
    BREAK_GLASS: { description: 'Past the policy, at once, and under review afterwards' },
  },
});
export const GateStatusEnum = enumOf<GateStatus>(gateStatuses);
registerEnumType(GateStatusEnum, {
  name: 'GateStatus',
  valuesMap: {
    FAILED: { description: 'The version was judged and fell short' },
    ERRORED: { description: 'No judgement was reached; never a pass' },
  },
});
export const VerdictEnum = enumOf<Verdict>(verdicts);
registerEnumType(VerdictEnum, { name: 'Verdict' });
export const ReasonCodeEnum = enumOf<ReasonCode>(reasonCodes);
registerEnumType(ReasonCodeEnum, { name: 'ReasonCode', description: 'Why somebody may or may not decide' });

@ObjectType('GateLogLine')
export class GateLogLineType {
  @Field(() => Int)
  line: number;
  @Field()
  at: Date;
  @Field({ description: 'log or error' })
  stream: string;
  @Field()
  text: string;
}
export const GateLogConnection = uncountedConnectionType('GateLog', () => GateLogLineType);

@ObjectType('GateRun', {
  implements: [NodeInterface, LineageEntityType],
  description: 'One run of one gate of a request',
})
export class GateRunType implements NodeInterface, LineageEntityType {
  source: GateRun;

  @Field(() => ID)
  id: string;
  @Field({ description: 'Its key' })
  displayName: string;
  @Field({ description: 'policy/gate' })
  key: string;
  @Field(() => GateTypeEnum)
  type: GateType;
  @Field(() => GateStatusEnum)
  status: GateStatus;
  @Field()
  required: boolean;
  @Field(() => Int, { description: 'Tries so far' })
  attempt: number;
  @Field(() => Int, {
    nullable: true,
    description: 'How far the last try has come, in percent; null for a gate that does not tell',
  })
  progress: number | null;
  @Field(() => String, { nullable: true, description: 'One sentence, with the measured value and the bound' })
  summary: string | null;
  @Field(() => JsonScalar, { nullable: true, description: 'Measured values' })
  output: unknown;
  @Field(() => JsonScalar, { nullable: true, description: 'Digests of what went in' })
  inputs: unknown;
  @Field()
  queuedAt: Date;
  @Field(() => Date, { nullable: true })
  startedAt: Date | null;
  @Field(() => Date, { nullable: true })
  finishedAt: Date | null;
}

@ObjectType('Decision', {
  implements: NodeInterface,
  description: 'What one reviewer said, on the evidence that he names',
})
export class DecisionType implements NodeInterface {
  principalId: string;

  @Field(() => ID)
  id: string;
  @Field(() => VerdictEnum)
  verdict: Verdict;
  @Field(() => String, { nullable: true })
  comment: string | null;
  @Field({ description: 'The digest of the evidence that the reviewer saw' })
  evidenceDigest: string;
  @Field()
  decidedAt: Date;
  @Field(() => Date, { nullable: true, description: 'When it was withdrawn, answered by a resubmission or replaced' })
  endedAt: Date | null;
  @Field({ description: 'The evidence has changed since' })
  stale: boolean;
}
export const DecisionConnection = connectionType('Decision', () => DecisionType);

@ObjectType('ApprovalProgress', { description: 'How far one approval rule is' })
export class ApprovalProgressType {
  countedIds: string[];
  eligibleIds: string[];

  @Field({ description: 'policy/rule' })
  name: string;
  @Field(() => Int)
  need: number;
  @Field(() => Int)
  have: number;
  @Field()
  satisfied: boolean;
  @Field({ description: 'A rule of a policy that only rehearses: it stops nothing' })
  dryRun: boolean;
}

@ObjectType('ViewerDecision', { description: 'Whether you may approve, and why not' })
export class ViewerDecisionType {
  @Field()
  allowed: boolean;
  @Field(() => [ReasonCodeEnum])
  reasons: ReasonCode[];
  @Field({ description: 'One sentence for people' })
  explanation: string;
}

@ObjectType('PinnedPolicy', { description: 'A policy revision that the request was opened under' })
export class PinnedPolicyType {
  @Field()
  name: string;
  @Field(() => Int)
  revision: number;
  @Field({ description: 'Where the policy is attached' })
  on: string;
  @Field()
  dryRun: boolean;
}

@ObjectType('PromotionRequest', {
  implements: NodeInterface,
  description: 'A request that one version may hold one target of its model. Databricks calls it a transition request',
})
export class PromotionRequestType implements NodeInterface {
  source: PromotionRequest;

  @Field(() => ID)
  id: string;
  @Field(() => Int, { description: 'Never has a second meaning' })
  number: number;
  @Field(() => PromotionKindEnum)
  kind: PromotionKind;
  @Field(() => PromotionStateEnum)
  state: PromotionState;
  @Field(() => String, { nullable: true, description: 'One sentence: why the request is where it is' })
  stateReason: string | null;
  @Field()
  modelFullName: string;
  @Field(() => Int)
  versionNumber: number;
  @Field(() => TargetType)
  target: TargetType;
  @Field(() => Int, { nullable: true, description: 'The version that held the target when the request was opened' })
  incumbentVersionNumber: number | null;
  @Field()
  justification: string;
  @Field({ description: 'The bytes that the request is about' })
  artifactDigest: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: 'All that the reviewers are shown; null until every gate has ended',
  })
  evidence: unknown;
  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 over the canonical JSON of the evidence; a decision names it',
  })
  evidenceDigest: string | null;
  @Field(() => [PinnedPolicyType])
  policies: PinnedPolicyType[];
  @Field(() => Int, { nullable: true })
  supersededByNumber: number | null;
  @Field()
  createdAt: Date;
  @Field()
  updatedAt: Date;
  @Field(() => Date, { nullable: true })
  expiresAt: Date | null;
  @Field(() => Date, { nullable: true })
  approvedAt: Date | null;
  @Field(() => Date, { nullable: true, description: 'When an approved request may be applied' })
  applyAfter: Date | null;
  @Field(() => Date, { nullable: true })
  closedAt: Date | null;
}
export const PromotionRequestConnection = connectionType('PromotionRequest', () => PromotionRequestType);
