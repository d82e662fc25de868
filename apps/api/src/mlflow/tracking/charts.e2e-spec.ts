import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('what MLflow’s pages ask of runs', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment_id: string;
  let run_id: string;

  const api = '/ajax-api/2.0/mlflow';
  const post = (route: string, body: unknown, who = ada) =>
    t.call('POST', `${api}/${route}`, { token: who.token, body });
  const get = (route: string, query: [string, string][], who = ada) =>
    t.call('GET', `${api}/${route}?${new URLSearchParams(query)}`, { token: who.token });
  const metrics = [1, 2, 3].map((step) => ({ key: 'loss', value: step / 2, timestamp: step, step }));

  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
    stranger = await t.make.user();
    experiment_id = (await post('experiments/create', { name: 'churn' })).body.experiment_id;
    run_id = (await post('runs/create', { experiment_id })).body.run.info.run_id;
    await post('runs/log-batch', { run_id, metrics });
    const dataset = { name: 'customers', digest: 'd1', source_type: 'local', source: '{}' };
    await post('runs/log-inputs', {
      run_id,
      datasets: [{ dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] }],
    });
    await post('runs/log-inputs', { run_id, datasets: [{ dataset: { ...dataset, name: 'plain' } }] });
  });
  afterAll(() => t.close());

  it('the history of a metric in many runs', async () => {
    const of = (more: [string, string][] = [], who?: TestPrincipal) =>
      get('metrics/get-history-bulk', [['run_id', run_id], ['metric_key', 'loss'], ...more], who);
    expect((await of()).body).toEqual({ metrics: metrics.map((metric) => ({ ...metric, run_id })) });
    expect((await of([['max_results', '1']])).body.metrics).toHaveLength(1);
    expect((await of([['max_results', '999999']])).body.metrics).toHaveLength(3);
    expect((await of([['run_id', 'absent']])).body.metrics).toHaveLength(3);
    expect(await of([], stranger)).toMatchObject({ status: 200, body: { metrics: [] } });
    expect(await get('metrics/get-history-bulk', [['run_id', run_id]])).toMatchObject({
      status: 400,
      body: { message: 'GetMetricHistoryBulk request must specify a metric_key.' },
    });
    expect((await of([['max_results', '0']])).status).toBe(400);
  });

  it('samples of it', async () => {
    const of = (more: [string, string][] = [], who?: TestPrincipal) =>
      get('metrics/get-history-bulk-interval', [['run_ids', run_id], ['metric_key', 'loss'], ...more], who);
    expect((await of()).body).toEqual({ metrics: metrics.map((metric) => ({ ...metric, run_id })) });
    const steps: [string, string][] = [
      ['start_step', '2'],
      ['end_step', '2'],
    ];
    expect((await of(steps)).body.metrics).toEqual([{ ...metrics[1], run_id }]);
    expect((await of([], stranger)).status).toBe(404);
    expect((await of([['run_ids', 'absent']])).status).toBe(404);
    for (const [wrong, told] of [
      [[['start_step', '1']], 'both must be specified'],
      [[['max_results', '2501']], 'max_results must be between 1 and 2500.'],
      [[['max_results', 'x']], 'max_results'],
      [
        [
          ['start_step', '2'],
          ['end_step', '1'],
        ],
        'end_step must be greater',
      ],
    ] as const) {
      const answer = await of(wrong.map((pair) => [...pair]));
      expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(told) } });
    }
    expect((await get('metrics/get-history-bulk-interval', [['metric_key', 'loss']])).body.message).toMatch(
      /^Missing value for required parameter 'run_ids'/,
    );
  });

  it('the datasets of experiments', async () => {
    const of = (experiment_ids: unknown, who?: TestPrincipal) =>
      post('experiments/search-datasets', { experiment_ids }, who);
    expect((await of([experiment_id, 'none', '999'])).body).toEqual({
      dataset_summaries: [
        { experiment_id, name: 'customers', digest: 'd1', context: 'training' },
        { experiment_id, name: 'plain', digest: 'd1' },
      ],
    });
    expect((await of([experiment_id], stranger)).body).toEqual({});
    for (const wrong of [[], undefined, Array(21).fill('1')]) expect((await of(wrong)).status).toBe(400);
  });
});
