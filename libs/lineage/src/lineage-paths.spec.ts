import type { VersionView } from '@app/registry';
import type { Experiment } from '@app/tracking';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createLineageTest, type LineageTest } from '../../../test/support/lineage.js';
import { Lineage } from './lineage.service.js';
import type { LineageEdge, LineagePoint } from './lineage-graph.js';
import { waysBetween } from './lineage-paths.js';

const point = (key: string): LineagePoint => ({ kind: 'RUN', key });
const edge = (source: string, target: string): LineageEdge => {
  const ends = { source: point(source), target: point(target) };
  return { ...ends, kind: 'PARENT', context: null, observedAt: new Date(0) };
};
const bounds = { maxDepth: 10, maxPaths: 100, asOf: null };
const ways = (pairs: string[], [from, to]: [string, string], asked = {}) => {
  const edges = pairs.map((pair) => edge(...(pair.split('-') as [string, string])));
  const found = waysBetween(edges, [point(from), point(to)], { ...bounds, ...asked });
  return { ...found, ways: found.ways.map((way) => way.map((id) => id.slice(4)).join('')) };
};

describe('waysBetween', () => {
  it('finds the simple paths, the shortest first, then by their nodes', () => {
    const pairs = ['a-c', 'a-b', 'b-d', 'c-d', 'a-d', 'b-c', 'd-a', 'd-e', 'x-d', 'b-b'];
    expect(ways(pairs, ['a', 'd'])).toEqual({ ways: ['ad', 'abd', 'acd', 'abcd'] });
    expect(ways(pairs, ['a', 'd'], { maxDepth: 2 })).toEqual({ ways: ['ad', 'abd', 'acd'] });
    expect(ways(pairs, ['a', 'd'], { maxPaths: 2 })).toEqual({ ways: ['ad', 'abd'], truncatedBy: 'MAX_PATHS' });
    expect(ways(pairs, ['e', 'a'])).toEqual({ ways: [] });
  });

  it('tries no more than it may in a graph where nothing leads through', () => {
    const nodes = 'bcdefghijklm'.split('');
    const all = nodes.flatMap((one) => nodes.filter((other) => other !== one).map((other) => `${one}-${other}`));
    expect(ways(['a-b', ...all, 'm-z'], ['a', 'z'], { maxPaths: 100 }).truncatedBy).toBe('MAX_PATHS');
    // Every way to z leads through the first node.
    expect(ways(['a-b', 'b-z', ...all, 'b-a'], ['a', 'z']).ways).toEqual(['abz']);
  });
});

describe('paths and impact', () => {
  let t: LineageTest;
  let lab: Experiment;
  let base: VersionView;
  let tuned: VersionView;
  let copy: VersionView;
  let dataset: string;
  beforeAll(async () => {
    t = await createLineageTest();
    lab = await t.experiment(t.owner, 'lab');
    const model = (await t.model('prod.fraud.scorer')).fullName;
    const fit = await t.run(t.owner, lab, { name: 'fit', datasets: { sales: 'training' } });
    const first = await t.logged(t.owner, lab, fit, 'first');
    base = await t.registered(model, { run: fit, logged: first });
    const tune = await t.run(t.owner, lab, { name: 'tune', reads: [first.id] });
    tuned = await t.registered(model, { run: tune, logged: await t.logged(t.owner, lab, tune, 'second') });
    copy = await t.copied(tuned, (await t.model('prod.fraud.live')).fullName);
    dataset = (await t.walk(fit, 'UPSTREAM')).nodes.find(({ kind }) => kind === 'DATASET')?.key as string;
  });
  afterAll(() => t.close());

  const paths = (asked = {}, who = t.owner) =>
    t.as(who, () =>
      t.module
        .get(Lineage)
        .paths(
          { kind: 'MODEL_VERSION', key: base.id },
          { kind: 'MODEL_VERSION', key: copy.id },
          { ...bounds, ...asked },
        ),
    );
  const named = ({ paths: found }: Awaited<ReturnType<typeof paths>>) =>
    found.map(({ nodes }) => nodes.map(({ name, depth }) => `${depth} ${name}`));

  it('lead from one version to another, each with the edges on its way', async () => {
    const found = await paths();
    expect(named(found)).toEqual(
      [
        ['0 prod.fraud.scorer/1', '1 tune', '2 prod.fraud.live/1'],
        ['0 prod.fraud.scorer/1', '1 tune', '2 second', '3 prod.fraud.live/1'],
        ['0 prod.fraud.scorer/1', '1 tune', '2 prod.fraud.scorer/2', '3 prod.fraud.live/1'],
        ['0 prod.fraud.scorer/1', '1 tune', '2 second', '3 prod.fraud.scorer/2', '4 prod.fraud.live/1'],
      ].sort((one, other) => one.length - other.length),
    );
    expect(found.paths[0]?.edges.map(({ kind }) => kind)).toEqual(['TRAINED_FROM', 'REGISTERED']);
    expect(found.truncatedBy).toEqual([]);
    expect(named(await paths({ maxDepth: 1 }))).toEqual([]);
    expect((await paths({ maxDepth: 1 })).truncatedBy).toEqual(['MAX_DEPTH']);
    expect((await paths({ maxPaths: 1 })).truncatedBy).toEqual(['MAX_PATHS']);
    expect((await paths({ asOf: new Date(0) })).paths).toEqual([]);
    for (const [bound, value] of Object.entries({ maxDepth: 11, maxPaths: 101 }))
      await expect(paths({ [bound]: value })).rejects.toThrow(`${bound}: ${value} is not between 1 and`);
  });

  it('lead nowhere past what is hidden, and need both ends', async () => {
    const viewer = await t.make.user();
    await t.make.grant(viewer, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    const found = await paths({}, viewer);
    expect(found.paths).toEqual([]);
    expect(found.truncatedBy).toEqual(['PERMISSION']);
    await expect(paths({}, await t.make.user())).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  });

  describe('impact', () => {
    let reader: TestPrincipal;
    const impact = async (who: TestPrincipal, holdsTarget = false, first = 10) => {
      const versions = await t.impactOf(who, dataset, holdsTarget, first);
      return { ...versions, names: versions.names.sort() };
    };
    beforeAll(async () => {
      reader = await t.make.user();
      await t.make.grant(reader, lab, 'READ');
      await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    });

    it('is every version however many steps away, and by what they hold', async () => {
      const names = ['prod.fraud.live/1', 'prod.fraud.scorer/1', 'prod.fraud.scorer/2'];
      expect(await impact(reader)).toEqual({ names, count: 3, isPartial: false });
      await t.db.execute(sql`INSERT INTO model_aliases (model_id, alias, version_id)
        VALUES (${copy.modelId}::uuid, 'champion', ${copy.id}::uuid)`);
      expect(await impact(reader, true)).toEqual({ names: ['prod.fraud.live/1'], count: 1, isPartial: false });
      expect((await impact(reader, false, 1)).names).toHaveLength(1);
    });

    it('is that of the same data in other experiments, and of what tags name', async () => {
      const other = await t.experiment(t.owner, 'other');
      const again = await t.run(t.owner, other, { datasets: { sales: 'training' }, reads: [] });
      const made = await t.registered((await t.model('prod.fraud.again')).fullName, { run: again });
      const further = await t.registered(made.modelFullName, {});
      await t.db.execute(sql`INSERT INTO model_version_tags (version_id, key, value)
        VALUES (${further.id}::uuid, 'trained_from', ${`models:/${made.modelFullName}/${made.number}`})`);
      const child = await t.run(t.owner, other, { parent: again.id });
      await t.registered(made.modelFullName, { run: child });
      expect((await impact(t.owner)).names.slice(0, 2)).toEqual(['prod.fraud.again/1', 'prod.fraud.again/2']);
      expect((await impact(t.owner)).count).toBe(5);
      // Who may not read that experiment knows nothing of it.
      expect((await impact(reader)).count).toBe(3);
      expect(await impact(await t.make.user())).toEqual({ names: [], count: 0, isPartial: false });
    });

    it('stops at ten thousand steps, and says so', async () => {
      await t.db.execute(sql`INSERT INTO runs (id, experiment_id, name, user_id, start_time, artifact_uri)
        SELECT md5('many' || n), ${lab.experimentId}::int8, 'r', 'u', n, 'x' FROM generate_series(1, 12000) n`);
      await t.db.execute(sql`INSERT INTO run_inputs (run_id, dataset_id)
        SELECT md5('many' || n), ${dataset}::uuid FROM generate_series(1, 12000) n`);
      expect((await impact(reader)).isPartial).toBe(true);
    });
  });
});
