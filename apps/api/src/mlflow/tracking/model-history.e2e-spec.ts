import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('runs/log-model, which clients of MLflow 2 call', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let run_id: string;

  const post = (route: string, body: unknown, who = ada) =>
    t.call('POST', `/api/2.0/mlflow/${route}`, { token: who.token, body });
  const model = (artifact_path: string, more: object = {}) =>
    JSON.stringify({
      run_id,
      artifact_path,
      utc_time_created: '2026-11-21 10:00:00',
      flavors: { python_function: { loader_module: 'mlflow.sklearn', config: { secret: 1 } } },
      model_size_bytes: 7,
      ...more,
    });
  const history = async () => {
    const { body } = await t.call('GET', `/api/2.0/mlflow/runs/get?run_id=${run_id}`, { token: ada.token });
    const tags: { key: string; value: string }[] = body.run.data.tags ?? [];
    const tag = tags.find(({ key }) => key === 'mlflow.log-model.history');
    return tag && JSON.parse(tag.value);
  };

  beforeEach(async () => {
    const { experiment_id } = (await post('experiments/create', { name: crypto.randomUUID() })).body;
    run_id = (await post('runs/create', { experiment_id })).body.run.info.run_id;
  });
  beforeAll(async () => {
    t = await createTestApp();
    [ada, stranger] = [await t.make.user(), await t.make.user()];
  });
  afterAll(() => t.close());

  it('keeps a summary of each model in the tag of the run, also of many at once', async () => {
    expect(await post('runs/log-model', { run_id, model_json: model('first') })).toMatchObject({
      status: 200,
      body: {},
    });
    expect(await history()).toEqual([
      {
        run_id,
        artifact_path: 'first',
        utc_time_created: '2026-11-21 10:00:00',
        flavors: { python_function: { loader_module: 'mlflow.sklearn' } },
      },
    ]);
    const more = ['second', 'third', 'fourth', 'fifth'];
    await Promise.all(more.map((name) => post('runs/log-model', { run_id, model_json: model(name) })));
    const paths = (await history()).map(({ artifact_path }: { artifact_path: string }) => artifact_path);
    expect(paths.sort()).toEqual(['first', ...more].sort());
  });

  it('replaces what is no history', async () => {
    await post('runs/set-tag', { run_id, key: 'mlflow.log-model.history', value: 'something else' });
    await post('runs/log-model', { run_id, model_json: model('first') });
    expect(await history()).toHaveLength(1);
  });

  it.each([
    ['{', 'Malformed model info.'],
    ['[]', 'Malformed model info.'],
    ['{"flavors": {}, "run_id": "x"}', 'Model json is missing mandatory fields: artifact_path, utc_time_created'],
    ['long', "'mlflow.log-model.history' exceeds the maximum length of 8000 characters"],
  ])('refuses %s, and keeps nothing of it', async (json, message) => {
    const model_json = json === 'long' ? model('x'.repeat(8000)) : json;
    const { status, body } = await post('runs/log-model', { run_id, model_json });
    expect([status, body.error_code, body.message]).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      expect.stringContaining(message),
    ]);
    expect(await history()).toBeUndefined();
  });

  it('is refused to strangers as if there were no run, and for deleted runs', async () => {
    const model_json = model('first');
    const hidden = await post('runs/log-model', { run_id, model_json }, stranger);
    const absent = await post('runs/log-model', { run_id: 'a'.repeat(32), model_json }, stranger);
    expect(hidden).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
    expect(JSON.stringify(hidden.body).replace(run_id, '')).toBe(
      JSON.stringify(absent.body).replace('a'.repeat(32), ''),
    );
    await post('runs/delete', { run_id });
    expect((await post('runs/log-model', { run_id, model_json })).body.message).toContain(
      "must be in the 'active' state",
    );
  });
});
