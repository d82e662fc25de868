import type { Securable } from '@app/access';
import { InvalidArgument } from '@app/platform';
import { type Experiment, type ExperimentDetails, Experiments, Runs } from '@app/tracking';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Requires } from '../../http/requires.js';
import { type Connection, toConnection } from '../schema/connection.js';
import { toSecurable } from '../schema/securable.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import { VisibleObjects } from '../server/visible-objects.js';
import { ExperimentsArgs, RunsArgs } from './tracking.inputs.js';
import { ExperimentConnection, ExperimentType, LifecycleStageEnum, RunConnection, toRun } from './tracking.types.js';

const byName = { field: 'NAME', direction: 'ASC' } as const;
const latestFirst = { field: 'START_TIME', direction: 'DESC' } as const;
const active = { lifecycleStage: 'active' } as const;

const toExperiment = (source: Securable): ExperimentType => toSecurable(source);

@Resolver(() => ExperimentType)
export class ExperimentResolver implements OnModuleInit {
  constructor(
    private readonly experiments: Experiments,
    private readonly registry: NodeRegistry,
    private readonly runService: Runs,
    private readonly visible: VisibleObjects,
  ) {}

  onModuleInit(): void {
    this.registry.register('Experiment', { questions: ['DISCOVER'] }, async (id) => {
      const [found] = await this.visible.securables([id]);
      return found?.kind === 'EXPERIMENT' ? toExperiment(found) : null;
    });
  }

  @Requires('DISCOVER')
  @Query(() => ExperimentType, { nullable: true, description: 'By its name, or by MLflow’s id. Deleted ones too' })
  async experiment(
    @Args('name', { type: () => String, nullable: true }) name?: string | null,
    @Args('experimentId', { type: () => String, nullable: true }) experimentId?: string | null,
  ): Promise<ExperimentType> {
    return toExperiment(await this.find(name ?? null, experimentId ?? null));
  }

  @Requires('DISCOVER')
  @Query(() => ExperimentConnection, { name: 'experiments' })
  async list(@Args() { filter, orderBy, ...page }: ExperimentsArgs): Promise<Connection<ExperimentType>> {
    const asked = filter ?? active;
    const found = await this.experiments.list(asked, orderBy ?? byName, page);
    return toConnection(found, toExperiment, () => this.experiments.count(asked));
  }

  @Inherits('DISCOVER')
  @ResolveField(() => String, { description: 'The whole number that MLflow knows it by' })
  async experimentId(@Parent() parent: ExperimentType, @Context() context: GraphqlContext): Promise<string> {
    return (await detailsOf(parent, context)).experimentId;
  }

  @Inherits('DISCOVER')
  @ResolveField(() => LifecycleStageEnum)
  async lifecycleStage(@Parent() parent: ExperimentType, @Context() context: GraphqlContext) {
    return (await detailsOf(parent, context)).lifecycleStage;
  }

  @Inherits('DISCOVER')
  @ResolveField(() => String, { description: 'Where the artifacts of its runs are' })
  async artifactLocation(@Parent() parent: ExperimentType, @Context() context: GraphqlContext): Promise<string> {
    return (await detailsOf(parent, context)).artifactLocation;
  }

  @Requires('READ')
  @ResolveField('runs', () => RunConnection, { nullable: true, description: 'null without READ' })
  async runsOf(@Parent() { source }: ExperimentType, @Args() { filter, orderBy, ...page }: RunsArgs) {
    const asked = filter ?? active;
    const found = await this.runService.list(source, asked, orderBy ?? latestFirst, page);
    return toConnection(found, toRun, () => this.runService.count(source, asked));
  }

  private find(name: string | null, experimentId: string | null): Promise<Experiment> {
    if (name !== null && experimentId === null) return this.experiments.discover({ name });
    if (experimentId !== null && name === null) return this.experiments.discover({ experimentId });
    throw new InvalidArgument('name, experimentId: give exactly one of them', ['name']);
  }
}

/** What an experiment has beside its securable: in one statement for all of a request. */
async function detailsOf({ source }: ExperimentType, { loaders }: GraphqlContext): Promise<ExperimentDetails> {
  const details = await loaders.detailsOfExperiment.load(source.id);
  if (!details) throw new Error(`experiment ${source.id} was deleted while it was read`);
  return details;
}
