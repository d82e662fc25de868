import { Lineage, type LineageRoot } from '@app/lineage';
import { InvalidArgument } from '@app/platform';
import { Args, Context, Info, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { Inherits, Requires } from '../../http/requires.js';
import { toPrincipal } from '../access/principal.type.js';
import { toModelVersion } from '../registry/convert.js';
import { NodeInterface, type NodeType, parseGlobalId } from '../schema/node.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext, Loaders } from '../server/loaders.factory.js';
import { runIdOf, toRun } from '../tracking/tracking.types.js';
import { toDataset } from './dataset.types.js';
import { toModelEndpoint } from './endpoint.types.js';
import { toJob } from './job.types.js';
import { toLineageGraph, toLineagePaths } from './lineage.convert.js';
import { LineageArgs, LineageGraphType, LineageNodeType, LineagePathsArgs, LineagePathsType } from './lineage.types.js';
import { LineageEntityType } from './lineage-entity.type.js';

const roots = {
  Dataset: 'DATASET',
  GateRun: 'EVALUATION',
  Job: 'JOB',
  ModelEndpoint: 'ENDPOINT',
  ModelVersion: 'MODEL_VERSION',
  Run: 'RUN',
} as const;

@Resolver(() => LineageEntityType)
export class LineageEntityFields {
  constructor(private readonly service: Lineage) {}

  @Requires('EXECUTE', 'READ')
  @ResolveField(() => LineageGraphType, {
    description: 'Where it came from, and what was made of it, as far as you may see it',
  })
  async lineage(
    @Parent() { source }: { source: { id: string } },
    @Args() { asOf = null, kinds = null, ...bounds }: LineageArgs,
    @Info() { parentType }: GraphQLResolveInfo,
  ): Promise<LineageGraphType> {
    const root = { kind: roots[parentType.name as keyof typeof roots], key: source.id };
    return toLineageGraph(await this.service.graph(root, { ...bounds, asOf, kinds }));
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
    case 'ENDPOINT':
      return typed('ModelEndpoint', orNull(await loaders.modelEndpoint.load(key), toModelEndpoint));
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
  @ResolveField(() => NodeInterface, {
    nullable: true,
    description:
      'The run, job, version, dataset, principal or endpoint; null for what is redacted, and for everything else',
  })
  entity(@Parent() { source }: LineageNodeType, @Context() { loaders }: GraphqlContext): Promise<object | null> {
    return source.redacted ? Promise.resolve(null) : entityOf(source, loaders);
  }
}

/** @throws InvalidArgument for an id of anything else, or none */
function rootOf(id: string, field: string): LineageRoot {
  const { type, key } = parseGlobalId(id, field);
  const kind = roots[type as keyof typeof roots];
  if (kind) return { kind, key: kind === 'RUN' ? runIdOf(key) : key };
  throw new InvalidArgument(`${field}: "${id}" is the id of a ${type}, not of a ${Object.keys(roots).join(', ')}`, [
    field,
  ]);
}

@Resolver()
export class LineagePathsResolver {
  constructor(private readonly service: Lineage) {}

  @Requires('EXECUTE', 'READ')
  @Query(() => LineagePathsType, {
    nullable: true,
    description: 'How one came to have an effect on the other; null when you may not see both ends',
  })
  async lineagePaths(@Args() { from, to, asOf = null, ...bounds }: LineagePathsArgs): Promise<LineagePathsType> {
    const asked = { ...bounds, asOf };
    return toLineagePaths(await this.service.paths(rootOf(from, 'from'), rootOf(to, 'to'), asked));
  }
}
