import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';

describe('the source of a version', () => {
  let d: RegistryDoor;
  let experimentId: string;
  let runId: string;
  let loggedModelId: string;
  const name = 'prod.fraud.sourced';

  const upload = async (path: string, text: string) => {
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await d.t.call('PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}`, {
      token: d.owner.token,
      body: text,
      headers,
    });
    expect(answer.status).toBe(200);
  };
  const create = (body: Record<string, unknown>, who?: TestPrincipal) =>
    d.post('model-versions/create', { name, ...body }, who);
  const newRun = async () =>
    (await d.post('runs/create', { experiment_id: experimentId, start_time: 1 })).body.run.info.run_id as string;

  beforeAll(async () => {
    d = await createRegistryDoor();
    await d.model(name);
    experimentId = (await d.post('experiments/create', { name: 'training' })).body.experiment_id;
    runId = await newRun();
    const logged = { experiment_id: experimentId, name: 'model', source_run_id: runId };
    loggedModelId = (await d.post('logged-models', logged)).body.model.info.model_id;
    await upload(`${experimentId}/${runId}/artifacts/model/MLmodel`, 'flavors: { sklearn: {} }');
    await upload(`${experimentId}/models/${loggedModelId}/artifacts/MLmodel`, 'flavors: { sklearn: {} }');
  });
  afterAll(() => d.close());

  it('may be a logged model, whose run it takes over', async () => {
    const source = `models:/${loggedModelId}`;
    const { status, body } = await create({ source, model_id: loggedModelId });
    expect(status).toBe(200);
    expect(body.model_version).toMatchObject({ source, run_id: runId, status: 'READY' });
    const uri = await d.get('model-versions/get-download-uri', { name, version: body.model_version.version });
    expect(uri.body.artifact_uri).toBe(`mlflow-artifacts:/${experimentId}/models/${loggedModelId}/artifacts`);
  });

  it('may be artifacts of a run, by either URI', async () => {
    const path = `${experimentId}/${runId}/artifacts/model`;
    for (const source of [`runs:/${runId}/model`, `mlflow-artifacts:/${path}`]) {
      const { body } = await create({ source, run_id: runId });
      expect(body.model_version).toMatchObject({ source, run_id: runId, status: 'READY' });
      const uri = await d.get('model-versions/get-download-uri', { name, version: body.model_version.version });
      expect(uri.body.artifact_uri).toBe(`mlflow-artifacts:/${path}`);
    }
  });

  it('may be the path of a run beside which a model of that name was logged', async () => {
    const run = await newRun();
    const logged = { experiment_id: experimentId, name: 'beside', source_run_id: run };
    const { model_id } = (await d.post('logged-models', logged)).body.model.info;
    await upload(`${experimentId}/models/${model_id}/artifacts/MLmodel`, 'flavors: { sklearn: {} }');
    const { body } = await create({ source: `runs:/${run}/beside`, run_id: run });
    expect(body.model_version).toMatchObject({ source: `runs:/${run}/beside`, run_id: run, status: 'READY' });
    const uri = await d.get('model-versions/get-download-uri', { name, version: body.model_version.version });
    expect(uri.body.artifact_uri).toBe(`mlflow-artifacts:/${experimentId}/models/${model_id}/artifacts`);
  });

  it('seals what it names', async () => {
    await create({ source: `runs:/${runId}/model` });
    const answer = await d.t.call(
      'PUT',
      `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${runId}/artifacts/model/MLmodel`,
      {
        token: d.owner.token,
        body: 'changed',
        headers: { 'content-type': 'application/octet-stream' },
      },
    );
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('registered version');
  });

  it('fails when there are no files', async () => {
    const { body } = await create({ source: `runs:/${runId}/nothing` });
    expect(body.model_version).toMatchObject({ status: 'FAILED_REGISTRATION' });
    expect(body.model_version.status_message).toContain('holds no files');
  });

  it('may be another version, by number, alias, stage and "latest", which is copied', async () => {
    const copy = await d.model('prod.fraud.copy');
    const original = (await create({ source: `models:/${loggedModelId}` })).body.model_version.version;
    await d.post('registered-models/alias', { name, alias: 'live', version: original });
    await d.post('model-versions/transition-stage', { name, version: original, stage: 'Staging' });
    for (const source of [`${name}/${original}`, `${name}@live`, `${name}/staging`, `${name}/latest`]) {
      const { body } = await d.post('model-versions/create', {
        name: copy,
        source: `models:/${source}`,
        run_id: runId,
      });
      expect(body.model_version).toMatchObject({
        name: copy,
        source: `models:/${name}/${original}`,
        run_id: runId,
        status: 'READY',
      });
    }
    const denied = await d.post(
      'model-versions/create',
      { name: copy, source: `models:/${name}/${original}` },
      d.stranger,
    );
    expect(denied.status).toBe(404);
  });

  it('may be the placeholder of a prompt, and only that', async () => {
    const prompt = await d.model('prod.fraud.prompt');
    const tags = [
      { key: 'mlflow.prompt.is_prompt', value: 'true' },
      { key: 'mlflow.prompt.text', value: 'Hello {{ name }}' },
    ];
    const made = await d.post('model-versions/create', { name: prompt, source: 'dummy-source', tags });
    expect(made.body.model_version).toMatchObject({ version: '1', status: 'READY', source: 'dummy-source' });
    expect((await d.post('model-versions/create', { name: prompt, source: 's3://b/m', tags })).status).toBe(400);
    expect((await create({ source: 'models:/prod.fraud.prompt/1' })).body.message).toContain('a version of a prompt');
  });

  it('is refused when a run or a logged model is named that does not contain it', async () => {
    const otherRun = await newRun();
    const inRun = `mlflow-artifacts:/${experimentId}/${runId}/artifacts/model`;
    const inModel = `mlflow-artifacts:/${experimentId}/models/${loggedModelId}/artifacts`;
    for (const body of [
      { source: inRun },
      { source: inRun, run_id: otherRun },
      { source: inRun, model_id: loggedModelId },
      { source: inModel, run_id: runId },
      { source: `runs:/${runId}/model`, run_id: otherRun },
      { source: `models:/${loggedModelId}`, run_id: otherRun },
      { source: `models:/${loggedModelId}`, model_id: `m-${'0'.repeat(32)}` },
      { source: `mlflow-artifacts:/${experimentId}/${runId}/artifacts-2/model`, run_id: runId },
    ]) {
      const answer = await create(body);
      expect([answer.status, answer.body.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    }
    expect((await create({ source: inModel, model_id: loggedModelId })).body.model_version.run_id).toBe(runId);
  });

  it.each([
    '/etc/passwd',
    'model',
    'C:\\models\\m',
    'file:///etc/passwd',
    's3://bucket/../other',
    's3://bucket/%2e%2e/other',
    's3://bucket/%252e%252e/other',
    'mlflow-artifacts:/1/../2',
    'runs:/x',
    'models:/',
    'models:/a/b/c',
    'models:/a.b/1',
    'models:/prod.fraud.sourced/Live',
  ])('is refused as "%s"', async (source) => {
    expect(await create({ source })).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
  });

  it('is hidden from those who may not read the experiment', async () => {
    const registrar = await d.t.make.user();
    await d.t.make.grant(registrar, await d.t.make.schema('dev.theirs', registrar), 'CREATE_MODEL');
    await d.post('registered-models/create', { name: 'dev.theirs.m' }, registrar);
    for (const source of [`models:/${loggedModelId}`, `runs:/${runId}/model`]) {
      const answer = await d.post('model-versions/create', { name: 'dev.theirs.m', source }, registrar);
      expect(answer).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
    }
  });

  it('may lie outside with a run of elsewhere, which is kept as a name and linked to nothing', async () => {
    const registrar = await d.t.make.user();
    await d.t.make.grant(registrar, await d.t.make.schema('lab.foreign', registrar), 'CREATE_MODEL');
    await d.post('registered-models/create', { name: 'lab.foreign.m' }, registrar);
    const ask = `query($number: Int!) { modelVersion(fullName: "lab.foreign.m", number: $number) {
      sourceRunId namedRunId run { runId } metrics { name } } }`;
    // The run of somebody else's experiment is answered like one that was never made.
    for (const [index, named] of ['ab12', runId].entries()) {
      const given = { name: 'lab.foreign.m', source: `s3://elsewhere/${named}/model`, run_id: named };
      const { status, body } = await d.post('model-versions/create', given, registrar);
      expect(status).toBe(200);
      expect(body.model_version).toMatchObject({ version: `${index + 1}`, run_id: named, status: 'READY' });
      const asked = { query: ask, variables: { number: index + 1 } };
      const shown = await d.t.call('POST', '/graphql', { token: registrar.token, body: asked });
      expect(shown.body.data.modelVersion).toEqual({ sourceRunId: null, namedRunId: named, run: null, metrics: [] });
      const found = await d.get('model-versions/search', { filter: `run_id IN ('${named}')` }, registrar);
      expect(found.body.model_versions).toMatchObject([{ version: `${index + 1}`, run_id: named }]);
    }
    // So are sources that point to such a run themselves, which say without it what is wrong.
    for (const named of ['ab12', runId]) {
      const given = { name: 'lab.foreign.m', source: `runs:/${named}/model`, run_id: named };
      const { body } = await d.post('model-versions/create', given, registrar);
      expect(body.model_version).toMatchObject({ source: `runs:/${named}/model`, run_id: named, status: 'READY' });
      const alone = await d.post('model-versions/create', { ...given, run_id: '' }, registrar);
      expect([alone.status, alone.body.message]).toEqual([404, `Run with id=${named} not found`]);
    }
    // Who may read the run links it by naming it.
    const own = await create({ source: 's3://elsewhere/m', run_id: runId });
    const linked = await d.t.db.first(sql`SELECT v.run_id, v.named_run_id FROM model_versions v
      JOIN securables s ON s.id = v.model_id WHERE s.full_name = ${name} AND v.number = ${own.body.model_version.version}::int`);
    expect(linked).toEqual({ run_id: runId, named_run_id: null });
    // A copy names what its original names.
    const copied = await d.post(
      'model-versions/create',
      { name: 'lab.foreign.m', source: 'models:/lab.foreign.m/1' },
      registrar,
    );
    expect(copied.body.model_version).toMatchObject({ run_id: 'ab12', source: 'models:/lab.foreign.m/1' });
    const uri = await d.get(
      'model-versions/get-download-uri',
      { name: 'lab.foreign.m', version: copied.body.model_version.version },
      registrar,
    );
    expect(uri.body.artifact_uri).toBe('s3://elsewhere/ab12/model');
    await d.model('flat', 1);
    const flat = await d.post('model-versions/create', { name: 'flat', source: 'models:/flat/1' });
    expect(flat.body.model_version.source).toBe('models:/flat/1');
    const inStore = { name: 'lab.foreign.m', source: 'mlflow-artifacts:/1/ab12/artifacts/model', run_id: 'ab12' };
    expect((await d.post('model-versions/create', inStore, registrar)).status).toBe(404);
  });
});
