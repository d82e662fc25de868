import { ArgsType, Field, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, OrderDirection } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { CatalogType, SchemaType } from './namespace.types.js';

export enum ContainerOrderField {
  FULL_NAME = 'FULL_NAME',
  CREATED_AT = 'CREATED_AT',
}
registerEnumType(ContainerOrderField, { name: 'ContainerOrderField' });

@InputType()
export class ContainerOrderInput {
  @Field(() => ContainerOrderField)
  field: ContainerOrderField;
  @Field(() => OrderDirection)
  direction: OrderDirection;
}

@InputType()
export class ContainerFilterInput {
  @Field(() => String, { nullable: true, description: 'A part of the full name, in any case' })
  nameContains?: string | null;
}

@ArgsType()
export class ContainersArgs extends ConnectionArgs {
  @Field(() => ContainerFilterInput, { nullable: true })
  filter?: ContainerFilterInput | null;
  @Field(() => ContainerOrderInput, { nullable: true, description: 'By full name when left out' })
  orderBy?: ContainerOrderInput | null;
}

@InputType()
export class CatalogCreateInput extends MutationInput {
  @Field({ description: '1 to 255 characters, none of . / : @' })
  name: string;
  @Field(() => String, { nullable: true })
  description?: string | null;
}

@InputType()
export class SchemaCreateInput extends MutationInput {
  @Field({ description: 'The catalog that it is made in' })
  catalog: string;
  @Field({ description: '1 to 255 characters, none of . / : @' })
  name: string;
  @Field(() => String, { nullable: true })
  description?: string | null;
}

@InputType()
export class CatalogRenameInput extends MutationInput {
  @Field()
  name: string;
  @Field({ description: '1 to 255 characters, none of . / : @' })
  newName: string;
}

@InputType()
export class SchemaRenameInput extends MutationInput {
  @Field({ description: 'catalog.schema' })
  fullName: string;
  @Field({ description: 'The last part alone: a schema stays in its catalog' })
  newName: string;
}

@InputType()
export class CatalogDeleteInput extends MutationInput {
  @Field()
  name: string;
}

@InputType()
export class SchemaDeleteInput extends MutationInput {
  @Field({ description: 'catalog.schema' })
  fullName: string;
}

@ObjectType()
export class CatalogPayload extends MutationPayload {
  @Field(() => CatalogType, { nullable: true })
  catalog?: CatalogType | null;
}

@ObjectType()
export class SchemaPayload extends MutationPayload {
  @Field(() => SchemaType, { nullable: true })
  schema?: SchemaType | null;
}

@ObjectType()
export class DeletePayload extends MutationPayload {
  @Field(() => String, { nullable: true })
  deletedFullName?: string | null;
}
