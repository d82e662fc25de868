import { randomUUID } from 'node:crypto';
import type { Securable } from '@app/access';
import { Transaction } from '@app/platform';
import type { Experiment } from '@app/tracking';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createLineageTest, type LineageTest } from '../../../test/support/lineage.js';
import { type GivenEdge, referenceWalk } from '../../../test/support/lineage-reference.js';
import { LineageReader } from './lineage.reader.js';
import { type LineageDirection, pointId } from './lineage-graph.js';

const size = 6;
const index = fc.integer({ min: 0, max: size - 1 });
const day = fc.integer({ min: 1, max: 5 });
const link = fc.record({ from: index, to: index });
const world = fc.record({
  hidden: fc.record({
    runs: fc.uniqueArray(index, { maxLength: 3 }),
    versions: fc.uniqueArray(index, { maxLength: 2 }),
  }),
  days: fc.record({
    runs: fc.array(day, { minLength: size, maxLength: size }),
    versions: fc.array(day, { minLength: size, maxLength: size }),
  }),
  reads: fc.uniqueArray(fc.record({ from: index, to: index, day }), {
    maxLength: 10,
    selector: ({ from, to }) => `${from} ${to}`,
  }),
  parents: fc.uniqueArray(link, { maxLength: size, selector: ({ to }) => to }),
  registered: fc.array(fc.option(index), { minLength: size, maxLength: size }),
  copied: fc.array(fc.option(index), { minLength: size, maxLength: size }),
  trained: fc.uniqueArray(link, { maxLength: size, selector: ({ to }) => to }),
});
const asked = fc.record({
  root: fc.record({ kind: fc.constantFrom('RUN' as const, 'MODEL_VERSION' as const), index }),
  direction: fc.constantFrom<LineageDirection>('UPSTREAM', 'DOWNSTREAM', 'BOTH'),
  maxDepth: fc.integer({ min: 1, max: 6 }),
  maxNodes: fc.constantFrom(3, 6, 200),
  asOf: fc.option(day),
  /** All levels at once take too long: they are asked for one by one. */
  isSlow: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** One that is always among them: a chain of copies, of which the first was made of a hidden run. */
const chain: World = {
  hidden: { runs: [0], versions: [] },
  days: { runs: Array(size).fill(1), versions: Array(size).fill(1) },
  reads: [],
  parents: [],
  registered: [0, null, null, null, null, null],
  copied: [null, 0, 1, 2, 3, 4],
  trained: [],
};
const upTheChain = [false, true].map((isSlow) => ({
  root: { kind: 'MODEL_VERSION' as const, index: 5 },
  direction: 'UPSTREAM' as const,
  ...{ maxDepth: 6, maxNodes: 200 as const, asOf: null, isSlow },
}));

const dayAt = (number: number): Date => new Date(Date.UTC(2026, 0, number));

describe('Lineage of random graphs with cycles, hidden parts and times', () => {
  let t: LineageTest;
  let viewer: TestPrincipal;
  let labs: { open: Experiment; hidden: Experiment };
  let models: { open: Securable; hidden: Securable };
  let made = 0;
  beforeAll(async () => {
    t = await createLineageTest();
    viewer = await t.make.user();
    labs = { open: await t.experiment(t.owner, 'open'), hidden: await t.experiment(t.owner, 'hidden') };
    models = { open: await t.model('prod.fraud.open'), hidden: await t.model('prod.fraud.hidden') };
    await t.make.grant(viewer, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(viewer, models.open, 'EXECUTE');
    await t.make.grant(viewer, labs.open, 'READ');
  });
  afterAll(() => t.close());

  /** Writes a world down. @returns its edges, as the service has to know them, and what the viewer may see */
  async function write(given: World) {
    const first = made;
    made += size;
    const runs = Array.from({ length: size }, () => randomUUID().replaceAll('-', ''));
    const [datasets, versions] = [0, 1].map(() => Array.from({ length: size }, () => randomUUID())) as [
      string[],
      string[],
    ];
    const lab = (n: number) => (given.hidden.runs.includes(n) ? labs.hidden : labs.open);
    const model = (n: number) => (given.hidden.versions.includes(n) ? models.hidden : models.open);
    const edges: GivenEdge[] = [];
    const visible = new Set<string>();
    for (let n = 0; n < size; n++) {
      const [run, version] = [runs[n] as string, versions[n] as string];
      const [runDay, versionDay] = [dayAt(given.days.runs[n] as number), dayAt(given.days.versions[n] as number)];
      await t.db.execute(sql`INSERT INTO runs (id, experiment_id, name, user_id, start_time, artifact_uri)
        VALUES (${run}, ${lab(n).experimentId}::int8, ${`run ${n}`}, 'u', ${runDay.getTime()}, 'x')`);
      await t.db.execute(sql`INSERT INTO datasets (id, experiment_id, name, digest, source_type, source)
        VALUES (${datasets[n]}::uuid, ${labs.open.experimentId}::int8, ${`data ${datasets[n]}`}, 'd', 'local', '{}')`);
      visible.add(`DATASET:${datasets[n]}`);
      if (lab(n) === labs.open) visible.add(`RUN:${run}`);
      if (model(n) === models.open) visible.add(`MODEL_VERSION:${version}`);
      const [of, original] = [given.registered[n] ?? null, given.copied[n] ?? null];
      const [runId, copiedFrom] = [of === null ? null : runs[of], original === null ? null : versions[original]];
      await t.db.execute(sql`INSERT INTO model_versions (id, model_id, number, status, source, run_id, copied_from_id, created_at)
        VALUES (${version}::uuid, ${model(n).id}::uuid, ${first + n + 1}, 'READY', 'x', ${runId}, ${copiedFrom}::uuid, ${versionDay})`);
      const registered = { target: `MODEL_VERSION:${version}`, at: versionDay, named: true };
      if (runId) edges.push({ ...registered, source: `RUN:${runId}`, kind: 'REGISTERED' });
      if (copiedFrom) edges.push({ ...registered, source: `MODEL_VERSION:${copiedFrom}`, kind: 'COPIED' });
    }
    for (const { from, to, day: at } of given.reads) {
      await t.db.execute(sql`INSERT INTO run_inputs (run_id, dataset_id, logged_at)
        VALUES (${runs[to]}, ${datasets[from]}::uuid, ${dayAt(at)})`);
      const [source, target] = [`DATASET:${datasets[from]}`, `RUN:${runs[to]}`];
      edges.push({ source, target, kind: 'DATASET_INPUT', at: dayAt(at), named: true });
    }
    for (const { from, to } of given.parents.filter((each) => each.from !== each.to)) {
      await t.db.execute(
        sql`INSERT INTO run_tags (run_id, key, value) VALUES (${runs[to]}, 'mlflow.parentRunId', ${runs[from]})`,
      );
      const at = dayAt(given.days.runs[to] as number);
      edges.push({ source: `RUN:${runs[from]}`, target: `RUN:${runs[to]}`, kind: 'PARENT', at, named: false });
    }
    for (const { from, to } of given.trained.filter((each) => each.from !== each.to)) {
      const base = `models:/${model(from).fullName}/${first + from + 1}`;
      await t.db.execute(
        sql`INSERT INTO model_version_tags (version_id, key, value) VALUES (${versions[to]}::uuid, 'trained_from', ${base})`,
      );
      const [source, target] = [`MODEL_VERSION:${versions[from]}`, `MODEL_VERSION:${versions[to]}`];
      edges.push({ source, target, kind: 'TRAINED_FROM', at: dayAt(given.days.versions[to] as number), named: false });
    }
    return { edges, visible, keys: { RUN: runs, MODEL_VERSION: versions } };
  }

  /** What PostgreSQL answers when it ends a statement. */
  const timeout = () =>
    t.module
      .get(Transaction)
      .run(async () => {
        await t.db.query(sql`SELECT set_config('statement_timeout', '1', TRUE)`);
        await t.db.query(sql`SELECT pg_sleep(9)`);
      })
      .catch((error: unknown) => error);

  it('is what a search in memory finds, in its order, at once and level by level', async () => {
    const levels = jest.spyOn(t.module.get(LineageReader, { strict: false }), 'levels');
    const tooSlow = await timeout();
    let found = 0;
    let redacted = 0;
    await fc.assert(
      fc.asyncProperty(world, fc.array(asked, { minLength: 4, maxLength: 4 }), async (given, questions) => {
        const { edges, visible, keys } = await write(given);
        for (const { root, asOf: until, isSlow, ...bounds } of questions) {
          const asOf = until === null ? null : dayAt(until);
          const key = keys[root.kind][root.index] as string;
          const start = `${root.kind}:${key}`;
          const isVisible = visible.has(start);
          levels.mockClear();
          if (isSlow && isVisible) levels.mockRejectedValueOnce(tooSlow);
          const walked = t.walk({ id: key }, bounds.direction, { ...bounds, asOf, who: viewer });
          if (!isVisible) {
            await expect(walked).rejects.toMatchObject({ kind: 'NOT_FOUND' });
            continue;
          }
          const graph = await walked;
          const expected = referenceWalk({ edges, visible, start, asOf, ...bounds });
          expect(graph.nodes.map((node) => [node.depth, pointId(node), node.redacted])).toEqual(expected.nodes);
          expect(
            graph.edges.map(({ source, target, kind }) => [pointId(source), pointId(target), kind].join(' ')),
          ).toEqual(expected.edges);
          expect(graph.truncatedBy).toEqual(expected.truncatedBy);
          const ways = bounds.direction === 'BOTH' ? 2 : 1;
          if (!isSlow) expect(levels).toHaveBeenCalledTimes(ways);
          const counts = await graph.hiddenCounts();
          for (const node of graph.nodes) expect(counts.get(pointId(node))).toEqual(expected.beside(pointId(node)));
          found = Math.max(found, graph.nodes.length);
          redacted += graph.nodes.filter((node) => node.redacted).length;
        }
      }),
      { numRuns: 20, examples: [[chain, upTheChain]] },
    );
    // The worlds are worth something.
    expect(found).toBeGreaterThan(4);
    expect(redacted).toBeGreaterThan(0);
  }, 120_000);
});
