import type { SecurableKind } from '@app/access';
import { type AuditClass, type AuditRetention, auditClasses, type LegalHold } from '@app/transparency';
import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { SecurableKindEnum } from '../schema/securable.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';

export const AuditClassEnum = enumOf<AuditClass>(auditClasses);
registerEnumType(AuditClassEnum, {
  name: 'AuditEventClass',
  description: 'What decides how long an event is kept (docs/audit.md)',
});

@ObjectType('AuditRetention', { description: 'How long the events of a class are kept, at least' })
export class AuditRetentionType {
  @Field(() => AuditClassEnum)
  eventClass: AuditClass;
  @Field(() => Int, { nullable: true, description: 'null: for ever' })
  days: number | null;
  @Field(() => Date, { nullable: true, description: 'null: it was never changed' })
  changedAt: Date | null;
}

@ObjectType('LegalHold', {
  description: 'Keeps the events of an object, and of what is in it, from being deleted, until it is released',
})
export class LegalHoldType {
  @Field({ description: 'Never given twice' })
  name: string;
  @Field()
  reason: string;
  @Field(() => SecurableKindEnum)
  objectKind: SecurableKind;
  @Field({ description: 'As the object was called when the hold was placed' })
  objectName: string;
  @Field(() => Date, {
    nullable: true,
    description: 'The first instant whose events are held; null: from the beginning',
  })
  eventsFrom: Date | null;
  @Field(() => Date, { nullable: true, description: 'The first instant whose events no longer are; null: none' })
  eventsTo: Date | null;
  @Field({ description: 'The name of a principal at that time' })
  placedBy: string;
  @Field()
  placedAt: Date;
  @Field(() => String, { nullable: true })
  releasedBy: string | null;
  @Field(() => Date, { nullable: true, description: 'null: it holds' })
  releasedAt: Date | null;
  @Field(() => String, { nullable: true })
  releaseReason: string | null;
}
export const LegalHoldConnection = connectionType('LegalHold', () => LegalHoldType);

@InputType()
export class AuditRetentionSetInput extends MutationInput {
  @Field(() => AuditClassEnum)
  eventClass: AuditClass;
  @Field(() => Int, { nullable: true, description: '30 to 36,500; null, or left out: for ever' })
  days?: number | null;
  @Field()
  reason: string;
}

@ObjectType()
export class AuditRetentionPayload extends MutationPayload {
  @Field(() => AuditRetentionType, { nullable: true })
  auditRetention?: AuditRetentionType | null;
}

@InputType()
export class LegalHoldPlaceInput extends MutationInput {
  @Field({ description: 'What it is released by, of a case for example; never given twice' })
  name: string;
  @Field()
  reason: string;
  @Field(() => SecurableRefInput, {
    description: 'What happened to it, and in it, is held; of the metastore: everything',
  })
  on: SecurableRefInput;
  @Field(() => Date, { nullable: true, description: 'The first instant whose events are held' })
  eventsFrom?: Date | null;
  @Field(() => Date, { nullable: true, description: 'The first instant whose events no longer are' })
  eventsTo?: Date | null;
}

@InputType()
export class LegalHoldReleaseInput extends MutationInput {
  @Field()
  name: string;
  @Field()
  reason: string;
}

@ObjectType()
export class LegalHoldPayload extends MutationPayload {
  @Field(() => LegalHoldType, { nullable: true })
  legalHold?: LegalHoldType | null;
}

export const toRetention = (retention: AuditRetention): AuditRetentionType => ({ ...retention });

export const toLegalHold = ({ id: _, ...hold }: LegalHold): LegalHoldType => hold;
