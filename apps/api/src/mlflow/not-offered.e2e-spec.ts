import { createTestApp, type TestApp } from '../../../../test/support/app.js';

describe('what this service does not offer of MLflow', () => {
  let t: TestApp;
  let token: string;
  beforeAll(async () => {
    t = await createTestApp();
    token = (await t.make.user('ada')).token;
  });
  afterAll(() => t.close());

  it.each([
    ['POST', '/api/3.0/mlflow/traces', 'traces'],
    ['POST', '/api/2.0/mlflow/traces', 'traces'],
    ['POST', '/ajax-api/3.0/mlflow/traces/search', 'traces'],
    ['PATCH', '/api/2.0/mlflow/traces/tr-1/tags', 'traces'],
    ['DELETE', '/api/3.0/mlflow/traces/tr-1/assessments/a', 'traces'],
    ['GET', '/api/3.0/mlflow/gateway/endpoints/list', 'the AI gateway'],
    ['POST', '/api/3.0/mlflow/datasets/create', 'evaluation datasets'],
    ['PATCH', '/api/2.0/mlflow/users/update-password', 'passwords'],
    ['PATCH', '/api/2.0/mlflow/users/update-admin', 'the mark of an administrator'],
    ['POST', '/api/3.0/mlflow/roles/create', 'roles of MLflow'],
    ['GET', '/api/3.0/mlflow/workspaces', 'workspaces'],
  ])('%s %s is answered NOT_IMPLEMENTED, naming %s', async (method, path, part) => {
    expect(await t.call(method, path, { token, body: method === 'GET' ? undefined : {} })).toMatchObject({
      status: 501,
      body: {
        error_code: 'NOT_IMPLEMENTED',
        message: expect.stringMatching(new RegExp(`^This service does not offer ${part}: \\w`)),
      },
    });
  });

  it('and tells it to those alone who have authenticated', async () => {
    expect((await t.call('POST', '/api/3.0/mlflow/traces')).status).toBe(401);
  });

  it('while what nobody knows stays ENDPOINT_NOT_FOUND, on which clients fall back', async () => {
    const answer = await t.call('GET', '/api/3.0/mlflow/of-tomorrow', { token });
    expect(answer).toMatchObject({ status: 404, body: { error_code: 'ENDPOINT_NOT_FOUND' } });
  });
});
