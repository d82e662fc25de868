import { type PromotionState, type Verdict } from '@app/promotion';
import { ArgsType, Field, InputType, Int, ObjectType } from '@nestjs/graphql';
import { TargetKindEnum } from '../registry/registry.types.js';
import { ConnectionArgs } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { DecisionType, PromotionRequestType, PromotionStateEnum, VerdictEnum } from './promotion.types.js';

@InputType()
export class PromotionTargetInput {
  @Field(() => TargetKindEnum)
  kind: TargetKindEnum;
  @Field({ description: 'Staging, Production or Archived; or an alias' })
  name: string;
}

@InputType()
export class PromotionRequestCreateInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field(() => Int)
  version: number;
  @Field(() => PromotionTargetInput)
  target: PromotionTargetInput;
  @Field({ description: 'Why the version should be promoted' })
  justification: string;
  @Field(() => Int, {
    nullable: true,
    description:
      'The version that you believe to hold the target now, null for none; another holder is a conflict. Left out: whoever does',
  })
  expectedIncumbent?: number | null;
}

@InputType()
export class PromotionRequestRollbackInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field(() => PromotionTargetInput)
  target: PromotionTargetInput;
  @Field({ description: 'Why the target should go back' })
  justification: string;
  @Field(() => Int, {
    nullable: true,
    description:
      'The version that you believe to hold the target now; another holder is a conflict. Left out: whoever does',
  })
  expectedIncumbent?: number | null;
}

@InputType()
export class PromotionRequestDecideInput extends MutationInput {
  @Field(() => Int)
  number: number;
  @Field(() => VerdictEnum)
  verdict: Verdict;
  @Field(() => String, { nullable: true, description: 'Required for REJECT and REQUEST_CHANGES' })
  comment?: string | null;
  @Field({ description: 'The digest of the evidence that you saw; another one is a conflict, and nothing changes' })
  evidenceDigest: string;
}

@InputType()
export class PromotionRequestReasonInput extends MutationInput {
  @Field(() => Int)
  number: number;
  @Field(() => String, { nullable: true })
  reason?: string | null;
}

@InputType()
export class PromotionRequestRefInput extends MutationInput {
  @Field(() => Int)
  number: number;
}

@InputType()
export class PromotionRequestResubmitInput extends MutationInput {
  @Field(() => Int)
  number: number;
  @Field({ description: 'What was changed, or why nothing was' })
  comment: string;
}

@InputType({ description: 'All fields AND' })
export class PromotionRequestFilterInput {
  @Field(() => [PromotionStateEnum], { nullable: true })
  state?: PromotionState[] | null;
  @Field(() => String, { nullable: true })
  modelFullName?: string | null;
  @Field(() => String, { nullable: true, description: 'The name of a principal' })
  requester?: string | null;
  @Field(() => Boolean, { nullable: true, description: 'Only those that you may approve now' })
  awaitingViewer?: boolean | null;
}

@ArgsType()
export class PromotionRequestsArgs extends ConnectionArgs {
  @Field(() => PromotionRequestFilterInput, { nullable: true })
  filter?: PromotionRequestFilterInput | null;
}

@ObjectType()
export class PromotionRequestPayload extends MutationPayload {
  @Field(() => PromotionRequestType, { nullable: true })
  promotionRequest?: PromotionRequestType | null;
}

@ObjectType()
export class PromotionRequestDecidePayload extends PromotionRequestPayload {
  @Field(() => DecisionType, { nullable: true })
  decision?: DecisionType | null;
}
