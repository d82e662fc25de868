import { Sessions } from '@app/identity';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';

const listedOrigin = 'https://console.example.com';
const json = { 'content-type': 'application/json' };

/** What a browser sends by itself with a request that some page makes. */
const pages: [string, Record<string, string>, boolean][] = [
  ['a page elsewhere', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
  ['a page of a sibling host', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }, false],
  ['a page elsewhere, in an old browser', { origin: 'https://evil.example' }, false],
  ['a page without an origin', { origin: 'null' }, false],
  ['a link or a bookmark', { 'sec-fetch-site': 'none' }, false],
  ['what says nothing', {}, false],
  ['a page of ours', { 'sec-fetch-site': 'same-origin' }, true],
  ['a page of a listed origin', { 'sec-fetch-site': 'same-site', origin: listedOrigin }, true],
];

describe('a request with the cookie of a session', () => {
  let t: TestApp;
  let user: TestPrincipal;
  let cookie: string;
  beforeAll(async () => {
    t = await createTestApp({ CORS_ORIGINS: listedOrigin });
    user = await t.make.user('ada');
    cookie = `imprimatur_session=${await t.app.get(Sessions, { strict: false }).begin(user)}`;
  });
  afterAll(() => t.close());

  const query = JSON.stringify({ query: '{ viewer { name } }' });
  const requests: [string, string, string, string | undefined][] = [
    ['a GraphQL query', 'POST', '/graphql', query],
    ['a GraphQL query by GET', 'GET', `/graphql?query=${encodeURIComponent('{ viewer { name } }')}`, undefined],
    ['a write of MLflow', 'POST', '/api/2.0/mlflow/experiments/create', '{"name":"NAME"}'],
    ['a search of MLflow by POST', 'POST', '/api/2.0/mlflow/experiments/search', '{"max_results":1}'],
    ['a delete', 'DELETE', '/api/2.0/mlflow/registered-models/delete', '{"name":"a.b.c"}'],
  ];
  const cases = requests.flatMap(([what, ...request]) =>
    pages.map(([from, headers, allowed]) => [what, from, request, headers, allowed] as const),
  );
  it.each(cases)('is held to its origin: %s from %s', async (_what, from, [method, path, body], headers, allowed) => {
    const answer = await t.call(method, path, {
      headers: { cookie, ...json, ...headers },
      body: body?.replace('NAME', from),
    });
    const refused = answer.status === 403 && JSON.stringify(answer.body).includes('with the cookie of a session');
    expect(refused).toBe(!allowed);
    // The same with the token: nothing sends it but who has it.
    const byToken = await t.call(method, path, { token: user.token, headers: { ...json, ...headers }, body });
    expect(byToken.status).not.toBe(403);
  });

  it('may come from a page of ours as plain HTTP tells it', async () => {
    const ask = (origin: string) => t.call('POST', '/graphql', { headers: { cookie, ...json, origin }, body: query });
    expect((await ask(t.url)).body.data.viewer.name).toBe('ada');
    for (const origin of [t.url.replace('http:', 'https:'), 'http://127.0.0.1:1', 'http://localhost']) {
      expect((await ask(origin)).status).toBe(403);
    }
  });

  it.each(pages)('reads by GET from anywhere, for the page itself to see or not: %s', async (_from, headers) => {
    expect((await t.call('GET', '/auth/session', { headers: { cookie, ...headers } })).status).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'is no GraphQL as %s, which a form could send',
    async (type) => {
      const headers = { cookie, 'content-type': type, 'sec-fetch-site': 'same-origin' };
      const { status, body } = await t.call('POST', '/graphql', { headers, body: query });
      expect([400, 415]).toContain(status);
      expect(JSON.stringify(body)).not.toContain('ada');
    },
  );

  it('is no GraphQL by a GET that any page could make', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ viewer { name } }')}`;
    expect((await t.call('GET', path, { headers: { cookie, 'sec-fetch-site': 'same-origin' } })).status).toBe(400);
  });

  it('ends no session from elsewhere', async () => {
    const out = (headers: Record<string, string>) =>
      t.call('POST', '/auth/logout', { headers: { cookie, ...headers } });
    expect((await out({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await t.call('GET', '/auth/session', { headers: { cookie } })).status).toBe(200);
    expect((await out({ origin: t.url })).status).toBe(204);
    expect((await t.call('GET', '/auth/session', { headers: { cookie } })).status).toBe(401);
  });

  it('is not answered with the challenge that makes browsers ask for a password', async () => {
    for (const path of ['/auth/session', '/graphql', '/']) {
      const { status, headers } = await t.call('GET', path);
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="imprimatur"']);
    }
  });

  it('is nobody’s with a cookie that is not ours', async () => {
    for (const wrong of ['imprimatur_session=', 'imprimatur_session=wrong', '__Host-imprimatur_session=x', 'x']) {
      expect((await t.call('GET', '/auth/session', { headers: { cookie: wrong } })).status).toBe(401);
    }
  });
});

describe('without an issuer', () => {
  it('nobody signs in through a browser, and is told why', async () => {
    const t = await createTestApp();
    try {
      expect(await t.call('GET', '/auth/login')).toMatchObject({
        status: 422,
        body: { reason: 'LOGIN_NOT_CONFIGURED' },
      });
      expect((await t.call('GET', '/auth/callback?code=x&state=y')).status).toBe(401);
      expect((await t.call('GET', '/auth/session')).status).toBe(401);
    } finally {
      await t.close();
    }
  });
});
