import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { eventually } from '../../../../../test/support/processes.js';

describe('what MLflow clients are told', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment_id: string;
  let run_id: string;

  const api = '/api/2.0/mlflow';
  const send = (method: string, route: string, body?: object, who = ada) =>
    t.call(method, `${api}/${route}`, { token: who.token, body });
  const told = async (...request: Parameters<typeof send>) => {
    const { status, body } = await send(...request);
    return `${status} ${body.error_code}: ${body.message}`;
  };

  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
    stranger = await t.make.user();
    await t.make.schema('main.default', ada);
    experiment_id = (await send('POST', 'experiments/create', { name: 'churn' })).body.experiment_id;
    run_id = (await send('POST', 'runs/create', { experiment_id })).body.run.info.run_id;
    await send('POST', 'registered-models/create', { name: 'scorer' });
  });
  afterAll(() => t.close());

  it.each([
    ['experiments/get?experiment_id=4711', 'No Experiment with id=4711 exists'],
    ['experiments/get-by-name?experiment_name=x%20y', "Could not find experiment with name 'x y'"],
    ['runs/get?run_id=abc', 'Run with id=abc not found'],
    ['logged-models/m-1', "Logged model with ID 'm-1' not found."],
    ['registered-models/get?name=absent', 'Registered Model with name=absent not found'],
    ['registered-models/get?name=main.default.absent', 'Registered Model with name=main.default.absent not found'],
    ['model-versions/get?name=scorer&version=3', 'Model Version (name=scorer, version=3) not found'],
  ])('of %s that it is absent', async (route, sentence) => {
    expect(await told('GET', route)).toBe(`404 RESOURCE_DOES_NOT_EXIST: ${sentence}`);
  });

  it('of a tag that is absent, by what it would hang on', async () => {
    expect(await told('POST', 'runs/delete-tag', { run_id, key: 'k' })).toContain('No tag with name: k');
    const { model } = (await send('POST', 'logged-models', { experiment_id })).body;
    const route = `logged-models/${model.info.model_id}/tags/k`;
    expect(await told('DELETE', route, {})).toContain("No tag with key 'k' found");
  });

  it('of a name that is taken', async () => {
    const taken = '400 RESOURCE_ALREADY_EXISTS: ';
    expect(await told('POST', 'experiments/create', { name: 'churn' })).toBe(
      `${taken}Experiment(name=churn) already exists.`,
    );
    expect(await told('POST', 'registered-models/create', { name: 'scorer' })).toBe(
      `${taken}Registered Model (name=scorer) already exists.`,
    );
    await send('POST', 'registered-models/create', { name: 'other' });
    expect(await told('POST', 'registered-models/rename', { name: 'other', new_name: 'main.default.scorer' })).toBe(
      `${taken}Registered Model (name=main.default.scorer) already exists.`,
    );
  });

  it('of an id that is none, and not that it is absent', async () => {
    expect(await told('GET', 'experiments/get?experiment_id=ten')).toMatch(
      /^400 INVALID_PARAMETER_VALUE: .*Invalid experiment ID 'ten'\. Experiment ID must be a valid integer\./,
    );
  });

  it.each([
    [undefined, 'authentication is needed'],
    ['imp_wrong', 'the token is not valid'],
  ])('with the token %s, which variables of their own hold one', async (token, sentence) => {
    const { status, body } = await t.call('GET', `${api}/experiments/get?experiment_id=${experiment_id}`, { token });
    expect([status, body.error_code]).toEqual([401, 'UNAUTHENTICATED']);
    for (const word of [sentence, 'MLFLOW_TRACKING_TOKEN', 'MLFLOW_TRACKING_PASSWORD']) {
      expect(body.message).toContain(word);
    }
  });

  it('of the hidden the same as of the absent, and the refusal is recorded', async () => {
    expect(await told('GET', `runs/get?run_id=${run_id}`, undefined, stranger)).toBe(
      `404 RESOURCE_DOES_NOT_EXIST: Run with id=${run_id} not found`,
    );
    const refusals = () =>
      t.db.query(sql`SELECT 1 FROM audit_events WHERE outcome = 'REFUSED' AND actor_id = ${stranger.id}::uuid`);
    expect((await eventually(refusals, ({ length }) => length > 0)).length).toBe(1);
  });
});
