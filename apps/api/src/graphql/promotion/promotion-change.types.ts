import { ArgsType, Field, ID, ObjectType } from '@nestjs/graphql';
import { BigIntScalar } from '../schema/scalars.js';
import { PromotionRequestType } from './promotion.types.js';

@ArgsType()
export class PromotionRequestChangedArgs {
  @Field(() => ID, { nullable: true, description: 'One request. Give it, or awaitingViewer' })
  id?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'true: every request that you may be asked to approve, by your rights of each moment',
  })
  awaitingViewer?: boolean | null;
  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Resumes after the change of this sequence; left out: changes from now on',
  })
  after?: number | null;
}

@ObjectType('PromotionRequestChange', { description: 'What has changed; the request is shown as it is now' })
export class PromotionRequestChangeType {
  @Field(() => BigIntScalar, { description: 'Grows with each commit; give the last one as "after" to resume' })
  sequence: number;
  @Field({ description: 'The action of the audit event: promotion_request.approved, gate_run.finished' })
  action: string;
  @Field({ description: 'Whether the request awaits your approval now' })
  awaitsViewer: boolean;
  @Field(() => PromotionRequestType)
  promotionRequest: PromotionRequestType;
  eventId: string;
}
