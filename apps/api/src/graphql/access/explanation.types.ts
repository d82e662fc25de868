import type { Privilege as PrivilegeName, SecurableKind } from '@app/access';
import { ArgsType, Field, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GrantType, SecurableRefType } from '../namespace/grant.types.js';
import { ConnectionArgs } from '../schema/connection.js';
import { Privilege, SecurableKindEnum } from '../schema/securable.js';
import { MissingGrant } from './missing-grant.type.js';
import { PrincipalType } from './principal.type.js';

export enum AccessStepKind {
  MEMBER_OF = 'MEMBER_OF',
  GRANT = 'GRANT',
  OWNERSHIP = 'OWNERSHIP',
  INHERITED = 'INHERITED',
}
registerEnumType(AccessStepKind, { name: 'AccessStepKind', description: 'What leads from a principal to a right' });

@ObjectType('AccessStep')
export class AccessStepType {
  groupId: string | null;

  @Field(() => AccessStepKind)
  kind: AccessStepKind;
  @Field({ description: 'A sentence for people' })
  description: string;
  @Field(() => GrantType, { nullable: true, description: 'Of GRANT' })
  grant: GrantType | null;
  @Field(() => SecurableRefType, {
    nullable: true,
    description: 'Where it was granted, what is owned, or what it is inherited from',
  })
  securable: SecurableRefType | null;
}

@ObjectType('AccessPath', { description: 'One way from a principal to a right, step by step' })
export class AccessPathType {
  @Field(() => [AccessStepType])
  steps: AccessStepType[];
  @Field(() => SecurableRefType, {
    nullable: true,
    description: 'The container that it comes from; null when it is held on the object itself',
  })
  inheritedFrom: SecurableRefType | null;
}

@ObjectType('AccessCondition', {
  description: 'Something that is needed: a usage privilege on a container, or the privilege itself',
})
export class AccessConditionType {
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableRefType)
  securable: SecurableRefType;
  @Field()
  met: boolean;
  @Field(() => [AccessPathType], { description: 'Every way in which it is met' })
  paths: AccessPathType[];
}

@ObjectType('AccessExplanation', { description: 'Why a principal may do something on an object, or may not' })
export class AccessExplanationType {
  @Field()
  allowed: boolean;
  @Field(() => PrincipalType)
  principal: PrincipalType;
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableKindEnum)
  kind: SecurableKind;
  @Field()
  fullName: string;
  @Field(() => [AccessConditionType], { description: 'The usage gates, and last the privilege: all are needed' })
  conditions: AccessConditionType[];
  @Field(() => [AccessPathType], {
    description: 'When allowed, every way in which the privilege itself is held; otherwise none',
  })
  paths: AccessPathType[];
  @Field(() => [MissingGrant], {
    description: 'When denied, the smallest set of grants of least privilege that would allow it',
  })
  missing: MissingGrant[];
  @Field(() => String, { nullable: true, description: 'When denied, and no grant would help: why' })
  obstacle: string | null;
  @Field({ description: 'A right comes through more chains of nested groups than are told' })
  isPartial: boolean;
}

@ObjectType('EffectivePrivilege', { description: 'A privilege that a principal has on an object, gates included' })
export class EffectivePrivilegeType {
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableRefType, {
    nullable: true,
    description: 'The container that it comes from; null when some way to it is on the object itself',
  })
  inheritedFrom: SecurableRefType | null;
  @Field(() => [AccessPathType], { description: 'Every way in which it is held, the nearest first' })
  paths: AccessPathType[];
  @Field({ description: 'It comes through more chains of nested groups than are told' })
  isPartial: boolean;
}

/** An object by its full name; the kind is told by its parts. */
@ArgsType()
export class ObjectArgs {
  @Field({ description: 'catalog, catalog.schema or catalog.schema.model; of an experiment, its name' })
  fullName: string;
  @Field(() => SecurableKindEnum, {
    nullable: true,
    description: 'Left out, the number of parts tells it. Needed for experiments and the metastore',
  })
  kind?: SecurableKind | null;
}

@ArgsType()
export class PrincipalOnObjectArgs extends ObjectArgs {
  @Field({ description: 'The name of a user, a service principal or a group' })
  principal: string;
  @Field(() => Date, {
    nullable: true,
    description: 'As of a past instant: needs READ_AUDIT on the object, and is null when it did not exist yet',
  })
  asOf?: Date | null;
}

@ArgsType()
export class ExplainAccessArgs extends PrincipalOnObjectArgs {
  @Field(() => Privilege)
  privilege: PrivilegeName;
}

@ArgsType()
export class WhoCanArgs extends ConnectionArgs {
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field({ description: 'catalog, catalog.schema or catalog.schema.model; of an experiment, its name' })
  fullName: string;
  @Field(() => SecurableKindEnum, {
    nullable: true,
    description: 'Left out, the number of parts tells it. Needed for experiments and the metastore',
  })
  kind?: SecurableKind | null;
}
