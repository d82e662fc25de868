import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('a wrong request to the tracking API', () => {
  let t: TestApp;
  let ada: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
  });
  afterAll(() => t.close());

  const api = '/api/2.0/mlflow';
  const post = (route: string, body: unknown) => t.call('POST', `${api}/${route}`, { token: ada.token, body });

  it.each<[string, object, string]>([
    ['experiments/create', {}, "Missing value for required parameter 'name'"],
    ['experiments/create', { name: 5 }, "Invalid value 5 for parameter 'name'"],
    ['experiments/create', { name: 'x\0y' }, 'NUL'],
    ['runs/create', { experiment_id: 'abc' }, "Invalid experiment ID 'abc'"],
    ['runs/create', { experiment_id: '0' }, 'No Experiment with id=0 exists'],
    ['runs/update', {}, "Missing value for required parameter 'run_id'"],
    [
      'runs/log-metric',
      { run_id: 'x', key: 'm', value: 'much', timestamp: 1 },
      'Invalid value "much" for parameter \'value\'',
    ],
    ['runs/log-metric', { run_id: 'x', key: 'm', timestamp: 1 }, "Missing value for required parameter 'value'"],
    ['runs/log-metric', { run_id: 'x', key: 'm', value: 1, timestamp: -1 }, "parameter 'timestamp'"],
    ['runs/log-metric', { run_id: 'x', key: 'm', value: 1, timestamp: 1e30 }, "parameter 'timestamp'"],
    ['runs/log-metric', { run_id: 'x', key: 'm', value: 1, timestamp: '9'.repeat(30) }, "parameter 'timestamp'"],
    ['runs/log-batch', { run_id: 'x', metrics: 'none' }, "parameter 'metrics'"],
    ['runs/set-tag', { run_id: 'x', key: 'k' }, "Missing value for required parameter 'value'"],
  ])('answers a wrong request to %s (%j)', async (route, body, message) => {
    const answer = await post(route, body);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body.message).toContain(message);
  });

  it.each([
    ['no type', undefined],
    ['text/plain', 'text/plain'],
    ['application/octet-stream', 'application/octet-stream'],
    ['a form', 'application/x-www-form-urlencoded'],
  ])('answers a body of %s', async (_what, type) => {
    const answer = await fetch(`${t.url}${api}/experiments/create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.token}`, ...(type && { 'content-type': type }) },
      body: Buffer.from('{"name":"typeless"}'),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('application/json'),
    });
  });

  it('answers half of a surrogate pair', async () => {
    expect(await post('experiments/create', { name: 'x\ud800' })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE' },
    });
  });

  it('answers a body that is no object, and a call that there is none of', async () => {
    for (const body of [[], '"text"', 'null', '5']) {
      const answer = await t.call('POST', `${api}/runs/update`, {
        token: ada.token,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    expect(await t.call('GET', `${api}/experiments/unheard-of`, { token: ada.token })).toMatchObject({
      status: 404,
      body: { error_code: 'ENDPOINT_NOT_FOUND' },
    });
  });
});
