import type { Privilege as PrivilegeName, SecurableKind } from '@app/access';
import type { Grant } from '@app/namespace';
import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { Privilege, SecurableKindEnum, SecurableType } from '../schema/securable.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';

@ObjectType('SecurableRef', { description: 'A securable by its natural key' })
export class SecurableRefType {
  @Field(() => SecurableKindEnum)
  kind: SecurableKind;
  @Field()
  fullName: string;
}

@ObjectType('Grant', {
  implements: NodeInterface,
  description: 'A privilege that a principal holds on a securable, and on what is in it',
})
export class GrantType implements NodeInterface {
  principalId: string;
  grantedById: string | null;

  @Field(() => ID)
  id: string;
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableRefType, { description: 'Where it was granted' })
  securable: SecurableRefType;
  @Field(() => SecurableRefType, {
    nullable: true,
    description: 'In a list of what reaches an object from above: the container it comes from',
  })
  inheritedFrom: SecurableRefType | null;
  @Field()
  grantedAt: Date;
  @Field(() => Date, { nullable: true })
  expiresAt: Date | null;
}
export const GrantConnection = connectionType('Grant', () => GrantType);

@InputType()
export class GrantCreateInput extends MutationInput {
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
  @Field({ description: 'The name of a user, a service principal or a group' })
  principal: string;
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => Date, { nullable: true, description: 'Never, when left out' })
  expiresAt?: Date | null;
}

@InputType()
export class GrantRevokeInput extends MutationInput {
  @Field(() => ID)
  grantId: string;
}

@InputType()
export class GrantChangeInput {
  @Field()
  principal: string;
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => Date, { nullable: true, description: 'For grants that are added' })
  expiresAt?: Date | null;
}

@InputType()
export class GrantsUpdateInput extends MutationInput {
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
  @Field(() => Int, {
    nullable: true,
    description:
      'The grantsRevision that the changes were decided on; at another one it is a conflict, and nothing changes. Not compared when left out',
  })
  expectedRevision?: number | null;
  @Field(() => [GrantChangeInput], { defaultValue: [] })
  add: GrantChangeInput[];
  @Field(() => [GrantChangeInput], { defaultValue: [] })
  remove: GrantChangeInput[];
}

@ObjectType()
export class GrantPayload extends MutationPayload {
  @Field(() => GrantType, { nullable: true })
  grant?: GrantType | null;
}

@ObjectType()
export class GrantRevokePayload extends MutationPayload {
  @Field(() => ID, { nullable: true })
  revokedGrantId?: string | null;
}

@ObjectType()
export class GrantsUpdatePayload extends MutationPayload {
  @Field(() => [GrantType], { nullable: true, description: 'Every grant of add, as it is now' })
  granted?: GrantType[] | null;
  @Field(() => [GrantType], { nullable: true })
  revoked?: GrantType[] | null;
  @Field(() => SecurableType, {
    nullable: true,
    description: 'With its new grantsRevision; null when you may not see it any more',
  })
  securable?: SecurableType | null;
}

export const toGrant = ({ id, principalId, grantedBy, ...grant }: Grant): GrantType => ({
  ...grant,
  id: globalId('Grant', id),
  principalId,
  grantedById: grantedBy,
});
