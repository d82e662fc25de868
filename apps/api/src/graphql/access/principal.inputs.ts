import type { PrincipalKind } from '@app/access';
import { ArgsType, Field, InputType, ObjectType } from '@nestjs/graphql';
import { ConnectionArgs } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { PrincipalKindEnum, PrincipalType } from './principal.type.js';

@InputType()
export class PrincipalFilterInput {
  @Field(() => PrincipalKindEnum, { nullable: true })
  kind?: PrincipalKind | null;
  @Field(() => String, { nullable: true, description: 'A part of the name, in any case' })
  nameContains?: string | null;
}

@ArgsType()
export class PrincipalsArgs extends ConnectionArgs {
  @Field(() => PrincipalFilterInput, { nullable: true })
  filter?: PrincipalFilterInput | null;
}

@InputType()
export class PrincipalCreateInput extends MutationInput {
  @Field({ description: 'Unique over users, service principals and groups; 1 to 255 characters, no ":"' })
  name: string;
  @Field(() => String, { nullable: true })
  displayName?: string | null;
}

@InputType()
export class PrincipalUpdateInput extends MutationInput {
  @Field({ description: 'Whose' })
  name: string;
  @Field(() => String, { nullable: true, description: 'null clears it' })
  displayName?: string | null;
}

@InputType()
export class PrincipalRefInput extends MutationInput {
  @Field()
  name: string;
}

@InputType()
export class GroupMemberInput extends MutationInput {
  @Field({ description: 'The name of the group' })
  group: string;
  @Field({ description: 'The name of a user, a service principal or a group' })
  member: string;
}

@ObjectType()
export class PrincipalPayload extends MutationPayload {
  @Field(() => PrincipalType, { nullable: true })
  principal?: PrincipalType | null;
}

@ObjectType()
export class PrincipalDeletePayload extends MutationPayload {
  @Field(() => String, { nullable: true })
  deletedName?: string | null;
}

@ObjectType()
export class GroupMemberPayload extends MutationPayload {
  @Field(() => PrincipalType, { nullable: true })
  group?: PrincipalType | null;
  @Field(() => PrincipalType, { nullable: true })
  member?: PrincipalType | null;
}
