import type { Securable } from '@app/access';
import { Runs } from '@app/tracking';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { toMetricValue } from '../registry/convert.js';
import { MetricValueType, ModelVersionType } from '../registry/registry.types.js';
import { orNull } from '../schema/or-null.js';
import { Tag, toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { ExperimentType, ParamType, RunType, runIdOf, toRun } from './tracking.types.js';

@Resolver(() => RunType)
export class RunResolver implements OnModuleInit {
  constructor(
    private readonly registry: NodeRegistry,
    private readonly runs: Runs,
  ) {}

  onModuleInit(): void {
    this.registry.register('Run', { questions: ['READ'] }, async (id) => toRun(await this.runs.summary(runIdOf(id))));
  }

  @Requires('READ')
  @Query(() => RunType, { nullable: true, description: 'Deleted ones too. Needs READ on its experiment' })
  async run(@Args('runId') runId: string): Promise<RunType> {
    return toRun(await this.runs.summary(runId));
  }

  @Requires('DISCOVER')
  @ResolveField(() => ExperimentType, { nullable: true })
  async experiment(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.experimentByNumber.load(source.experimentId), (experiment: Securable) =>
      toSecurable<ExperimentType>(experiment),
    );
  }

  @Inherits('READ')
  @ResolveField(() => [ParamType])
  params(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext): Promise<ParamType[]> {
    return loaders.paramsOfRun.load(source.id);
  }

  @Inherits('READ')
  @ResolveField(() => [MetricValueType], { description: 'The latest value of each metric' })
  async metrics(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext): Promise<MetricValueType[]> {
    return (await loaders.metricsOfRun.load(source.id)).map(toMetricValue);
  }

  @Inherits('READ')
  @ResolveField(() => [Tag])
  tags(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext): Promise<Tag[]> {
    return loaders.tagsOfRun.load(source.id);
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async createdBy(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    return source.principalId ? orNull(await loaders.principal.load(source.principalId), toPrincipal) : null;
  }
}

/** The run that made a version. */
@Resolver(() => ModelVersionType)
export class ModelVersionRunFields {
  @Requires('READ')
  @ResolveField(() => RunType, {
    nullable: true,
    description: 'The MLflow run that made it; null when there is none, or without READ on its experiment',
  })
  async run(@Parent() { source }: ModelVersionType, @Context() { loaders }: GraphqlContext) {
    return source.runId === null ? null : orNull(await loaders.run.load(source.runId), toRun);
  }
}
