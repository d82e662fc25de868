import { readFileSync } from 'node:fs';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('the tracking API', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment_id: string;

  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
    stranger = await t.make.user();
    experiment_id = (await post('experiments/create', { name: 'churn', tags: [{ key: 'team', value: 'ml' }] })).body
      .experiment_id;
  });
  afterAll(() => t.close());

  const api = '/api/2.0/mlflow';
  const send = (method: string, route: string, body?: unknown, who = ada) =>
    t.call(method, `${api}/${route}`, { token: who.token, body });
  const post = (route: string, body: unknown, who?: TestPrincipal) => send('POST', route, body, who);
  const get = (route: string, query: Record<string, string> = {}, who?: TestPrincipal) =>
    send('GET', `${route}?${new URLSearchParams(query)}`, undefined, who);
  const begin = async (body: object = {}) => (await post('runs/create', { experiment_id, ...body })).body.run;

  it('speaks of experiments', async () => {
    const { body } = await get('experiments/get-by-name', { experiment_name: 'churn' });
    expect(body.experiment).toEqual({
      experiment_id,
      name: 'churn',
      artifact_location: `mlflow-artifacts:/${experiment_id}`,
      lifecycle_stage: 'active',
      creation_time: expect.any(Number),
      last_update_time: expect.any(Number),
      tags: [{ key: 'team', value: 'ml' }],
    });
    expect(await get('experiments/get', { experiment_id })).toMatchObject({ status: 200, body });
    expect(await post('experiments/create', { name: 'churn' })).toMatchObject({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS' },
    });
    for (const search of [
      post('experiments/search', { filter: "tags.team = 'ml'" }),
      get('experiments/search', { filter: "name = 'churn'" }),
    ]) {
      expect((await search).body.experiments).toHaveLength(1);
    }
    expect((await post('experiments/search', {}, stranger)).body).toEqual({});
  });

  it('renames, tags, deletes and restores them', async () => {
    const { body } = await post('experiments/create', { name: 'short-lived' });
    const steps: [string, object][] = [
      ['update', { new_name: 'renamed' }],
      ['set-experiment-tag', { key: 'k', value: '' }],
      ['delete-experiment-tag', { key: 'k' }],
      ['delete', {}],
      ['restore', {}],
    ];
    for (const [step, fields] of steps) {
      expect(await post(`experiments/${step}`, { ...body, ...fields }, stranger)).toMatchObject({ status: 404 });
      expect(await post(`experiments/${step}`, { ...body, ...fields })).toMatchObject({ status: 200, body: {} });
    }
    expect((await get('experiments/get', body)).body.experiment).toMatchObject({
      name: 'renamed',
      lifecycle_stage: 'active',
    });
  });

  it('speaks of runs', async () => {
    const run = await begin({ user_id: 'root', start_time: 1, tags: [{ key: 'k', value: 'v' }], unknown_field: 1 });
    const { run_id, run_name } = run.info;
    expect(run).toEqual({
      info: {
        run_id,
        run_uuid: run_id,
        run_name,
        experiment_id,
        user_id: 'root',
        status: 'RUNNING',
        start_time: 1,
        artifact_uri: `mlflow-artifacts:/${experiment_id}/${run_id}/artifacts`,
        lifecycle_stage: 'active',
      },
      data: {
        tags: [
          { key: 'k', value: 'v' },
          { key: 'mlflow.runName', value: run_name },
        ],
      },
      inputs: {},
      outputs: {},
    });
    expect((await get('runs/get', { run_uuid: run_id })).body.run).toEqual(run);
    const updated = await post('runs/update', { run_uuid: run_id, status: 3, end_time: '7', run_name: 'renamed' });
    expect(updated.body.run_info).toMatchObject({ status: 'FINISHED', end_time: 7, run_name: 'renamed' });
    expect(await post('runs/delete', { run_id })).toMatchObject({ status: 200, body: {} });
    expect((await get('runs/get', { run_id })).body.run.info.lifecycle_stage).toBe('deleted');
    expect(await post('runs/restore', { run_id })).toMatchObject({ status: 200, body: {} });
    expect(await get('runs/get', { run_id }, stranger)).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `Run with id=${run_id} not found` },
    });
  });

  it('takes metrics, params, tags, inputs and outputs, one by one and in a batch', async () => {
    const { run_id } = (await begin()).info;
    const dataset = { name: 'train', digest: 'd1', source_type: 'local', source: '{}', schema: '{}' };
    const { model_id } = (await post('logged-models', { experiment_id, name: 'model' })).body.model.info;
    const scored = { dataset_name: 'train', dataset_digest: 'd1' };
    const steps: [string, object][] = [
      ['log-metric', { key: 'nan', value: 'NaN', timestamp: 1, model_id, ...scored }],
      ['log-metric', { key: 'inf', value: '-Infinity', timestamp: '2', step: '3' }],
      ['log-parameter', { key: 'lr', value: '' }],
      ['set-tag', { key: 'gone', value: 'x' }],
      ['delete-tag', { key: 'gone' }],
      [
        'log-batch',
        {
          metrics: [{ key: 'acc', value: 0.5, timestamp: 1, step: -1 }],
          params: [{ key: 'c', value: '1' }],
          tags: [{ key: 't', value: 'x' }],
        },
      ],
      ['log-batch', {}],
      [
        'log-inputs',
        { datasets: [{ tags: [{ key: 'mlflow.data.context', value: 'train' }], dataset }], models: [{ model_id }] },
      ],
      ['outputs', { models: [{ model_id, step: '4' }] }],
    ];
    for (const [step, fields] of steps) {
      expect([step, await post(`runs/${step}`, { run_id, ...fields })]).toMatchObject([
        step,
        { status: 200, body: {} },
      ]);
      expect([step, await post(`runs/${step}`, { run_id, ...fields }, stranger)]).toMatchObject([
        step,
        { status: 404 },
      ]);
    }
    const { run } = (await get('runs/get', { run_id })).body;
    expect(run.data.metrics).toEqual([
      { key: 'acc', value: 0.5, timestamp: 1, step: -1 },
      { key: 'inf', value: '-Infinity', timestamp: 2, step: 3 },
      { key: 'nan', value: 'NaN', timestamp: 1, step: 0, ...scored },
    ]);
    expect(run.data.params).toEqual([
      { key: 'c', value: '1' },
      { key: 'lr', value: '' },
    ]);
    expect(run.data.tags.map(({ key }: { key: string }) => key)).toEqual(['mlflow.runName', 't']);
    expect(run.inputs).toEqual({
      dataset_inputs: [{ tags: [{ key: 'mlflow.data.context', value: 'train' }], dataset }],
      model_inputs: [{ model_id }],
    });
    expect(run.outputs).toEqual({ model_outputs: [{ model_id, step: 4 }] });
    const history = await get('metrics/get-history', { run_id, metric_key: 'inf', max_results: '25000' });
    expect(history.body).toEqual({ metrics: [{ key: 'inf', value: '-Infinity', timestamp: 2, step: 3 }] });
  });

  it('pages the history of a metric', async () => {
    const { run_id } = (await begin()).info;
    const metrics = [1, 2, 3].map((step) => ({ key: 'm', value: step, timestamp: step, step }));
    await post('runs/log-batch', { run_id, metrics });
    const first = await get('metrics/get-history', { run_id, metric_key: 'm', max_results: '2' });
    expect(first.body.metrics).toHaveLength(2);
    const next = { run_id, metric_key: 'm', max_results: '2', page_token: first.body.next_page_token };
    expect((await get('metrics/get-history', next)).body).toEqual({ metrics: [{ ...metrics[2] }] });
    const broken = await get('metrics/get-history', { ...next, page_token: 'xyz' });
    expect(broken).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('Invalid page token "xyz"') },
    });
  });

  it('searches runs by MLflow’s filters, in its orders', async () => {
    const { body } = await post('experiments/create', { name: 'searched' });
    for (const value of [0.1, 0.9, 0.5]) {
      const { run_id } = (await begin({ ...body, run_name: `r${value}` })).info;
      await post('runs/log-metric', { run_id, key: 'val acc', value, timestamp: 1 });
    }
    const search = (fields: object, who?: TestPrincipal) =>
      post('runs/search', { experiment_ids: [body.experiment_id], run_view_type: 'ACTIVE_ONLY', ...fields }, who);
    const names = (answer: { body: { runs?: { info: { run_name: string } }[] } }) =>
      answer.body.runs?.map(({ info }) => info.run_name);
    const order_by = ['metrics.`val acc` DESC'];
    expect(
      names(await search({ order_by, filter: 'metrics.`val acc` > 0.2 AND attributes.run_name ILIKE "R%"' })),
    ).toEqual(['r0.9', 'r0.5']);
    const first = await search({ order_by, max_results: 2 });
    expect(names(await search({ order_by, max_results: 2, page_token: first.body.next_page_token }))).toEqual(['r0.1']);
    expect((await search({}, stranger)).body).toEqual({});
    for (const wrong of [
      { filter: 'a OR b' },
      { order_by: ['x y z'] },
      { max_results: 0 },
      { max_results: 50_001 },
      { page_token: first.body.next_page_token },
      { run_view_type: 'SOME' },
    ]) {
      expect(await search(wrong)).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
    }
  });

  it('tells its version to everybody', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect((await t.call('GET', '/version')).body).toBe(version);
  });
});
