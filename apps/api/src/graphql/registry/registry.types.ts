import { type Stage as StageName, stages } from '@app/policy';
import type { ModelAlias, Transition, VersionSummary } from '@app/registry';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { LineageEntityType } from '../lineage/lineage-entity.type.js';
import { connectionType } from '../schema/connection.js';
import { NodeInterface } from '../schema/node.js';
import { SecurableType } from '../schema/securable.js';

/** MLflow's stages, as GraphQL spells enums. */
export const StageEnum = Object.fromEntries(stages.map((stage) => [stage.toUpperCase(), stage])) as Record<
  string,
  StageName
>;
registerEnumType(StageEnum, { name: 'Stage', description: 'A stage of a model version, as MLflow has them' });

export enum TargetKindEnum {
  STAGE = 'STAGE',
  ALIAS = 'ALIAS',
}
registerEnumType(TargetKindEnum, { name: 'PromotionTargetKind' });

export enum ModelVersionStatusEnum {
  PENDING_REGISTRATION = 'PENDING_REGISTRATION',
  READY = 'READY',
  FAILED_REGISTRATION = 'FAILED_REGISTRATION',
}
registerEnumType(ModelVersionStatusEnum, { name: 'ModelVersionStatus' });

@ObjectType('PromotionTarget', { description: 'What a version can hold: a stage, or an alias' })
export class TargetType {
  @Field(() => TargetKindEnum)
  kind: TargetKindEnum;
  @Field({ description: 'Production, champion, …' })
  name: string;
}

@ObjectType('RegisteredModel', {
  implements: [NodeInterface, SecurableType],
  description: 'A model with its versions. With BROWSE alone, its name, description and tags are all that is shown',
})
export class RegisteredModelType extends SecurableType {}

export const ModelConnection = connectionType('Model', () => RegisteredModelType);

@ObjectType('MetricValue', { description: 'The latest value of a metric of the training run' })
export class MetricValueType {
  @Field()
  name: string;
  @Field(() => Float, { nullable: true, description: 'null stands for NaN and the infinities, which JSON cannot say' })
  value: number | null;
  @Field(() => Float, { description: 'A whole number, of more than 32 bits where a client likes' })
  step: number;
  @Field(() => String, { nullable: true, description: 'The dataset that it was measured on, where the run names one' })
  dataset: string | null;
}

@ObjectType('ModelVersionFile', { description: 'One file of the manifest that the artifact digest is computed over' })
export class ModelVersionFileType {
  @Field()
  path: string;
  @Field(() => Float, { description: 'Bytes' })
  size: number;
  @Field({ description: 'In hex' })
  sha256: string;
}

@ObjectType('ModelVersion', {
  implements: [NodeInterface, LineageEntityType],
  description: 'One immutable version of a registered model',
})
export class ModelVersionType implements NodeInterface, LineageEntityType {
  /** What the database knows of it; for field resolvers. */
  source: VersionSummary;

  @Field(() => ID)
  id: string;
  @Field(() => Int, { description: 'Starts at 1, grows by 1, is never given twice' })
  number: number;
  @Field({ description: 'catalog.schema.model/number' })
  displayName: string;
  @Field(() => ModelVersionStatusEnum)
  status: ModelVersionStatusEnum;
  @Field(() => String, { nullable: true })
  statusMessage: string | null;
  @Field(() => StageEnum)
  stage: StageName;
  @Field(() => String, { nullable: true })
  description: string | null;
  @Field({ description: 'What the client named as the source, word for word' })
  sourceUri: string;
  @Field(() => String, { nullable: true, description: 'The MLflow run that made it' })
  sourceRunId: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'A run of another server, as the client named it: a text, of which nothing here is known',
  })
  namedRunId: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      'sha256: over the canonical manifest (docs/domain.md, section 1); null until READY, and for files outside the store',
  })
  artifactDigest: string | null;
  @Field(() => Float, { nullable: true, description: 'Bytes of all files' })
  artifactSize: number | null;
  @Field()
  createdAt: Date;
  @Field()
  updatedAt: Date;
}

export const ModelVersionConnection = connectionType('ModelVersion', () => ModelVersionType);

@ObjectType('ModelAlias')
export class ModelAliasType {
  source: ModelAlias;

  @Field()
  name: string;
  @Field()
  setAt: Date;
}

@ObjectType('StageTransition', {
  implements: NodeInterface,
  description: 'One move of a stage or an alias. Never changed or deleted',
})
export class StageTransitionType implements NodeInterface {
  source: Transition;

  @Field(() => ID)
  id: string;
  @Field(() => TargetType)
  target: TargetType;
  @Field(() => Int, {
    nullable: true,
    description: 'The version that holds the target from then on; null when it was cleared',
  })
  versionNumber: number | null;
  @Field(() => Int, { nullable: true, description: 'The version that held it before' })
  replacedVersionNumber: number | null;
  @Field(() => StageEnum, { nullable: true })
  fromStage: StageName | null;
  @Field(() => StageEnum, { nullable: true })
  toStage: StageName | null;
  @Field({ description: 'It went past the policies of the target' })
  breakGlass: boolean;
  @Field(() => String, { nullable: true })
  reason: string | null;
  @Field()
  occurredAt: Date;
}

export const StageTransitionConnection = connectionType('StageTransition', () => StageTransitionType);
