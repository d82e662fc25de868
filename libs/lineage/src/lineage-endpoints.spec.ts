import { ModelVersions, type VersionView } from '@app/registry';
import type { Experiment } from '@app/tracking';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createLineageTest, edgesOf, type LineageTest, namesOf } from '../../../test/support/lineage.js';
import { ModelEndpoints } from './endpoint.service.js';
import { Lineage } from './lineage.service.js';

/** Endpoints move and end, as nothing else in the graph does. */
describe('Lineage to endpoints', () => {
  let t: LineageTest;
  let lab: Experiment;
  let run: { id: string };
  let model: string;
  let one: VersionView;
  let two: VersionView;
  let loader: TestPrincipal;
  beforeAll(async () => {
    t = await createLineageTest();
    lab = await t.experiment(t.owner, 'lab');
    run = await t.run(t.owner, lab, { name: 'fit', datasets: { sales: 'training' } });
    model = (await t.model('prod.fraud.scorer')).fullName;
    [one, two] = [await t.registered(model, { run }), await t.registered(model, {})];
    loader = await t.make.user();
    await t.make.grant(loader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  afterAll(() => t.close());

  const report = ({ number }: VersionView, name: string) =>
    t.as(loader, () =>
      t.module.get(ModelEndpoints).report({ model, number, name, url: null, environment: null, reason: null }),
    );
  const retire = (name: string) =>
    t.as(loader, () => t.module.get(ModelEndpoints).retire({ model, name, reason: null }));
  const below = async (version: VersionView, asOf: Date | null, who = loader) =>
    edgesOf(await t.walk(version, 'DOWNSTREAM', { asOf, who }));
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  /** As if what has been done had been done a day earlier. */
  const dayPasses = () =>
    t.db.execute(sql`UPDATE model_endpoints SET reported_at = reported_at - interval '1 day',
      retired_at = retired_at - interval '1 day'`);

  it('are those of the moment that is asked for', async () => {
    await report(one, 'web');
    await dayPasses();
    await report(two, 'web');
    await dayPasses();
    await retire('web');
    await dayPasses();
    const [at1, at2] = [`${model}/1 -SERVED_AT-> web`, `${model}/2 -SERVED_AT-> web`];
    const seen = (version: VersionView) =>
      Promise.all([daysAgo(3.5), daysAgo(2.5), daysAgo(1.5), daysAgo(0.5), null].map((asOf) => below(version, asOf)));
    expect(await seen(one)).toEqual([[], [at1], [], [], []]);
    expect(await seen(two)).toEqual([[], [], [at2], [], []]);
    // It begins with its first instant, and has ended at its last.
    const [first] = await t.db.query<{ began: Date; ended: Date }>(sql`
      SELECT reported_at AS began, retired_at AS ended FROM model_endpoints WHERE version_id = ${one.id}::uuid`);
    expect(await below(one, first?.began as Date)).toEqual([at1]);
    expect(await below(one, first?.ended as Date)).toEqual([]);
    await report(one, 'web');
    expect(await below(one, null)).toEqual([at1]);
    expect(await below(two, null)).toEqual([]);
    await retire('web');
  });

  it('are seen by whoever may load the model, and by nobody else', async () => {
    const { id } = await report(one, 'seen');
    const graph = await t.walk(run, 'DOWNSTREAM');
    expect(namesOf(graph)).toEqual(['0 fit', `1 ${model}/1`, '2 seen']);
    const stranger = await t.make.user();
    await t.make.grant(stranger, lab, 'READ');
    const seen = await t.walk(run, 'DOWNSTREAM', { who: stranger });
    expect(namesOf(seen)).toEqual(['0 fit']);
    expect([...(await seen.hiddenCounts()).values()]).toEqual([{ upstream: 1, downstream: 0 }]);
    await expect(t.walk({ id, kind: 'ENDPOINT' }, 'UPSTREAM', { who: stranger })).rejects.toMatchObject({
      kind: 'NOT_FOUND',
    });
    await retire('seen');
  });

  it('are the end of a path from data, and no version that the data had an effect on', async () => {
    const { id } = await report(one, 'end');
    const [root] = (await t.walk(run, 'UPSTREAM')).nodes.filter(({ kind }) => kind === 'DATASET');
    const key = root?.key as string;
    const asked = { maxDepth: 10, maxPaths: 20, asOf: null };
    const { paths } = await t.as(t.owner, () =>
      t.module.get(Lineage).paths({ kind: 'DATASET', key }, { kind: 'ENDPOINT', key: id }, asked),
    );
    expect(paths.map(({ nodes }) => nodes.map(({ name }) => name))).toEqual([['sales', 'fit', `${model}/1`, 'end']]);
    expect(await t.impactOf(t.owner, key, false, 10)).toMatchObject({ names: [`${model}/1`], count: 1 });
    expect(edgesOf(await t.walk({ id, kind: 'ENDPOINT' }, 'UPSTREAM', { maxDepth: 1 }))).toEqual([
      `${model}/1 -SERVED_AT-> end`,
    ]);
    await retire('end');
    expect(edgesOf(await t.walk({ id, kind: 'ENDPOINT' }, 'UPSTREAM', { maxDepth: 1 }))).toEqual([]);
  });

  it('stand alone once their version is deleted', async () => {
    const gone = await t.registered(model, {});
    const { id } = await report(gone, 'left');
    await t.as(t.owner, () => t.module.get(ModelVersions).delete(model, gone.number));
    expect(namesOf(await t.walk({ id, kind: 'ENDPOINT' }, 'BOTH', { who: loader }))).toEqual(['0 left']);
  });
});
