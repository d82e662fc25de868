import type { LifecycleStage, RunStatus } from '@app/tracking';
import { ArgsType, Field, InputType, registerEnumType } from '@nestjs/graphql';
import { ConnectionArgs, OrderDirection } from '../schema/connection.js';
import { LifecycleStageEnum, RunStatusEnum } from './tracking.types.js';

export enum ExperimentOrderField {
  NAME = 'NAME',
  CREATED_AT = 'CREATED_AT',
  UPDATED_AT = 'UPDATED_AT',
}
registerEnumType(ExperimentOrderField, { name: 'ExperimentOrderField' });

@InputType()
export class ExperimentOrderInput {
  @Field(() => ExperimentOrderField)
  field: ExperimentOrderField;
  @Field(() => OrderDirection)
  direction: OrderDirection;
}

@InputType()
export class ExperimentFilterInput {
  @Field(() => String, { nullable: true, description: 'A part of the name, in any case' })
  nameContains?: string | null;
  @Field(() => LifecycleStageEnum, { nullable: true, defaultValue: 'active', description: 'null: both' })
  lifecycleStage?: LifecycleStage | null;
}

@ArgsType()
export class ExperimentsArgs extends ConnectionArgs {
  @Field(() => ExperimentFilterInput, { nullable: true, description: 'Those that are not deleted, when left out' })
  filter?: ExperimentFilterInput | null;
  @Field(() => ExperimentOrderInput, { nullable: true, description: 'By name when left out' })
  orderBy?: ExperimentOrderInput | null;
}

export enum RunOrderField {
  START_TIME = 'START_TIME',
  NAME = 'NAME',
}
registerEnumType(RunOrderField, { name: 'RunOrderField' });

@InputType()
export class RunOrderInput {
  @Field(() => RunOrderField)
  field: RunOrderField;
  @Field(() => OrderDirection)
  direction: OrderDirection;
}

@InputType()
export class RunFilterInput {
  @Field(() => String, { nullable: true, description: 'A part of the name, in any case' })
  nameContains?: string | null;
  @Field(() => RunStatusEnum, { nullable: true })
  status?: RunStatus | null;
  @Field(() => LifecycleStageEnum, { nullable: true, defaultValue: 'active', description: 'null: both' })
  lifecycleStage?: LifecycleStage | null;
}

@ArgsType()
export class RunsArgs extends ConnectionArgs {
  @Field(() => RunFilterInput, { nullable: true, description: 'Those that are not deleted, when left out' })
  filter?: RunFilterInput | null;
  @Field(() => RunOrderInput, { nullable: true, description: 'The latest first when left out' })
  orderBy?: RunOrderInput | null;
}
