import type { Stage } from '@app/policy';
import { ArgsType, Field, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, OrderDirection } from '../schema/connection.js';
import { MutationInput, MutationPayload } from '../schema/mutation.js';
import { ModelAliasType, ModelVersionType, RegisteredModelType, StageEnum } from './registry.types.js';

export enum ModelOrderField {
  FULL_NAME = 'FULL_NAME',
  CREATED_AT = 'CREATED_AT',
  UPDATED_AT = 'UPDATED_AT',
}
registerEnumType(ModelOrderField, { name: 'ModelOrderField' });

export enum ModelVersionOrderField {
  NUMBER = 'NUMBER',
  CREATED_AT = 'CREATED_AT',
}
registerEnumType(ModelVersionOrderField, { name: 'ModelVersionOrderField' });

@InputType()
export class TagInput {
  @Field()
  key: string;
  @Field()
  value: string;
}

@InputType()
export class TagFilterInput {
  @Field()
  key: string;
  @Field(() => String, { nullable: true, description: 'Left out: the tag is there, whatever it says' })
  value?: string | null;
}

@InputType({ description: 'All fields AND' })
export class ModelFilterInput {
  @Field(() => String, { nullable: true, description: 'How the full name begins, in any case' })
  namePrefix?: string | null;
  @Field(() => String, { nullable: true, description: 'A part of the full name, in any case' })
  nameContains?: string | null;
  @Field(() => String, { nullable: true })
  catalog?: string | null;
  @Field(() => String, { nullable: true, description: 'catalog.schema' })
  schema?: string | null;
  @Field(() => String, { nullable: true, description: 'The name of a principal' })
  owner?: string | null;
  @Field(() => [TagFilterInput], { nullable: true })
  tags?: TagFilterInput[] | null;
}

@InputType()
export class ModelOrderInput {
  @Field(() => ModelOrderField)
  field: ModelOrderField;
  @Field(() => OrderDirection)
  direction: OrderDirection;
}

@ArgsType()
export class ModelsArgs extends ConnectionArgs {
  @Field(() => ModelFilterInput, { nullable: true })
  filter?: ModelFilterInput | null;
  @Field(() => ModelOrderInput, { nullable: true, description: 'By full name when left out' })
  orderBy?: ModelOrderInput | null;
}

@InputType()
export class ModelVersionFilterInput {
  @Field(() => StageEnum, { nullable: true })
  stage?: Stage | null;
}

@InputType()
export class ModelVersionOrderInput {
  @Field(() => ModelVersionOrderField)
  field: ModelVersionOrderField;
  @Field(() => OrderDirection)
  direction: OrderDirection;
}

@ArgsType()
export class ModelVersionsArgs extends ConnectionArgs {
  @Field(() => ModelVersionFilterInput, { nullable: true })
  filter?: ModelVersionFilterInput | null;
  @Field(() => ModelVersionOrderInput, { nullable: true, description: 'The newest first when left out' })
  orderBy?: ModelVersionOrderInput | null;
}

@InputType()
export class ModelCreateInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  fullName: string;
  @Field(() => String, { nullable: true })
  description?: string | null;
  @Field(() => [TagInput], { defaultValue: [] })
  tags: TagInput[];
}

@InputType()
export class ModelRenameInput extends MutationInput {
  @Field()
  fullName: string;
  @Field({ description: 'In the same schema, or in another one' })
  newFullName: string;
}

@InputType()
export class ModelDeleteInput extends MutationInput {
  @Field()
  fullName: string;
}

@InputType()
export class ModelVersionRegisterInput extends MutationInput {
  @Field({ description: 'catalog.schema.model' })
  model: string;
  @Field({ description: 'models:/m-…, models:/catalog.schema.model/3, mlflow-artifacts:/…, runs:/…' })
  source: string;
  @Field(() => String, { nullable: true })
  runId?: string | null;
  @Field(() => String, { nullable: true })
  description?: string | null;
  @Field(() => [TagInput], { defaultValue: [] })
  tags: TagInput[];
}

@InputType()
export class ModelVersionRefInput extends MutationInput {
  @Field()
  model: string;
  @Field(() => Int)
  number: number;
}

@InputType()
export class ModelVersionUpdateInput extends ModelVersionRefInput {
  @Field(() => String, { nullable: true, description: 'null clears it' })
  description?: string | null;
}

@InputType()
export class ModelVersionTagSetInput extends ModelVersionRefInput {
  @Field()
  key: string;
  @Field()
  value: string;
}

@InputType()
export class ModelVersionTagDeleteInput extends ModelVersionRefInput {
  @Field()
  key: string;
}

@InputType()
export class ModelVersionStageInput extends ModelVersionRefInput {
  @Field(() => StageEnum)
  stage: Stage;
  @Field({ defaultValue: false, description: 'Archive every other version in that stage' })
  archiveExisting: boolean;
}

@InputType()
export class ModelAliasSetInput extends MutationInput {
  @Field()
  model: string;
  @Field()
  alias: string;
  @Field(() => Int)
  number: number;
}

@InputType()
export class ModelAliasDeleteInput extends MutationInput {
  @Field()
  model: string;
  @Field()
  alias: string;
}

@ObjectType()
export class ModelPayload extends MutationPayload {
  @Field(() => RegisteredModelType, { nullable: true })
  model?: RegisteredModelType | null;
}

@ObjectType()
export class ModelVersionPayload extends MutationPayload {
  @Field(() => Int, { nullable: true, description: 'The number of the version' })
  number?: number | null;
  @Field(() => ModelVersionType, { nullable: true, description: 'null also without EXECUTE on the model' })
  modelVersion?: ModelVersionType | null;
}

@ObjectType()
export class ModelAliasPayload extends MutationPayload {
  @Field(() => ModelAliasType, { nullable: true })
  alias?: ModelAliasType | null;
}

@ObjectType()
export class ModelAliasDeletePayload extends MutationPayload {
  @Field(() => String, { nullable: true, description: 'null when there was no such alias' })
  deletedAlias?: string | null;
}

@ArgsType()
export class VersionByAliasArgs {
  @Field()
  alias: string;
  @Field(() => Date, { nullable: true, description: 'An instant that is past; now, when left out' })
  asOf?: Date | null;
}

@ArgsType()
export class VersionByStageArgs {
  @Field(() => StageEnum)
  stage: Stage;
  @Field(() => Date, { nullable: true, description: 'An instant that is past; now, when left out' })
  asOf?: Date | null;
}
