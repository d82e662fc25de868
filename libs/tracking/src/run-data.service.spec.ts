import { NotFound, TransactionalPool } from '@app/platform';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Experiments } from './experiment.service.js';
import { LoggedModels } from './logged-model.service.js';
import type { Metric } from './run.js';
import { Runs } from './run.service.js';
import { RunData } from './run-data.service.js';
import { RunRecords } from './run-records.js';
import { TrackingModule } from './tracking.module.js';

const point = (key: string, value: number, step = 0, timestamp = 1, more: Partial<Metric> = {}): Metric => ({
  key,
  value,
  step,
  timestamp,
  modelId: null,
  datasetName: null,
  datasetDigest: null,
  ...more,
});
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('RunData', () => {
  let t: TestModule;
  let data: RunData;
  let runs: Runs;
  let ada: TestPrincipal;
  let experimentId: string;
  let runId: string;

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    data = t.module.get(RunData);
    runs = t.module.get(Runs);
    ada = await new Factories(t.db).user('ada');
    experimentId = (await t.as(ada, () => t.module.get(Experiments).create({ name: 'churn' }))).experimentId;
  });
  afterAll(() => t.close());

  beforeEach(async () => {
    runId = (await t.as(ada, () => runs.create({ experimentId }))).id;
  });

  const log = (batch: object) => t.as(ada, () => data.log(runId, batch));
  const latest = async () =>
    Object.fromEntries((await t.module.get(RunRecords).latestMetrics(runId)).map(({ key, value }) => [key, value]));
  const history = (key: string, page: object = { first: 25_000 }) => t.as(ada, () => data.history(runId, key, page));
  const params = () => t.module.get(RunRecords).params(runId);

  it('keeps the whole history, and as the latest the greatest (step, timestamp, value)', async () => {
    await log({ metrics: [point('a', 1, 2), point('a', 5, 1), point('a', 3, 2, 9), point('a', 2, 2, 9)] });
    expect(await latest()).toEqual({ a: 3 });
    await log({ metrics: [point('a', 99, 1, 99)] });
    expect(await latest()).toEqual({ a: 3 });
    await log({ metrics: [point('a', 4, 2, 9)] });
    expect(await latest()).toEqual({ a: 4 });
    await log({ metrics: [point('a', 0, -1)] });
    expect((await history('a')).edges.map(({ node }) => node.value)).toEqual([0, 5, 1, 2, 3, 4, 99]);
  });

  it('logs one point once, however often it is sent', async () => {
    await Promise.all(many(4, () => log({ metrics: [point('a', 1), point('a', 1)] })));
    expect((await history('a')).edges).toHaveLength(1);
  });

  it('keeps NaN and the infinities', async () => {
    await log({
      metrics: [point('nan', Number.NaN), point('inf', Infinity), point('neg', -Infinity), point('tiny', 5e-324)],
    });
    expect(await latest()).toEqual({ nan: Number.NaN, inf: Infinity, neg: -Infinity, tiny: 5e-324 });
    const run = await t.as(ada, () => runs.get(runId));
    expect(run.metrics.map(({ value }) => value)).toEqual([Infinity, Number.NaN, -Infinity, 5e-324]);
    await log({ metrics: [point('nan', 0)] });
    expect((await history('nan')).edges.map(({ node }) => node.value)).toEqual([0, Number.NaN]);
  });

  it('pages the history, through infinities too', async () => {
    const values = [-Infinity, ...many(5, (i) => i), Infinity];
    await log({ metrics: values.map((value) => point('a', value)) });
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const page = await history('a', { first: 2, after });
      seen.push(...page.edges.map(({ node }) => node.value));
      after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;
    } while (after);
    expect(seen).toEqual(values);
    const cursor = (await history('a', { first: 1 })).edges[0]?.cursor;
    await expect(history('b', { first: 1, after: cursor })).rejects.toMatchObject({ path: ['after'] });
    await expect(history('a', { first: 25_001 })).rejects.toThrow('25001');
  });

  it('never changes a param, and stores nothing of the batch that tries to', async () => {
    await log({ params: [{ key: 'lr', value: '0.1' }] });
    await log({ params: [{ key: 'lr', value: '0.1' }] });
    const batch = {
      metrics: [point('m', 1)],
      params: [
        { key: 'new', value: '1' },
        { key: 'lr', value: '0.2' },
      ],
      tags: [{ key: 't', value: '1' }],
    };
    await expect(log(batch)).rejects.toThrow("Param with key='lr' was already logged with value='0.1'");
    expect(await params()).toEqual([{ key: 'lr', value: '0.1' }]);
    expect(await latest()).toEqual({});
    expect((await t.as(ada, () => runs.get(runId))).tags.map(({ key }) => key)).toEqual(['mlflow.runName']);
  });

  it('lets one of many racing values of a param win, and tells the others', async () => {
    const results = await Promise.allSettled(many(5, (i) => log({ params: [{ key: 'p', value: `${i}` }] })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    expect(await params()).toEqual([{ key: 'p', value: `${winner}` }]);
  });

  it('takes batches in any order at once without a deadlock', async () => {
    const metrics = many(300, (i) => point(`m${i}`, i));
    const tags = many(50, (i) => ({ key: `t${i}`, value: 'v' }));
    const reversed = { metrics: [...metrics].reverse(), tags: [...tags].reverse() };
    await Promise.all(many(6, (i) => log(i % 2 ? { metrics, tags } : reversed)));
    expect(Object.keys(await latest())).toHaveLength(300);
  });

  it('needs as many statements for a thousand as for one', async () => {
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    const batch = (count: number) => ({
      metrics: many(count, (i) => point(`n${i}`, i)),
      params: [{ key: `p${count}`, value: 'x' }],
      tags: [{ key: `t${count}`, value: 'x' }],
    });
    const statements = async (count: number) => {
      query.mockClear();
      await log(batch(count));
      return query.mock.calls.length;
    };
    await statements(2);
    const one = await statements(1);
    expect(one).toBeGreaterThanOrEqual(5);
    expect(await statements(998)).toBe(one);
    query.mockRestore();
  });

  it('sets, overwrites and deletes tags, and renames the run by its tag', async () => {
    const tags = async () => (await t.as(ada, () => runs.get(runId))).tags;
    await log({
      tags: [
        { key: 'k', value: '1' },
        { key: 'k', value: '2' },
      ],
    });
    await log({ tags: [{ key: 'mlflow.runName', value: 'named' }] });
    expect(await tags()).toEqual([
      { key: 'k', value: '2' },
      { key: 'mlflow.runName', value: 'named' },
    ]);
    expect((await t.as(ada, () => runs.get(runId))).name).toBe('named');
    await t.as(ada, () => data.deleteTag(runId, 'k'));
    await expect(t.as(ada, () => data.deleteTag(runId, 'k'))).rejects.toThrow(NotFound);
    expect(await tags()).toHaveLength(1);
  });

  it('takes nothing into a deleted run', async () => {
    await t.as(ada, () => runs.delete(runId));
    await expect(log({ metrics: [point('m', 1)] })).rejects.toMatchObject({ reason: 'RUN_DELETED' });
    await expect(t.as(ada, () => data.deleteTag(runId, 'mlflow.runName'))).rejects.toMatchObject({
      reason: 'RUN_DELETED',
    });
  });

  it('adds metrics to models that the caller may EDIT, and to no others', async () => {
    const models = t.module.get(LoggedModels);
    const model = await t.as(ada, () => models.create({ experimentId, name: 'model' }));
    const dataset = { datasetName: 'train', datasetDigest: 'd' };
    await log({
      metrics: [
        point('acc', 0.5, 1, 1, { modelId: model.id, ...dataset }),
        point('acc', 0.7, 2, 1, { modelId: model.id, ...dataset }),
        point('acc', 0.6, 1, 1, { modelId: model.id, datasetName: 'test', datasetDigest: 'e' }),
      ],
    });
    const { metrics } = await t.as(ada, () => models.get(model.id));
    expect(metrics.map(({ value, datasetName, runId: from }) => [value, datasetName, from])).toEqual([
      [0.6, 'test', runId],
      [0.7, 'train', runId],
    ]);

    const eve = await new Factories(t.db).user();
    const hers = await t.as(eve, async () => {
      const { experimentId: id } = await t.module.get(Experiments).create({ name: 'eve' });
      return runs.create({ experimentId: id });
    });
    const poison = [point('acc', 1, 99, 99, { modelId: model.id })];
    await expect(t.as(eve, () => data.log(hers.id, { metrics: poison }))).rejects.toThrow(NotFound);
    await expect(log({ metrics: [point('acc', 1, 0, 1, { modelId: 'm-none' })] })).rejects.toThrow(NotFound);
  });
});
