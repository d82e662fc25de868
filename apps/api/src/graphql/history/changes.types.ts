import { type ChangeAspect, type ChangeEvent, changeAspects, type NetChange } from '@app/history';
import { ArgsType, Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { globalId } from '../schema/node.js';
import { JsonScalar } from '../schema/scalars.js';

export const ChangeAspectEnum = enumOf<ChangeAspect>(changeAspects);
registerEnumType(ChangeAspectEnum, {
  name: 'ChangeAspect',
  valuesMap: {
    EXISTENCE: { description: 'A model, a version or the schema was made or deleted: its name' },
    NAME: { description: 'The full name' },
    OWNER: { description: 'The owner’s name' },
    DESCRIPTION: { description: 'The text' },
    TAG: { description: 'A value; the key is the tag’s' },
    GRANT: { description: 'The grant; the key is the principal’s id and the privilege' },
    POLICY: { description: 'The revision in force; the key is the policy’s name' },
    ALIAS: { description: 'The number of the version that holds it; the key is the alias' },
    STAGE: { description: 'The stage that a version is in' },
  },
});

@ArgsType()
export class ChangesBetweenArgs extends ConnectionArgs {
  @Field({ description: 'catalog.schema or catalog.schema.model' })
  fullName: string;
  @Field({ description: 'What was so at this instant is held against' })
  from: Date;
  @Field({ description: 'what was so at this one, which is past' })
  to: Date;
}

@ObjectType('ChangeEvent', { description: 'An audit event, in short' })
export class ChangeEventType {
  @Field(() => ID, { description: 'Of the AuditEvent' })
  id: string;
  @Field()
  occurredAt: Date;
  @Field()
  action: string;
  @Field()
  actorName: string;
  @Field(() => String, { nullable: true })
  reason: string | null;
}

@ObjectType('NetChange', {
  description:
    'What is different at the end of a span of time, whatever happened on the way. What came back is not told',
})
export class NetChangeType {
  @Field(() => ChangeAspectEnum)
  aspect: ChangeAspect;
  @Field()
  objectKind: string;
  @Field({ description: 'As the last of its events names it' })
  objectName: string;
  @Field({ description: 'Which tag, alias, policy or grant; empty where there is one of it' })
  key: string;
  @Field(() => JsonScalar, { nullable: true, description: 'null: it was not there' })
  before: unknown;
  @Field(() => JsonScalar, { nullable: true, description: 'null: it is not there' })
  after: unknown;
  @Field(() => Int, { description: 'How many events made it' })
  eventCount: number;
  @Field(() => [ChangeEventType], { description: 'The newest of them, 20 at most' })
  events: ChangeEventType[];
}
export const NetChangeConnection = connectionType('NetChange', () => NetChangeType);

const toChangeEvent = (event: ChangeEvent): ChangeEventType => ({ ...event, id: globalId('AuditEvent', event.id) });

export const toNetChange = (change: NetChange): NetChangeType => ({
  ...change,
  events: change.events.map(toChangeEvent),
});
