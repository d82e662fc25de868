import { randomUUID } from 'node:crypto';
import {
  ConsumerLog,
  Lineage,
  LineageDatasets,
  type LineageDirection,
  type LineageGraph,
  LineageModule,
  type LineagePoint,
  type LineageRoot,
  type LineageWalk,
  pointId,
} from '@app/lineage';
import { Registrations, type VersionView } from '@app/registry';
import {
  type Experiment,
  Experiments,
  type LoggedModelDetails,
  LoggedModels,
  type RunDetails,
  RunInputs,
  Runs,
} from '@app/tracking';
import type { TestPrincipal } from './factories.js';
import { createRegistryTest, type RegistryTest } from './registry.js';

interface GivenRun {
  name?: string;
  commit?: string;
  parent?: string;
  /** name → what for */
  datasets?: Record<string, string>;
  /** Logged models that it reads. */
  reads?: string[];
}

/** The registry and the tracking store, and what is made of one with the other. Everybody acts in his own name. */
export interface LineageTest extends RegistryTest {
  experiment(who: TestPrincipal, name?: string): Promise<Experiment>;
  run(who: TestPrincipal, experiment: Experiment, given?: GivenRun): Promise<RunDetails>;
  logged(who: TestPrincipal, experiment: Experiment, run: { id: string }, name?: string): Promise<LoggedModelDetails>;
  /** Registers what a run has made, as the next version of a model of the owner. */
  registered(model: string, from: { run?: { id: string }; logged?: { id: string } }): Promise<VersionView>;
  copied(of: VersionView, model: string): Promise<VersionView>;
  loaded(who: TestPrincipal, version: VersionView): Promise<void>;
  /** The versions that a dataset had an effect on: a page, and all of them counted. */
  impactOf(
    who: TestPrincipal,
    datasetId: string,
    holdsTarget: boolean,
    first: number,
  ): Promise<{ names: string[]; count: number; isPartial: boolean }>;
  /** Walks from a version or a run, or from what is named; ten levels, when nothing is said. */
  walk(
    root: { id: string; kind?: LineageRoot['kind'] },
    direction: LineageDirection,
    bounds?: Partial<Omit<LineageWalk, 'direction'>> & { who?: TestPrincipal },
  ): Promise<LineageGraph>;
}

/** The edges of a graph by the names of their ends. */
export function edgesOf({ nodes, edges }: LineageGraph): string[] {
  const names = new Map(nodes.map((node) => [pointId(node), node.name ?? `hidden ${node.kind}`]));
  const name = (point: LineagePoint) => names.get(pointId(point));
  return edges.map(({ source, target, kind }) => `${name(source)} -${kind}-> ${name(target)}`).sort();
}

/** The depths and names of its nodes. */
export const namesOf = ({ nodes }: LineageGraph): string[] => nodes.map(({ name, depth }) => `${depth} ${name}`);

export async function createLineageTest(): Promise<LineageTest> {
  const t = await createRegistryTest({}, [LineageModule]);
  const service = <T>(type: new (...args: never[]) => T): T => t.module.get(type, { strict: false });
  const dataset = (name: string, context: string) => ({
    dataset: { name, digest: `digest of ${name}`, sourceType: 'local', source: '{}', schema: null, profile: null },
    tags: [{ key: 'mlflow.data.context', value: context }],
  });
  return {
    ...t,
    experiment: (who, name = `/e/${randomUUID()}`) => t.as(who, () => service(Experiments).create({ name })),
    run: (who, { experimentId }, { name, commit, parent, datasets = {}, reads = [] } = {}) =>
      t.as(who, async () => {
        const tags = [
          ...(commit ? [{ key: 'mlflow.source.git.commit', value: commit }] : []),
          ...(parent ? [{ key: 'mlflow.parentRunId', value: parent }] : []),
        ];
        const run = await service(Runs).create({ experimentId, name, tags });
        const inputs = Object.entries(datasets).map(([data, context]) => dataset(data, context));
        await service(RunInputs).logInputs(run.id, inputs, reads);
        return run;
      }),
    logged: (who, { experimentId }, run, name = 'model') =>
      t.as(who, async () => {
        const made = await service(LoggedModels).create({ experimentId, name, sourceRunId: run.id });
        await service(RunInputs).logOutputs(run.id, [{ modelId: made.id, step: 0 }]);
        return made;
      }),
    registered: (model, { run, logged }) =>
      t.as(t.owner, () =>
        service(Registrations).register({
          model,
          source: 's3://bucket/model',
          runId: run?.id,
          loggedModelId: logged?.id,
        }),
      ),
    copied: ({ modelFullName, number }, model) =>
      t.as(t.owner, () => service(Registrations).copy({ model: modelFullName, number }, { model })),
    loaded: (who, version) =>
      t.as(who, async () => {
        const log = service(ConsumerLog);
        log.note(version);
        await log.flush();
      }),
    impactOf: (who, datasetId, holdsTarget, first) =>
      t.as(who, async () => {
        const { edges } = await service(LineageDatasets).impactOf(datasetId, { holdsTarget }, { first });
        const names = edges.map(({ node }) => `${node.modelFullName}/${node.number}`);
        return { names, ...(await service(LineageDatasets).impactSummaryOf(datasetId, { holdsTarget })) };
      }),
    walk: async ({ id: key, kind: named }, direction, { who = t.owner, ...given } = {}) => {
      const kind = named ?? (/^[0-9a-f]{32}$/.test(key) ? 'RUN' : 'MODEL_VERSION');
      const bounds = { direction, maxDepth: 10, maxNodes: 200, asOf: null, kinds: null, ...given };
      const graph = await t.as(who, () => service(Lineage).graph({ kind, key }, bounds));
      return { ...graph, hiddenCounts: () => t.as(who, graph.hiddenCounts) };
    },
  };
}
