import type { LineageDataset, RunDataset, RunModel } from '@app/lineage';
import { ArgsType, Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { ModelVersionType } from '../registry/registry.types.js';
import { ConnectionArgs, connectionType } from '../schema/connection.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { LineageEntityType } from './lineage-entity.type.js';

@ObjectType('Dataset', {
  implements: [NodeInterface, LineageEntityType],
  description:
    'Data that runs or jobs of an experiment have named. It is kept once for each experiment, name and digest',
})
export class DatasetType implements NodeInterface, LineageEntityType {
  source: LineageDataset;

  @Field(() => ID)
  id: string;
  @Field({ description: 'Its name' })
  displayName: string;
  @Field()
  name: string;
  @Field({ description: 'Of its content, as MLflow’s client says; of a job’s data, of its namespace' })
  digest: string;
  @Field({ description: 'local, s3, http, … as the client says' })
  sourceType: string;
  @Field({ description: 'Where it came from, as the client says: often JSON' })
  sourceUri: string;
  @Field(() => String, { nullable: true, description: 'Its columns, as JSON of the client' })
  schema: string | null;
  @Field(() => String, { nullable: true, description: 'Figures about it, as JSON of the client' })
  profile: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      'Where it is, by the naming rules of OpenLineage: datasets of one location are the same data. null when its source does not say',
  })
  location: string | null;
}

export const DatasetConnection = connectionType('Dataset', () => DatasetType);

export function toDataset(source: LineageDataset): DatasetType {
  const { id, name, digest, sourceType, source: sourceUri, schema, profile, location } = source;
  return {
    source,
    id: globalId('Dataset', id),
    displayName: name,
    name,
    digest,
    sourceType,
    sourceUri,
    schema,
    profile,
    location,
  };
}

@ObjectType('RunDatasetInput')
export class RunDatasetInputType {
  @Field(() => DatasetType)
  dataset: DatasetType;
  @Field(() => String, { nullable: true, description: 'What the run used it for: training, eval, …' })
  context: string | null;
}

export const toRunDatasetInput = ({ dataset, context }: RunDataset): RunDatasetInputType => ({
  dataset: toDataset(dataset),
  context,
});

@ObjectType('RunModel', { description: 'A logged model of MLflow 3 that a run has read or made' })
export class RunModelType {
  @Field({ description: 'm- and 32 hexadecimal digits' })
  loggedModelId: string;
  @Field(() => String, { nullable: true, description: 'null when it is deleted, or without READ on its experiment' })
  name: string | null;
  @Field(() => Float)
  step: number;
}

export const toRunModel = ({ loggedModelId, name, step }: RunModel): RunModelType => ({ loggedModelId, name, step });

@ObjectType('SourceCode', { description: 'The code of a run, as MLflow’s client found it: the tags mlflow.source.*' })
export class SourceCodeType {
  @Field(() => String, { nullable: true, description: 'The file, the notebook or the project' })
  name: string | null;
  @Field(() => String, { nullable: true, description: 'LOCAL, NOTEBOOK, PROJECT, JOB, …' })
  type: string | null;
  @Field(() => String, { nullable: true })
  commit: string | null;
  @Field(() => String, { nullable: true })
  branch: string | null;
  @Field(() => String, { nullable: true })
  repositoryUrl: string | null;
  @Field(() => String, { nullable: true, description: 'Of an MLflow project' })
  entryPoint: string | null;
}

const sourceTags: Record<keyof SourceCodeType, string> = {
  name: 'mlflow.source.name',
  type: 'mlflow.source.type',
  commit: 'mlflow.source.git.commit',
  branch: 'mlflow.source.git.branch',
  repositoryUrl: 'mlflow.source.git.repoURL',
  entryPoint: 'mlflow.project.entryPoint',
};

/** null: its tags say nothing. */
export function toSourceCode(tags: readonly { key: string; value: string }[]): SourceCodeType | null {
  const values = new Map(tags.map(({ key, value }) => [key, value]));
  const fields = Object.entries(sourceTags).map(([field, key]) => [field, values.get(key) || null]);
  return fields.some(([, value]) => value !== null) ? (Object.fromEntries(fields) as SourceCodeType) : null;
}

@ArgsType()
export class DatasetImpactArgs extends ConnectionArgs {
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Only versions that hold an alias, or the stage Staging or Production, now',
  })
  holdsTarget: boolean;
}

@ObjectType('DatasetImpactConnection')
export class DatasetImpactConnection extends connectionType('DatasetImpact', () => ModelVersionType) {
  @Field(() => Boolean, {
    description:
      'There may be more versions: 10,000 runs, models and versions were looked at. A statement, with totalCount',
  })
  readonly isPartial: Promise<boolean>;
}
