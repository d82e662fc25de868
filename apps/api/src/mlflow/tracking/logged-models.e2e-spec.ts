import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('the API of logged models', () => {
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

  it('speaks of logged models', async () => {
    const { info } = await begin();
    const made = await post('logged-models', {
      experiment_id,
      name: 'm',
      source_run_id: info.run_id,
      params: [{ key: 'p', value: '1' }],
    });
    const { model } = made.body;
    const id = model.info.model_id;
    expect(model).toMatchObject({
      info: { status: 'LOGGED_MODEL_PENDING', source_run_id: info.run_id },
      data: { params: [{ key: 'p', value: '1' }] },
    });
    const steps: [string, string, object?][] = [
      ['PATCH', `logged-models/${id}`, { status: 'LOGGED_MODEL_READY' }],
      ['PATCH', `logged-models/${id}/tags`, { tags: [{ key: 'a/b c', value: 'x' }] }],
      ['POST', `logged-models/${id}/params`, { params: [{ key: 'q', value: '2' }] }],
      ['GET', `logged-models/${id}/artifacts/directories`],
      ['GET', `logged-models/${id}`],
    ];
    for (const [method, route, fields] of steps) {
      expect([route, await send(method, route, fields)]).toMatchObject([route, { status: 200 }]);
      expect([route, await send(method, route, fields, stranger)]).toMatchObject([route, { status: 404 }]);
    }
    const found = await post('logged-models/search', {
      experiment_ids: [experiment_id],
      filter: "name = 'm' AND tags.`a/b c` = 'x'",
      order_by: [{ field_name: 'creation_timestamp', ascending: false }],
    });
    expect(found.body.models).toMatchObject([{ info: { model_id: id, status: 'LOGGED_MODEL_READY' } }]);
    expect((await send('DELETE', `logged-models/${id}/tags/${encodeURIComponent('a/b c')}`)).body).toEqual({});
    expect((await send('DELETE', `logged-models/${id}`)).body).toEqual({});
    expect((await send('GET', `logged-models/${id}`)).status).toBe(404);
  });

  it('keeps a point of a run for each model that it is logged for once more, as log_model does', async () => {
    const { run_id } = (await begin()).info;
    const point = { key: 'auc', value: 0.9, timestamp: 7, step: 3 };
    await post('runs/log-batch', { run_id, metrics: [point] });
    const ids: string[] = [];
    for (const name of ['first', 'second']) {
      const { model_id } = (await post('logged-models', { experiment_id, name, source_run_id: run_id })).body.model
        .info;
      ids.push(model_id);
      const again = [{ ...point, model_id, dataset_name: 'holdout', dataset_digest: 'd1' }];
      for (let time = 0; time < 2; time += 1) {
        expect((await post('runs/log-batch', { run_id, metrics: again })).status).toBe(200);
      }
      const { model } = (await send('GET', `logged-models/${model_id}`)).body;
      const ofModel = { ...point, model_id, run_id, dataset_name: 'holdout', dataset_digest: 'd1' };
      expect(model.data.metrics).toEqual([ofModel]);
    }
    expect((await get('metrics/get-history', { run_id, metric_key: 'auc' })).body.metrics).toEqual([point]);
    const { body } = await post('logged-models/search', {
      experiment_ids: [experiment_id],
      filter: 'metrics.auc > 0.8',
      datasets: [{ dataset_name: 'holdout', dataset_digest: 'd1' }],
      order_by: [{ field_name: 'metrics.auc', dataset_name: 'holdout' }, { field_name: 'name' }],
    });
    expect(body.models.map((model: { info: { model_id: string } }) => model.info.model_id)).toEqual(ids);
  });

  it('lists the files of a run and of a logged model', async () => {
    const { info } = await begin();
    const { model } = (await post('logged-models', { experiment_id })).body;
    for (const root of [info.artifact_uri, model.info.artifact_uri]) {
      const target = `/api/2.0/mlflow-artifacts/artifacts/${root.split(':/')[1]}/a/f`;
      expect((await t.call('PUT', target, { token: ada.token, body: 'x' })).status).toBe(200);
    }
    const ofRun = await get('artifacts/list', { run_id: info.run_id });
    expect(ofRun.body).toEqual({ root_uri: info.artifact_uri, files: [{ path: 'a', is_dir: true }] });
    const below = { files: [{ path: 'a/f', is_dir: false, file_size: 1 }] };
    expect((await get('artifacts/list', { run_id: info.run_id, path: 'a' })).body).toMatchObject(below);
    const ofModel = `logged-models/${model.info.model_id}/artifacts/directories`;
    expect((await get(ofModel, { artifact_directory_path: 'a' })).body).toMatchObject(below);
    expect((await get('artifacts/list', { run_id: info.run_id, path: '../..' })).status).toBe(400);
    expect((await get('artifacts/list', { run_id: info.run_id }, stranger)).status).toBe(404);
  });
});
