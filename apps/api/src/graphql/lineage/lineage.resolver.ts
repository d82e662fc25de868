import { Lineage, type LineageRoot } from '@app/lineage';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Requires } from '../../http/requires.js';
import { toPrincipal } from '../access/principal.type.js';
import { toModelVersion } from '../registry/convert.js';
import { ModelVersionType } from '../registry/registry.types.js';
import type { NodeType } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext, Loaders } from '../server/loaders.factory.js';
import { RunType, toRun } from '../tracking/tracking.types.js';
import { DatasetType, toDataset } from './dataset.types.js';
import { JobType, toJob } from './job.types.js';
import { toLineageGraph } from './lineage.convert.js';
import { LineageArgs, LineageEntity, LineageGraphType, LineageNodeType } from './lineage.types.js';

const field = { description: 'Where it came from, and what was made of it, as far as you may see it' };

const walk = async (
  lineage: Lineage,
  root: LineageRoot,
  { asOf = null, kinds = null, ...bounds }: LineageArgs,
): Promise<LineageGraphType> => toLineageGraph(await lineage.graph(root, { ...bounds, asOf, kinds }));

@Resolver(() => ModelVersionType)
export class ModelVersionLineageFields {
  constructor(private readonly service: Lineage) {}

  @Requires('EXECUTE')
  @ResolveField(() => LineageGraphType, field)
  lineage(@Parent() { source }: ModelVersionType, @Args() args: LineageArgs): Promise<LineageGraphType> {
    return walk(this.service, { kind: 'MODEL_VERSION', key: source.id }, args);
  }
}

@Resolver(() => RunType)
export class RunGraphFields {
  constructor(private readonly service: Lineage) {}

  @Requires('READ')
  @ResolveField(() => LineageGraphType, field)
  lineage(@Parent() { source }: RunType, @Args() args: LineageArgs): Promise<LineageGraphType> {
    return walk(this.service, { kind: 'RUN', key: source.id }, args);
  }
}

@Resolver(() => DatasetType)
export class DatasetGraphFields {
  constructor(private readonly service: Lineage) {}

  @Requires('READ')
  @ResolveField(() => LineageGraphType, field)
  lineage(@Parent() { source }: DatasetType, @Args() args: LineageArgs): Promise<LineageGraphType> {
    return walk(this.service, { kind: 'DATASET', key: source.id }, args);
  }
}

@Resolver(() => JobType)
export class JobGraphFields {
  constructor(private readonly service: Lineage) {}

  @Requires('READ')
  @ResolveField(() => LineageGraphType, field)
  lineage(@Parent() { source }: JobType, @Args() args: LineageArgs): Promise<LineageGraphType> {
    return walk(this.service, { kind: 'JOB', key: source.id }, args);
  }
}

const typed = <T extends object>(type: NodeType, object: T | null): T | null =>
  object && Object.assign(object, { __typename: type });

async function entityOf({ kind, key }: LineageNodeType['source'], loaders: Loaders): Promise<object | null> {
  switch (kind) {
    case 'DATASET':
      return typed('Dataset', orNull(await loaders.dataset.load(key), toDataset));
    case 'JOB':
      return typed('Job', orNull(await loaders.job.load(key), toJob));
    case 'RUN':
      return typed('Run', orNull(await loaders.run.load(key), toRun));
    case 'MODEL_VERSION':
      return typed('ModelVersion', orNull(await loaders.modelVersion.load(key), toModelVersion));
    case 'CONSUMER':
      return typed('Principal', orNull(await loaders.principal.load(key), toPrincipal));
    case 'EVALUATION':
    case 'HOLDOUT':
    case 'LOGGED_MODEL':
    case 'SOURCE_CODE':
      return null;
  }
}

@Resolver(() => LineageNodeType)
export class LineageNodeFields {
  @Inherits('EXECUTE', 'READ')
  @ResolveField(() => LineageEntity, {
    nullable: true,
    description: 'The run, job, version, dataset or principal; null for what is redacted, and for everything else',
  })
  entity(@Parent() { source }: LineageNodeType, @Context() { loaders }: GraphqlContext): Promise<object | null> {
    return source.redacted ? Promise.resolve(null) : entityOf(source, loaders);
  }
}
