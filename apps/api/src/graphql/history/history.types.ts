import type { Privilege as PrivilegeName, SecurableKind } from '@app/access';
import type { Holder, PastGrant, PastPolicy, PastSecurable } from '@app/history';
import { ArgsType, Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { ObjectArgs } from '../access/explanation.types.js';
import { PolicyRevisionType, toPolicyRevision } from '../promotion/policy.types.js';
import { TargetKindEnum, TargetType } from '../registry/registry.types.js';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { globalId } from '../schema/node.js';
import { Privilege, SecurableKindEnum, typeNameOf } from '../schema/securable.js';

@ArgsType()
export class HoldersArgs extends ConnectionArgs {
  @Field({ description: 'An instant that is past' })
  asOf: Date;
}

@ArgsType()
export class SecurableStateArgs extends ObjectArgs {
  @Field({ description: 'An instant that is past' })
  at: Date;
}

@ObjectType('TargetHolder', { description: 'A version that held a target as of a time' })
export class HolderType {
  source: Holder;

  @Field(() => TargetType)
  target: TargetType;
  @Field(() => Int, { description: 'Known also when the version was deleted since' })
  versionNumber: number;
  @Field({ description: 'When it came to hold it' })
  since: Date;
  @Field(() => ID, { description: 'Of the StageTransition that put it there' })
  transitionId: string;
}
export const HolderConnection = connectionType('TargetHolder', () => HolderType);

@ObjectType('PastGrant', { description: 'A grant that was in force as of a time, whether or not it is there now' })
export class PastGrantType {
  principalId: string;
  grantedById: string | null;

  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field({ description: 'Known also when the principal was deleted since' })
  principalName: string;
  @Field(() => Date, { nullable: true, description: 'null: the installation began with it' })
  grantedAt: Date | null;
  @Field(() => Date, { nullable: true })
  expiresAt: Date | null;
}
export const PastGrantConnection = connectionType('PastGrant', () => PastGrantType);

@ObjectType('PastPolicy', { description: 'A policy as it stood as of a time' })
export class PastPolicyType {
  @Field(() => ID, { description: 'Of the Policy' })
  policyId: string;
  @Field()
  name: string;
  @Field(() => PolicyRevisionType, { description: 'What was in force' })
  revision: PolicyRevisionType;
}

@ObjectType('SecurableState', { description: 'A securable as of a time' })
export class SecurableStateType {
  ownerId: string;
  /** By its name of now, which is how it is asked for. */
  source: { kind: SecurableKind; fullName: string };

  @Field(() => ID, { description: 'Of the securable' })
  securableId: string;
  @Field(() => SecurableKindEnum)
  kind: SecurableKind;
  @Field({ description: 'Its name then, with those of its containers then' })
  fullName: string;
  @Field({ description: 'Known also when the principal was deleted since' })
  ownerName: string;
  @Field()
  at: Date;
}

export const toHolder = (source: Holder): HolderType => ({
  source,
  target: { kind: source.target.kind as TargetKindEnum, name: source.target.name },
  versionNumber: source.versionNumber,
  since: source.since,
  transitionId: globalId('StageTransition', source.transitionId),
});

export const toPastGrant = ({ principalId, grantedBy, ...grant }: PastGrant): PastGrantType => ({
  ...grant,
  principalId,
  grantedById: grantedBy,
});

export const toPastPolicy = ({ policyName, ...revision }: PastPolicy): PastPolicyType => ({
  policyId: globalId('Policy', revision.policyId),
  name: policyName,
  revision: toPolicyRevision(revision),
});

export const toSecurableState = (
  { id, kind, fullName, ownerId, ownerName }: PastSecurable,
  source: SecurableStateType['source'],
  at: Date,
): SecurableStateType => ({
  securableId: globalId(typeNameOf(kind), id),
  kind,
  fullName,
  ownerId,
  ownerName,
  source,
  at,
});
