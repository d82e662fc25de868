import type { Securable } from '@app/access';
import { Jobs } from '@app/lineage';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Requires } from '../../http/requires.js';
import { ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { ExperimentType } from '../tracking/tracking.types.js';
import { DatasetConnection, toDataset } from './dataset.types.js';
import { JobRunConnection, JobType, toJob, toJobRun } from './job.types.js';

@Resolver(() => JobType)
export class JobResolver implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly registry: NodeRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register('Job', { questions: ['READ'] }, async (id) => toJob(await this.jobs.get({ id })));
  }

  @Requires('READ')
  @Query(() => JobType, {
    nullable: true,
    description: 'A job of OpenLineage. Needs READ on the experiment that its namespace is',
  })
  async job(@Args('namespace') namespace: string, @Args('name') name: string): Promise<JobType> {
    return toJob(await this.jobs.get({ namespace, name }));
  }

  @Requires('DISCOVER')
  @ResolveField(() => ExperimentType, { nullable: true })
  async experiment(@Parent() { source }: JobType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.experimentByNumber.load(source.experimentId), (experiment: Securable) =>
      toSecurable<ExperimentType>(experiment),
    );
  }

  @Inherits('READ')
  @ResolveField(() => JobRunConnection, { description: 'The newest first' })
  async runs(@Parent() { source }: JobType, @Args() page: ConnectionArgs) {
    return toConnection(await this.jobs.runsOf(source, page), toJobRun, () => this.jobs.countRunsOf(source));
  }

  @Inherits('READ')
  @ResolveField(() => DatasetConnection, { description: 'The data that it has read, by name' })
  async inputs(@Parent() { source }: JobType, @Args() page: ConnectionArgs) {
    return toConnection(await this.jobs.dataOf(source, 'INPUT', page), toDataset, () =>
      this.jobs.countDataOf(source, 'INPUT'),
    );
  }

  @Inherits('READ')
  @ResolveField(() => DatasetConnection, { description: 'The data that it has written, by name' })
  async outputs(@Parent() { source }: JobType, @Args() page: ConnectionArgs) {
    return toConnection(await this.jobs.dataOf(source, 'OUTPUT', page), toDataset, () =>
      this.jobs.countDataOf(source, 'OUTPUT'),
    );
  }
}
