import http from 'node:http';
import { createTestApp, type TestApp } from '../support/app.js';
import { ServiceProcess } from './service-process.js';

const entry = ['dist/apps/api/src/main.js'];

describe('the API process', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('answers a request that is in flight when it is told to end, takes no new one, and ends', async () => {
    const { token } = await t.make.user();
    const api = new ServiceProcess(entry, { ...t.env, LOG_LEVEL: 'info' });
    const url = await api.printed(/"url":"(http:[^"]+)"/);

    const body = JSON.stringify({ query: '{ __typename }' });
    const request = http.request(`${url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        // Makes the server say when it has begun with the request.
        expect: '100-continue',
      },
    });
    const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
      request.once('error', reject);
      request.once('response', async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode as number, text });
      });
    });
    const begun = new Promise((resolve) => request.once('continue', resolve));
    request.flushHeaders();
    await begun;
    request.write(body.slice(0, 5));

    api.child.kill('SIGTERM');
    // Until the listener is closed, a new connection is still possible.
    while (await fetch(`${url}/health/live`).catch(() => undefined));
    request.end(body.slice(5));

    expect(await answered).toMatchObject({ status: 200, text: expect.stringContaining('"__typename":"Query"') });
    await api.exited;
    expect(api.child.signalCode).toBe('SIGTERM');
  });

  it('writes one line for each request: the route, never a raw URL, and who asked', async () => {
    const ada = await t.make.user('ada-of-the-log');
    const api = new ServiceProcess(entry, { ...t.env, LOG_LEVEL: 'info' });
    const url = await api.printed(/"url":"(http:[^"]+)"/);
    await fetch(`${url}/api/2.0/mlflow/secret-name`, {
      headers: { authorization: `Bearer ${ada.token}`, 'x-request-id': 'request-1' },
    });
    const line = JSON.parse(await api.printed(/^(\{.*"msg":"request"\})$/m));
    expect(line).toMatchObject({
      level: 'info',
      app: 'api',
      method: 'GET',
      route: 'unmatched',
      status: 404,
      ms: expect.any(Number),
      requestId: 'request-1',
      principal: 'ada-of-the-log',
    });
    expect(api.output).not.toContain('secret-name');
    expect(api.output).not.toContain(ada.token);
    await api.end();
  });

  it('does not start with a wrong setting, and names it', async () => {
    const api = new ServiceProcess(entry, { ...t.env, PORT: '65536', REDIS_URL: 'http://x', GATE_CONCURRENCY: '0' });
    expect(await api.exited).toBe(1);
    expect(api.output).toContain('the configuration is wrong:');
    expect(api.output).toContain('PORT ("65536")');
    expect(api.output).toContain('REDIS_URL (set): must be redis://host:6379 or rediss://host:6379');
    expect(api.output).toContain('GATE_CONCURRENCY ("0")');
    expect(api.output).not.toContain('    at ');
  });
});
