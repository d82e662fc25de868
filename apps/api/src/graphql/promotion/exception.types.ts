import {
  type BreakGlassReview,
  type GateWaiver,
  type ReviewOutcome,
  reviewOutcomes,
  type Violation,
  type ViolationKind,
  violationKinds,
} from '@app/promotion';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { PromotionTargetInput } from './promotion.inputs.js';

const waiverStates = ['PROPOSED', 'CONFIRMED', 'DECLINED'] as const;
export const GateWaiverStateEnum = enumOf<GateWaiver['state']>(waiverStates);
registerEnumType(GateWaiverStateEnum, { name: 'GateWaiverState' });
export const ReviewOutcomeEnum = enumOf<ReviewOutcome>(reviewOutcomes);
registerEnumType(ReviewOutcomeEnum, { name: 'BreakGlassReviewOutcome' });
export const ViolationKindEnum = enumOf<ViolationKind>(violationKinds);
registerEnumType(ViolationKindEnum, {
  name: 'ViolationKind',
  valuesMap: {
    BREAK_GLASS: { description: 'A promotion past the policy' },
    WAIVED_GATE: { description: 'A promotion with a gate that was not passed, and waived' },
    BELOW_QUORUM: { description: 'A promotion with fewer approvals on record than its rules have places' },
    STALE_APPROVAL: { description: 'An approval of a promotion, on other evidence than it was applied on' },
    SELF_APPROVAL_REFUSED: { description: 'Somebody tried to be the second person for what he did himself' },
    REVIEW_OVERDUE: { description: 'A promotion past the policy that nobody has reviewed in time' },
  },
});

@ObjectType('GateWaiver', {
  implements: NodeInterface,
  description:
    'That a gate which was not passed shall not stand in the way: proposed by one person, confirmed by another',
})
export class GateWaiverType implements NodeInterface {
  source: GateWaiver;

  @Field(() => ID)
  id: string;
  @Field(() => GateWaiverStateEnum)
  state: GateWaiver['state'];
  @Field()
  reason: string;
  @Field()
  proposedAt: Date;
  @Field(() => Date, { nullable: true })
  decidedAt: Date | null;
  @Field(() => String, { nullable: true, description: 'Of who confirmed or declined it' })
  comment: string | null;
}
export const toGateWaiver = (source: GateWaiver): GateWaiverType => ({
  ...source,
  source,
  id: globalId('GateWaiver', source.id),
});

@ObjectType('BreakGlassReview', { description: 'The task that a promotion past the policy leaves behind' })
export class BreakGlassReviewType {
  requestId: string;
  actorId: string;
  closedBy: string | null;

  @Field(() => Int, { description: 'The number of the promotion request' })
  requestNumber: number;
  @Field({ description: 'What was promoted, as it was called then: the model may be gone' })
  modelFullName: string;
  @Field({ description: 'Why the policy could not be waited for' })
  justification: string;
  @Field()
  openedAt: Date;
  @Field()
  dueAt: Date;
  @Field({ description: 'It is open, and its time is over' })
  overdue: boolean;
  @Field(() => Date, { nullable: true })
  closedAt: Date | null;
  @Field(() => ReviewOutcomeEnum, { nullable: true })
  outcome: ReviewOutcome | null;
  @Field(() => String, { nullable: true })
  comment: string | null;
}
export const BreakGlassReviewConnection = connectionType('BreakGlassReview', () => BreakGlassReviewType);
export const toReview = (review: BreakGlassReview): BreakGlassReviewType => review;

@ObjectType('Violation', { description: 'Something that went, or was to go, another way than the policies ask' })
export class ViolationType {
  source: Violation;

  @Field(() => ViolationKindEnum)
  kind: ViolationKind;
  @Field()
  occurredAt: Date;
  @Field()
  modelFullName: string;
  @Field(() => String, { nullable: true, description: 'One sentence for people' })
  detail: string | null;
}
export const ViolationConnection = connectionType('Violation', () => ViolationType);
export const toViolation = (source: Violation): ViolationType => ({ ...source, source });

@InputType()
export class GateWaiverProposeInput extends MutationInput {
  @Field(() => Int, { description: 'The number of the promotion request' })
  number: number;
  @Field({ description: 'The key of the gate: policy/gate' })
  gate: string;
  @Field({ description: 'Why the gate need not be passed' })
  reason: string;
}

@InputType()
export class GateWaiverConfirmInput extends MutationInput {
  @Field(() => ID)
  waiverId: string;
  @Field(() => String, { nullable: true })
  comment?: string | null;
}

@InputType()
export class GateWaiverDeclineInput extends MutationInput {
  @Field(() => ID)
  waiverId: string;
  @Field()
  comment: string;
}

@InputType()
export class PromotionBreakGlassInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field(() => Int)
  version: number;
  @Field(() => PromotionTargetInput)
  target: PromotionTargetInput;
  @Field({ description: 'Why the policy cannot be waited for' })
  justification: string;
  @Field(() => Int, {
    nullable: true,
    description: 'The version that you believe to hold the target now, null for none; another holder is a conflict',
  })
  expectedIncumbent?: number | null;
}

@InputType()
export class BreakGlassReviewCloseInput extends MutationInput {
  @Field(() => Int, { description: 'The number of the promotion request' })
  number: number;
  @Field(() => ReviewOutcomeEnum)
  outcome: ReviewOutcome;
  @Field({ description: 'What you found' })
  comment: string;
}

@InputType({ description: 'All fields AND' })
export class BreakGlassReviewFilterInput {
  @Field(() => Boolean, { nullable: true })
  open?: boolean | null;
  @Field(() => Boolean, { nullable: true, description: 'Open, and its time is over' })
  overdue?: boolean | null;
}

@ArgsType()
export class BreakGlassReviewsArgs extends ConnectionArgs {
  @Field(() => BreakGlassReviewFilterInput, { nullable: true })
  filter?: BreakGlassReviewFilterInput | null;
}

@InputType({ description: 'All fields AND' })
export class ViolationFilterInput {
  @Field(() => [ViolationKindEnum], { nullable: true })
  kind?: ViolationKind[] | null;
  @Field(() => Date, { nullable: true, description: 'The first instant that counts' })
  from?: Date | null;
  @Field(() => Date, { nullable: true, description: 'The first instant that no longer counts' })
  to?: Date | null;
}

@ArgsType()
export class ViolationsArgs extends ConnectionArgs {
  @Field(() => ViolationFilterInput, { nullable: true })
  filter?: ViolationFilterInput | null;
}

@ObjectType()
export class GateWaiverPayload extends MutationPayload {
  @Field(() => GateWaiverType, { nullable: true })
  gateWaiver?: GateWaiverType | null;
}

@ObjectType()
export class BreakGlassReviewPayload extends MutationPayload {
  @Field(() => BreakGlassReviewType, { nullable: true })
  breakGlassReview?: BreakGlassReviewType | null;
}
