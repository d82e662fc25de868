import type { Securable } from '@app/access';
import { LineageDatasets } from '@app/lineage';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Requires } from '../../http/requires.js';
import { toModelVersion } from '../registry/convert.js';
import { ModelVersionConnection } from '../registry/registry.types.js';
import { ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { ExperimentType, RunConnection, RunType, toRun } from '../tracking/tracking.types.js';
import {
  DatasetImpactArgs,
  DatasetImpactConnection,
  DatasetType,
  RunDatasetInputType,
  RunModelType,
  SourceCodeType,
  toDataset,
  toRunDatasetInput,
  toRunModel,
  toSourceCode,
} from './dataset.types.js';

@Resolver(() => DatasetType)
export class DatasetResolver implements OnModuleInit {
  constructor(
    private readonly datasets: LineageDatasets,
    private readonly registry: NodeRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register('Dataset', { questions: ['READ'] }, async (id) => toDataset(await this.datasets.get(id)));
  }

  @Requires('DISCOVER')
  @ResolveField(() => ExperimentType, { nullable: true })
  async experiment(@Parent() { source }: DatasetType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.experimentByNumber.load(source.experimentId), (experiment: Securable) =>
      toSecurable<ExperimentType>(experiment),
    );
  }

  @Requires('READ')
  @ResolveField(() => RunConnection, { description: 'The runs that have read it, the newest first' })
  async runs(@Parent() { source }: DatasetType, @Args() page: ConnectionArgs) {
    return toConnection(await this.datasets.runsOf(source.id, page), toRun, () => this.datasets.countRunsOf(source.id));
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelVersionConnection, {
    description:
      'The versions that these runs have made and that you may read, the newest first: what the data has had an effect on',
  })
  async versions(@Parent() { source }: DatasetType, @Args() page: ConnectionArgs) {
    return toConnection(await this.datasets.versionsOf(source.id, page), toModelVersion, () =>
      this.datasets.countVersionsOf(source.id),
    );
  }

  @Requires('EXECUTE')
  @ResolveField(() => DatasetImpactConnection, {
    description:
      'All versions that it had an effect on, the newest first: trained on it, or on data that was made of it, trained from such a version, or a copy of one; with the same name and digest in other experiments it is the same data. As far as you may see what lies between',
  })
  async impact(@Parent() { source }: DatasetType, @Args() { holdsTarget, ...page }: DatasetImpactArgs) {
    const found = await this.datasets.impactOf(source.id, { holdsTarget }, page);
    let summary: ReturnType<LineageDatasets['impactSummaryOf']> | undefined;
    const summed = () => {
      summary ??= this.datasets.impactSummaryOf(source.id, { holdsTarget });
      return summary;
    };
    const connection = toConnection(found, toModelVersion, async () => (await summed()).count);
    // The getter of the count would be called by a copy.
    return Object.defineProperty(connection, 'isPartial', { get: async () => (await summed()).isPartial });
  }
}

/** What a run has read and made, and the runs that it stands between. */
@Resolver(() => RunType)
export class RunLineageFields {
  constructor(private readonly datasets: LineageDatasets) {}

  @Inherits('READ')
  @ResolveField(() => [RunDatasetInputType])
  async datasetInputs(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    return (await loaders.datasetsOfRun.load(source.id)).map(toRunDatasetInput);
  }

  @Inherits('READ')
  @ResolveField(() => [RunModelType])
  async modelInputs(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    const models = await loaders.modelsOfRun.load(source.id);
    return models.filter(({ direction }) => direction === 'INPUT').map(toRunModel);
  }

  @Inherits('READ')
  @ResolveField(() => [RunModelType])
  async modelOutputs(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    const models = await loaders.modelsOfRun.load(source.id);
    return models.filter(({ direction }) => direction === 'OUTPUT').map(toRunModel);
  }

  @Inherits('READ')
  @ResolveField(() => SourceCodeType, { nullable: true })
  async sourceCode(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    return toSourceCode(await loaders.tagsOfRun.load(source.id));
  }

  @Requires('READ')
  @ResolveField(() => RunType, {
    nullable: true,
    description: 'The run that it is nested in: the tag mlflow.parentRunId',
  })
  async parent(@Parent() { source }: RunType, @Context() { loaders }: GraphqlContext) {
    const tags = await loaders.tagsOfRun.load(source.id);
    const parentId = tags.find(({ key }) => key === 'mlflow.parentRunId')?.value;
    return parentId ? orNull(await loaders.run.load(parentId), toRun) : null;
  }

  @Requires('READ')
  @ResolveField(() => RunConnection, { description: 'The runs that are nested in it, the newest first' })
  async children(@Parent() { source }: RunType, @Args() page: ConnectionArgs) {
    return toConnection(await this.datasets.childrenOf(source.id, page), toRun, () =>
      this.datasets.countChildrenOf(source.id),
    );
  }
}
