import type { AccessPreview, Privilege as PrivilegeName, SecurableKind } from '@app/access';
import { Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Privilege, SecurableKindEnum } from '../schema/securable.js';
import { SecurableRefInput } from '../schema/securable-ref.input.js';
import { PrincipalType, toPrincipal } from './principal.type.js';

@InputType({ description: 'A grant by what it says' })
export class GrantKeyInput {
  @Field({ description: 'The name of a user, a service principal or a group' })
  principal: string;
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
}

@InputType({ description: 'A grant that is thought of' })
export class NewGrantInput extends GrantKeyInput {
  @Field(() => Date, { nullable: true, description: 'Never, when left out' })
  expiresAt?: Date | null;
}

@InputType()
export class MembershipInput {
  @Field({ description: 'The name of the group' })
  group: string;
  @Field({ description: 'The name of a user, a service principal or a group' })
  member: string;
}

@InputType()
export class OwnerChangeInput {
  @Field(() => SecurableRefInput)
  securable: SecurableRefInput;
  @Field({ description: 'The name of the new owner' })
  owner: string;
}

@InputType({ description: 'Changes that are made together; 1 to 50 in all' })
export class AccessChangesInput {
  @Field(() => [NewGrantInput], { defaultValue: [] })
  addGrants: NewGrantInput[];
  @Field(() => [GrantKeyInput], { defaultValue: [] })
  removeGrants: GrantKeyInput[];
  @Field(() => [MembershipInput], { defaultValue: [] })
  addMembers: MembershipInput[];
  @Field(() => [MembershipInput], { defaultValue: [] })
  removeMembers: MembershipInput[];
  @Field(() => [OwnerChangeInput], { defaultValue: [] })
  changeOwners: OwnerChangeInput[];
}

@ObjectType('AccessDifference', { description: 'A privilege on an object that somebody gains or loses' })
export class AccessDifferenceType {
  @Field(() => PrincipalType)
  principal: PrincipalType;
  @Field(() => Privilege)
  privilege: PrivilegeName;
  @Field(() => SecurableKindEnum)
  kind: SecurableKind;
  @Field()
  fullName: string;
}

export enum AccessPreviewLimit {
  PRINCIPALS = 'PRINCIPALS',
  ROWS = 'ROWS',
}
registerEnumType(AccessPreviewLimit, {
  name: 'AccessPreviewLimit',
  valuesMap: {
    PRINCIPALS: {
      description: 'Only the first of the affected principals were looked at: they are too many, or it took too long',
    },
    ROWS: { description: 'More is gained or lost than is listed' },
  },
});

@ObjectType('AccessPreview', {
  description: 'What users and service principals could do after changes, and could no longer; nothing was changed',
})
export class AccessPreviewType {
  @Field(() => [AccessDifferenceType], { description: 'By principal, kind and full name; the first 500' })
  gained: AccessDifferenceType[];
  @Field(() => [AccessDifferenceType], { description: 'By principal, kind and full name; the first 500' })
  lost: AccessDifferenceType[];
  @Field(() => Int, { description: 'All that is gained, on objects that you may see' })
  gainedCount: number;
  @Field(() => Int, { description: 'All that is lost, on objects that you may see' })
  lostCount: number;
  @Field(() => Int, { description: 'Whom the changes reach, whether or not anything changes for them' })
  affectedPrincipalCount: number;
  @Field({ description: 'Something was left out: truncatedBy says what' })
  isPartial: boolean;
  @Field(() => [AccessPreviewLimit])
  truncatedBy: AccessPreviewLimit[];
}

export function toAccessPreview({ gained, lost, truncatedBy, ...counts }: AccessPreview): AccessPreviewType {
  const toDifference = ({ principal, ...rest }: AccessPreview['gained'][number]) => ({
    ...rest,
    principal: toPrincipal(principal),
  });
  return {
    ...counts,
    gained: gained.map(toDifference),
    lost: lost.map(toDifference),
    isPartial: truncatedBy.length > 0,
    truncatedBy: truncatedBy as AccessPreviewLimit[],
  };
}
