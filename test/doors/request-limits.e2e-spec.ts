import http from 'node:http';
import net from 'node:net';
import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';

describe('what a client may send', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let experiment: string;
  beforeAll(async () => {
    t = await createTestApp({
      BODY_LIMIT_BYTES: '2048',
      ARTIFACT_LIMIT_BYTES: '4096',
      REQUEST_TIMEOUT_SECONDS: '1',
    });
    ada = await t.make.user('ada');
    const made = await t.call('POST', '/api/2.0/mlflow/experiments/create', { token: ada.token, body: { name: 'e' } });
    experiment = made.body.experiment_id;
  });
  afterAll(() => t.close());
  const port = () => Number(new URL(t.url).port);

  it.each([
    ['GraphQL', '/graphql', { query: `{ __typename } # ${'x'.repeat(3000)}` }],
    ['MLflow', '/api/2.0/mlflow/experiments/create', { name: 'x'.repeat(3000) }],
    ['a route that nobody serves', '/api/2.0/mlflow/none', { name: 'x'.repeat(3000) }],
  ])('is bounded for JSON: %s', async (_what, route, body) => {
    expect((await t.call('POST', route, { token: ada.token, body })).status).toBe(413);
  });

  const upload = (bytes: number, headers: Record<string, string | number>) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const path = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/f.bin`;
      const request = http.request(
        { port: port(), method: 'PUT', path, headers: { authorization: `Bearer ${ada.token}`, ...headers } },
        (response) => {
          let body = '';
          response.on('data', (chunk) => (body += chunk));
          response.on('end', () => resolve({ status: response.statusCode as number, body }));
        },
      );
      request.on('error', reject);
      request.end(Buffer.alloc(bytes));
    });

  it('is bounded for artifacts, whether their size is announced or not', async () => {
    const chunked = { 'transfer-encoding': 'chunked' };
    expect(await upload(4096, { 'content-length': 4096 })).toMatchObject({ status: 200 });
    expect(await upload(4096, chunked)).toMatchObject({ status: 200 });
    const tooLarge = { status: 413, body: expect.stringContaining('more than 4096 bytes') };
    expect(await upload(4097, { 'content-length': 4097 })).toMatchObject(tooLarge);
    expect(await upload(4097, chunked)).toMatchObject(tooLarge);
    const kept = await t.call('GET', `/api/2.0/mlflow-artifacts/artifacts?path=${experiment}`, { token: ada.token });
    expect(kept.body.files).toMatchObject([{ path: 'f.bin', file_size: 4096 }]);
  });

  it('is bounded for headers', async () => {
    const answer = await t.call('GET', '/health', { headers: { 'x-padding': 'x'.repeat(20_000) } });
    expect(answer.status).toBe(431);
  });

  /** What the server answers until it closes the connection, while `drip` is sent again and again, so many times at most. */
  const converse = (text: string, drip?: string, times = Number.POSITIVE_INFINITY) =>
    new Promise<string>((resolve) => {
      const socket = net.connect(port(), '127.0.0.1', () => socket.write(text));
      let answer = '';
      let sent = 0;
      const dripping = setInterval(() => {
        if (drip !== undefined && sent++ < times) socket.write(drip);
      }, 100);
      socket.on('data', (chunk) => (answer += chunk));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(dripping);
        resolve(answer);
      });
    });
  const head = (route: string, method = 'POST') =>
    `${method} ${route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;

  it('has to have arrived in time: headers', async () => {
    expect(await converse('GET /health HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['GraphQL', '/graphql', /"code":"BAD_USER_INPUT"/],
    ['MLflow', '/api/2.0/mlflow/runs/create', /"error_code":"BAD_REQUEST"/],
  ])('has to have arrived in time: a body for %s', async (_what, route, form) => {
    const answer = await converse(head(route), ' ');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toMatch(form);
    expect(answer).toContain('did not arrive within 1 s');
  });

  it('does not hold the connection of one who was refused', async () => {
    const anonymous = head('/graphql').replace(/Authorization.*\r\n/, '');
    expect(await converse(anonymous, ' ')).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('has to go on: an upload that stands still is given up, one that moves is not', async () => {
    const route = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/slow.bin`;
    expect(await converse(head(route, 'PUT'))).not.toMatch(/^HTTP\/1\.1 200 /);
    const moving = head(route, 'PUT').replace('1000\r\n', '20\r\nConnection: close\r\n');
    // What came after the body would be the next request.
    expect(await converse(moving, ' ', 20)).toMatch(/^HTTP\/1\.1 200 /);
  });
});
