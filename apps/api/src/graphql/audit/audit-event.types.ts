import type { AskedAuditFilter, AuditEvent } from '@app/audit';
import { ArgsType, Field, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { JsonScalar } from '../schema/scalars.js';

export enum AuditOutcome {
  ALLOWED = 'ALLOWED',
  REFUSED = 'REFUSED',
}
registerEnumType(AuditOutcome, { name: 'AuditOutcome' });

@ObjectType('AuditEvent', {
  implements: NodeInterface,
  description: 'One change of state, or one refusal. Never changed, and deleted only as the log itself records',
})
export class AuditEventType implements NodeInterface {
  actorId: string | null;

  @Field(() => ID)
  id: string;
  @Field()
  occurredAt: Date;
  @Field({ description: 'The actor’s name at that time' })
  actorName: string;
  @Field(() => String, {
    nullable: true,
    description:
      'Whom the actor acted for: the requester of a promotion that the service brings on, or the validator whose judgement it writes down. null: for himself',
  })
  onBehalfOf: string | null;
  @Field({ description: '<noun>.<past tense>: promotion_request.created' })
  action: string;
  @Field(() => AuditOutcome)
  outcome: AuditOutcome;
  @Field()
  objectKind: string;
  @Field({ description: 'What people call the object: prod.fraud.scorer/3, promotion request 412' })
  objectName: string;
  @Field(() => JsonScalar, { nullable: true })
  before: unknown;
  @Field(() => JsonScalar, { nullable: true })
  after: unknown;
  @Field(() => String, { nullable: true })
  reason: string | null;
  @Field(() => String, { nullable: true })
  requestId: string | null;
  @Field(() => String, { nullable: true })
  sourceAddress: string | null;
}
export const AuditEventConnection = connectionType('AuditEvent', () => AuditEventType);

@InputType({ description: 'All fields AND' })
export class AuditEventFilterInput implements AskedAuditFilter {
  @Field(() => String, { nullable: true, description: 'The name of a principal: all that it did, under whatever name' })
  actor?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'The actor’s name at that time, in any case: also of one who was deleted since',
  })
  actorName?: string | null;
  @Field(() => String, { nullable: true, description: 'Whom the actor acted for, as the event has it, in any case' })
  onBehalfOf?: string | null;
  @Field(() => String, { nullable: true, description: 'An action, or its beginning and "*": promotion_request.*' })
  action?: string | null;
  @Field(() => String, { nullable: true, description: 'How the name of the object begins, in any case' })
  objectName?: string | null;
  @Field(() => AuditOutcome, { nullable: true })
  outcome?: AuditOutcome | null;
  @Field(() => String, {
    nullable: true,
    description:
      'Words of the reason, in any case and order, all of them; "some words" stand next to each other, or between two lets either do, - goes before what must not be there',
  })
  reason?: string | null;
  @Field(() => Date, { nullable: true, description: 'The first instant that counts' })
  from?: Date | null;
  @Field(() => Date, { nullable: true, description: 'The first instant that no longer counts' })
  to?: Date | null;
  @Field(() => String, { nullable: true })
  requestId?: string | null;
}

@ArgsType()
export class AuditEventsArgs extends ConnectionArgs {
  @Field(() => AuditEventFilterInput, { nullable: true })
  filter?: AuditEventFilterInput | null;
}

export const toAuditEvent = (event: AuditEvent): AuditEventType => ({
  ...event,
  outcome: event.outcome as AuditOutcome,
  id: globalId('AuditEvent', event.id),
});
