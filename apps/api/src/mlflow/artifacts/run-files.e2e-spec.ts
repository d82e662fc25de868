import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('single files of runs and logged models', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment_id: string;
  let run_uuid: string;

  const api = '/ajax-api/2.0/mlflow';
  const upload = (query: Record<string, string>, bytes: string | undefined, who = ada) =>
    t.call('POST', `${api}/upload-artifact?${new URLSearchParams(query)}`, {
      token: who.token,
      body: bytes,
      headers: { 'content-type': 'application/json' },
    });
  const post = (route: string, body: object) => t.call('POST', `${api}/${route}`, { token: ada.token, body });
  const get = (path: string, who = ada, headers = {}) => t.call('GET', path, { token: who.token, headers });

  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
    stranger = await t.make.user();
    experiment_id = (await post('experiments/create', { name: 'churn' })).body.experiment_id;
    run_uuid = (await post('runs/create', { experiment_id })).body.run.info.run_id;
  });
  afterAll(() => t.close());

  it('takes a file into the folder of a run, whatever its type, and gives it back', async () => {
    expect(await upload({ run_uuid, path: 'notes/a.txt' }, '{ no JSON')).toMatchObject({ status: 200, body: {} });
    const file = await get(`/get-artifact?run_uuid=${run_uuid}&path=notes/a.txt`, ada, { range: 'bytes=2-3' });
    expect(file).toMatchObject({ status: 206, headers: expect.any(Headers) });
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect((await get(`/get-artifact?run_id=${run_uuid}&path=absent`)).status).toBe(404);
  });

  it('gives a file of a logged model', async () => {
    const { model } = (await post('logged-models', { experiment_id, name: 'model' })).body;
    const { model_id } = model.info;
    const path = `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/models/${model_id}/artifacts/MLmodel`;
    await t.call('PUT', path, { token: ada.token, body: 'flavors: {}' });
    const file = `${api}/logged-models/${model_id}/artifacts/files?artifact_file_path=MLmodel`;
    expect(await get(file)).toMatchObject({ status: 200, body: 'flavors: {}' });
    expect((await get(file, stranger)).status).toBe(404);
    expect((await get(file.split('?')[0] as string)).status).toBe(400);
    expect((await get(file.replace('MLmodel', '../../x'))).status).toBe(400);
  });

  it('gives a file of a model version to whom may load the model', async () => {
    await t.make.schema('files.s', ada);
    await upload({ run_uuid, path: 'model/MLmodel' }, 'flavors: {}');
    const name = 'files.s.m';
    await post('registered-models/create', { name });
    const source = `runs:/${run_uuid}/model`;
    expect((await post('model-versions/create', { name, source, run_id: run_uuid })).status).toBe(200);
    const file = `/model-versions/get-artifact?name=${name}&version=1&path=MLmodel`;
    expect(await get(file)).toMatchObject({ status: 200, body: 'flavors: {}' });
    expect((await get(file, stranger)).status).toBe(404);
    const catalog = await t.db.prisma.securable.findFirst({ where: { fullName: 'files' } });
    const user = await t.make.user();
    await t.make.grant(user, { id: catalog?.id as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    expect((await get(file, user)).status).toBe(200);
    expect((await get(`/get-artifact?run_id=${run_uuid}&path=model/MLmodel`, user)).status).toBe(404);
    expect((await get(file.replace('MLmodel', '../a'), user)).status).toBe(400);
    expect((await get(file.replace('MLmodel', 'none'), user)).status).toBe(404);
  });

  it('refuses a path out of the folder, nothing to store, and those without EDIT or READ', async () => {
    for (const [query, bytes, told] of [
      [{}, 'x', 'Request must specify run_uuid.'],
      [{ run_uuid }, 'x', 'Request must specify path.'],
      [{ run_uuid, path: 'a' }, undefined, 'Request must specify data.'],
      [{ run_uuid, path: '../a' }, 'x', 'is not an artifact path'],
    ] as [Record<string, string>, string | undefined, string][]) {
      const answer = await upload(query, bytes);
      expect(answer).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
      expect(answer.body.message).toContain(told);
    }
    expect((await upload({ run_uuid, path: 'a' }, 'x', stranger)).status).toBe(404);
    const reader = await t.make.user();
    const experiment = await t.db.first<{ id: string }>(
      sql`SELECT securable_id AS id FROM experiments WHERE id = ${experiment_id}::int8`,
    );
    await t.make.grant(reader, experiment as { id: string }, 'READ');
    expect((await upload({ run_uuid, path: 'a' }, 'x', reader)).status).toBe(403);
    expect((await get(`/get-artifact?run_uuid=${run_uuid}&path=notes/a.txt`, reader)).status).toBe(200);
    expect((await get(`/get-artifact?run_uuid=${run_uuid}&path=notes/a.txt`, stranger)).status).toBe(404);
  });
});
