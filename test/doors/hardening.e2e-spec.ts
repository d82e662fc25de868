import { createTestApp, type TestApp } from '../support/app.js';

const console_ = 'https://console.example.com';

describe('headers of every answer', () => {
  let t: TestApp;
  let token: string;
  beforeAll(async () => {
    t = await createTestApp({ TRUST_PROXY: 'loopback' });
    ({ token } = await t.make.user());
  });
  afterAll(() => t.close());

  it.each([
    ['a probe', 'GET', '/health/live', false, 200],
    ['GraphQL', 'POST', '/graphql', true, 200],
    ['MLflow', 'GET', '/api/2.0/mlflow/experiments/get-by-name?experiment_name=x', true, 404],
    ['the refusal of the anonymous', 'GET', '/api/2.0/mlflow/x', false, 401],
    ['a route that nobody serves', 'GET', '/nowhere', true, 404],
    ['a URL that cannot be decoded', 'GET', '/%ff', false, 400],
  ])('say what a browser may do with it: %s', async (_what, method, path, authenticated, status) => {
    const body = method === 'POST' ? { query: '{ __typename }' } : undefined;
    const answer = await t.call(method, path, { ...(authenticated && { token }), body });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    for (const banner of ['server', 'x-powered-by']) expect(answer.headers.get(banner)).toBeNull();
    for (const header of answer.headers.keys()) expect(header).not.toMatch(/^access-control-/);
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  });

  it('forbid frames and referrers in older words too', async () => {
    const { headers } = await t.call('GET', '/health');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  it('ask for HTTPS where a trusted proxy says that it was HTTPS', async () => {
    const { headers } = await t.call('GET', '/health', { headers: { 'x-forwarded-proto': 'https' } });
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('ask for HTTPS where the service is announced so, and believe no client that it was', async () => {
    for (const [settings, expected] of [
      [{ PUBLIC_URL: 'https://models.example.com' }, 'max-age=31536000'],
      [{}, null],
    ] as const) {
      const other = await createTestApp(settings);
      try {
        const { headers } = await other.call('GET', '/health', { headers: { 'x-forwarded-proto': 'https' } });
        expect(headers.get('strict-transport-security')).toBe(expected);
      } finally {
        await other.close();
      }
    }
  });
});

describe('CORS', () => {
  let t: TestApp;
  let token: string;
  beforeAll(async () => {
    t = await createTestApp({ CORS_ORIGINS: `${console_}, http://localhost:5173` });
    ({ token } = await t.make.user());
  });
  afterAll(() => t.close());
  const preflight = (app: TestApp, origin: string) =>
    app.call('OPTIONS', '/graphql', {
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  it('answers the preflight of a listed origin, without credentials', async () => {
    const { status, headers } = await preflight(t, console_);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(console_);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    expect(headers.get('vary')).toContain('Origin');
  });

  it('lets a listed origin read answers and errors', async () => {
    const call = (withToken: boolean) =>
      t.call('POST', '/graphql', {
        ...(withToken && { token }),
        body: { query: '{ __typename }' },
        headers: { origin: console_ },
      });
    for (const [answer, status] of [
      [await call(true), 200],
      [await call(false), 401],
    ] as const) {
      expect(answer.status).toBe(status);
      expect(answer.headers.get('access-control-allow-origin')).toBe(console_);
      expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
    }
  });

  it.each([
    'https://evil.example',
    'https://console.example.com.evil.example',
    'http://console.example.com',
    'https://console.example.com:8443',
    'null',
  ])('says nothing to %s', async (origin) => {
    for (const answer of [
      await preflight(t, origin),
      await t.call('POST', '/graphql', { token, body: { query: '{ __typename }' }, headers: { origin } }),
    ]) {
      for (const header of answer.headers.keys()) expect(header).not.toMatch(/^access-control-/);
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  it('is off when no origin is listed', async () => {
    const other = await createTestApp();
    try {
      const { status, headers } = await preflight(other, console_);
      expect(status).toBe(401);
      for (const header of headers.keys()) expect(header).not.toMatch(/^access-control-/);
    } finally {
      await other.close();
    }
  });
});
