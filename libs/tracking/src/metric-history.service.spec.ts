import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Experiments } from './experiment.service.js';
import { MetricHistories } from './metric-history.service.js';
import { Runs } from './run.service.js';
import { RunData } from './run-data.service.js';
import { TrackingModule } from './tracking.module.js';

describe('MetricHistories', () => {
  let t: TestModule;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experimentId: string;

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    const make = new Factories(t.db);
    ada = await make.user('ada');
    stranger = await make.user();
    experimentId = (await t.as(ada, () => t.module.get(Experiments).create({ name: 'churn' }))).experimentId;
  });
  afterAll(() => t.close());

  /** A run with one point of "loss" at each of the steps; its value is the step, too. */
  async function runWith(...steps: number[]): Promise<string> {
    const { id } = await t.as(ada, () => t.module.get(Runs).create({ experimentId }));
    const scope = { modelId: null, datasetName: null, datasetDigest: null };
    const metrics = steps.map((step) => ({ key: 'loss', value: step, step, timestamp: 1, ...scope }));
    await t.as(ada, () => t.module.get(RunData).log(id, { metrics }));
    return id;
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, step) => step);
  const histories = () => t.module.get(MetricHistories);
  const sampled = async (ids: string[], most: number, range?: { first: number; last: number }, who = ada) =>
    (await t.as(who, () => histories().sampled(ids, 'loss', most, range))).map(({ runId, step }) => [runId, step]);
  const ofRuns = async (ids: string[], most = 100, who = ada) =>
    (await t.as(who, () => histories().ofRuns(ids, 'loss', most))).map(({ runId, step }) => [runId, step]);
  const points = (id: string, steps: number[]) => steps.map((step) => [id, step]);

  it('gives the first points of many runs, by run', async () => {
    const ids = [await runWith(3, 1, 2), await runWith(7), await runWith()].sort();
    const all = await ofRuns(ids);
    expect(all).toHaveLength(4);
    expect(all.map(([id]) => id)).toEqual([...all.map(([id]) => id as string)].sort());
    expect(await ofRuns(ids, 2)).toEqual(all.slice(0, 2));
    expect(await ofRuns([...ids, 'absent'])).toEqual(all);
  });

  it('chooses steps at equal distances, the last one, and the same for every run', async () => {
    const short = await runWith(...upTo(10));
    const long = await runWith(...upTo(20));
    expect(await sampled([short], 5)).toEqual(points(short, [0, 2, 4, 6, 8, 9]));
    expect(await sampled([long, short], 5)).toEqual([
      ...points(long, [0, 4, 8, 9, 12, 16, 19]),
      ...points(short, [0, 4, 8, 9]),
    ]);
    expect(await sampled([short, short], 100)).toEqual(points(short, upTo(10)));
  });

  it('keeps to a range of steps, and begins at 0 without one', async () => {
    const id = await runWith(-2, -1, 0, 1, 2, 3);
    expect(await sampled([id], 100)).toEqual(points(id, [0, 1, 2, 3]));
    expect(await sampled([id], 100, { first: -2, last: 1 })).toEqual(points(id, [-2, -1, 0, 1]));
    expect(await sampled([id], 1, { first: -1, last: 2 })).toEqual(points(id, [-1, 2]));
    expect(await sampled([id], 1, { first: 9, last: 9 })).toEqual([]);
  });

  it('gives about as many steps as were asked for, however they lie', async () => {
    const id = await runWith(...upTo(1000).map((step) => step * step));
    for (const most of [1, 2, 3, 7, 333, 999]) {
      const { length } = await sampled([id], most);
      // The two ends may be chosen in addition.
      expect({ most, enough: length >= most, few: length <= most + 2 }).toEqual({ most, enough: true, few: true });
    }
    expect(await sampled([id], 1000)).toHaveLength(1000);
  });

  it('is silent about the runs of others, or says that there is none', async () => {
    const id = await runWith(1);
    expect(await ofRuns([id], 100, stranger)).toEqual([]);
    await expect(sampled([id], 100, undefined, stranger)).rejects.toThrow(`Run "${id}" does not exist`);
    await expect(sampled([id, 'absent'], 100)).rejects.toThrow('Run "absent" does not exist');
  });

  it('refuses no run, too many, and a range that ends before it begins', async () => {
    const many = Array.from({ length: 101 }, (_, index) => `r${index}`);
    await expect(ofRuns([])).rejects.toThrow('at least one run_id');
    await expect(ofRuns(many)).rejects.toThrow('cannot specify more than 100 run_ids. Received 101');
    await expect(sampled(many, 5)).rejects.toThrow('at most 100 run_ids. Received 101');
    await expect(sampled(['a'], 5, { first: 1, last: 0 })).rejects.toThrow('end_step must be greater than start_step');
  });
});
