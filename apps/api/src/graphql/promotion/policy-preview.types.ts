import {
  type EffectivePolicy,
  type PinnedPolicy,
  type PolicyPreview,
  type PolicySetting,
  type PromotionKind,
  policySettings,
} from '@app/policy';
import { type Preflight, type ReplayOutcome, replayOutcomes } from '@app/promotion';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { TargetType } from '../registry/registry.types.js';
import { enumOf } from '../schema/enum.js';
import { JsonScalar } from '../schema/scalars.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';
import { type OnInput, PolicyRulesInput } from './policy.inputs.js';
import {
  ApprovalRuleType,
  PolicyGateType,
  SeparationOfDutiesType,
  toApprovalRule,
  toPolicyGate,
} from './policy.types.js';
import { PromotionTargetInput } from './promotion.inputs.js';
import { ApprovalProgressType, PinnedPolicyType, PromotionKindEnum, PromotionRequestType } from './promotion.types.js';

export const PolicySettingEnum = enumOf<PolicySetting>(policySettings);
registerEnumType(PolicySettingEnum, { name: 'PolicySetting' });
export const PolicyChangeKindEnum = enumOf<'ADDED' | 'REMOVED' | 'CHANGED'>(['ADDED', 'REMOVED', 'CHANGED']);
registerEnumType(PolicyChangeKindEnum, { name: 'PolicyChangeKind' });
export const ReplayOutcomeEnum = enumOf<ReplayOutcome>(replayOutcomes);
registerEnumType(ReplayOutcomeEnum, {
  name: 'ReplayOutcome',
  description: 'Where a decided request would stand under other policies',
  valuesMap: {
    UNPROTECTED: { description: 'It would have needed no request' },
    UNDECIDABLE: { description: 'A gate that it would have had was never run for it' },
  },
});

@ObjectType('EffectiveGate', { description: 'A gate, and the policy that demands it' })
export class EffectiveGateType {
  @Field({ description: 'policy/gate: its key on the request' })
  key: string;
  @Field(() => PolicyGateType)
  gate: PolicyGateType;
  @Field(() => PinnedPolicyType)
  from: PinnedPolicyType;
}

@ObjectType('EffectiveApprovalRule', { description: 'An approval rule, and the policy that demands it' })
export class EffectiveApprovalRuleType {
  @Field(() => ApprovalRuleType)
  rule: ApprovalRuleType;
  @Field(() => PinnedPolicyType)
  from: PinnedPolicyType;
}

@ObjectType('EffectivePolicy', { description: 'What all policies on a target ask for together' })
export class EffectivePolicyType {
  @Field(() => [PinnedPolicyType], { description: 'Outermost first' })
  policies: PinnedPolicyType[];
  @Field(() => [EffectiveGateType])
  gates: EffectiveGateType[];
  @Field(() => [EffectiveApprovalRuleType])
  approvals: EffectiveApprovalRuleType[];
  @Field(() => SeparationOfDutiesType)
  separationOfDuties: SeparationOfDutiesType;
  @Field(() => Int)
  waitSeconds: number;
  @Field(() => Int, { nullable: true })
  expiresAfterSeconds: number | null;
  @Field()
  archiveIncumbent: boolean;
  @Field()
  dismissStaleDecisions: boolean;
}

@ObjectType('PolicySettingSource', { description: 'Which policies a setting of the sum comes from' })
export class PolicySettingSourceType {
  @Field(() => PolicySettingEnum)
  setting: PolicySetting;
  @Field(() => [PinnedPolicyType])
  policies: PinnedPolicyType[];
}

@ObjectType('PolicyPreview', { description: 'The sum of the policies on a target, and where each part comes from' })
export class PolicyPreviewType {
  @Field()
  protected: boolean;
  @Field(() => EffectivePolicyType)
  effective: EffectivePolicyType;
  @Field(() => [PolicySettingSourceType], { description: 'Settings that no policy asks for are left out' })
  sources: PolicySettingSourceType[];
}

@ObjectType('PolicyChange', { description: 'One value that two revisions of a policy do not share' })
export class PolicyChangeType {
  @Field({ description: 'gates.auc.config.min; gates and approval rules are named by their keys' })
  path: string;
  @Field(() => PolicyChangeKindEnum)
  kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  @Field(() => JsonScalar, { nullable: true })
  before: unknown;
  @Field(() => JsonScalar, { nullable: true })
  after: unknown;
}

@ObjectType('UnfillableRule', {
  description: 'An approval rule that not enough people could fill, if everybody approved',
})
export class UnfillableRuleType {
  @Field()
  rule: string;
  @Field(() => Int)
  need: number;
  @Field(() => Int)
  most: number;
}

@ObjectType('PreflightObstacle', { description: 'Why you could not open the request now' })
export class PreflightObstacleType {
  @Field({ description: 'The code that the mutation would fail with' })
  code: string;
  @Field()
  message: string;
}

@ObjectType('PromotionPreflight', { description: 'What a request would show if you opened it now' })
export class PromotionPreflightType {
  source: Preflight;

  @Field(() => PromotionKindEnum)
  kind: PromotionKind;
  @Field(() => Int)
  versionNumber: number;
  @Field(() => TargetType)
  target: TargetType;
  @Field(() => Int, { nullable: true, description: 'The version that holds the target now' })
  incumbentVersionNumber: number | null;
  @Field(() => EffectivePolicyType, { nullable: true, description: 'null when no policy protects the target' })
  policy: EffectivePolicyType | null;
  @Field(() => [ApprovalProgressType], { description: 'Who could fill each rule, as rights and memberships stand now' })
  approvals: ApprovalProgressType[];
  @Field(() => [UnfillableRuleType])
  unfillable: UnfillableRuleType[];
  @Field()
  viewerMayOpen: boolean;
  @Field(() => [PreflightObstacleType], { description: 'Empty when you may open it' })
  obstacles: PreflightObstacleType[];
}

@ObjectType('ReplayedRequest', { description: 'A decided request that would not have ended as it did' })
export class ReplayedRequestType {
  @Field(() => PromotionRequestType)
  promotionRequest: PromotionRequestType;
  @Field(() => ReplayOutcomeEnum)
  outcome: ReplayOutcome;
  @Field(() => [String])
  reasons: string[];
}

@ObjectType('PolicyReplay', { description: 'A draft policy over the last requests that were decided without it' })
export class PolicyReplayType {
  @Field(() => Int, { description: 'How many requests were decided again' })
  considered: number;
  @Field(() => [ReplayedRequestType], { description: 'The newest first' })
  differing: ReplayedRequestType[];
}

@InputType()
export class PolicyReplayInput {
  @Field(() => SecurableRefInput, { description: 'Where the draft would hang' })
  on: OnInput;
  @Field(() => PolicyRulesInput)
  rules: PolicyRulesInput;
  @Field(() => ID, {
    nullable: true,
    description: 'The policy there that the draft would replace; left out: a new one',
  })
  replaces?: string | null;
  @Field(() => Int, { defaultValue: 50, description: 'How many decided requests, 1 to 200' })
  last: number;
}

@ArgsType()
export class PromotionPreflightArgs {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field(() => Int, { nullable: true, description: 'Of a rollback it may be left out' })
  version?: number | null;
  @Field(() => PromotionTargetInput)
  target: PromotionTargetInput;
  @Field(() => PromotionKindEnum, { defaultValue: 'PROMOTION', description: 'PROMOTION or ROLLBACK' })
  kind: PromotionKind;
}

@ArgsType()
export class PolicyPreviewArgs {
  @Field({ description: 'catalog.schema.model' })
  fullName: string;
  @Field(() => PromotionTargetInput)
  target: PromotionTargetInput;
  @Field(() => PromotionKindEnum, { defaultValue: 'PROMOTION' })
  kind: PromotionKind;
}

export function toEffectivePolicy(policy: EffectivePolicy): EffectivePolicyType {
  const from = (revisionId: string) =>
    policy.policies.find((pinned) => pinned.revisionId === revisionId) as PinnedPolicy;
  return {
    ...policy,
    gates: policy.gates.map(({ policyRevisionId, ...gate }) => ({
      key: gate.key,
      gate: toPolicyGate(gate),
      from: from(policyRevisionId),
    })),
    approvals: policy.approvals.map(({ policyRevisionId, ...rule }) => ({
      rule: toApprovalRule(rule),
      from: from(policyRevisionId),
    })),
  };
}

export const toPolicyPreview = ({ effective, sources }: PolicyPreview): PolicyPreviewType => ({
  protected: effective.policies.some(({ dryRun }) => !dryRun),
  effective: toEffectivePolicy(effective),
  sources,
});
