import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { Browser, type Page } from '../../../../test/support/browser.js';
import { graphql } from '../../../../test/support/graphql.js';
import { TestOpenidProvider } from '../../../../test/support/openid-provider.js';
import { countStatements } from '../../../../test/support/statements.js';

const site = 'https://imprimatur.test';
const isOurs = (url: string) => url.startsWith(`${site}/`);
const sessionCookie = '__Host-imprimatur_session';

describe('a browser', () => {
  let provider: TestOpenidProvider;
  let t: TestApp;
  beforeAll(async () => {
    // Tells names and groups at its UserInfo endpoint only, as the standard has it.
    provider = await TestOpenidProvider.create(`${site}/auth/callback`, true);
    await provider.setClaims('ada', { preferred_username: 'ada', name: 'Ada L.', groups: ['acme/leads'] });
    t = await createTestApp({ OIDC_ISSUERS: JSON.stringify([provider.settings()]), PUBLIC_URL: site });
    const { token } = await t.make.admin('root');
    await t.make.group([], 'ml-leads');
    const link = `mutation { externalIdentityLink(input: { principal: "ml-leads", issuer: "${provider.issuer}", externalId: "acme/leads" }) { errors { message } } }`;
    expect((await graphql(t, token, link)).data.externalIdentityLink.errors).toEqual([]);
  });
  afterAll(async () => {
    await t.close();
    await provider.stop();
  });

  const newBrowser = () => new Browser({ [site]: t.url });
  /** As far as the way back from the issuer. */
  const begin = async (browser: Browser, account = 'ada', query = ''): Promise<string> => {
    const { headers } = await browser.request('GET', `${site}/auth/login${query}`);
    return browser.signIn(headers.get('location') as string, account, isOurs);
  };
  const signIn = async (browser: Browser, account = 'ada', query = ''): Promise<Page> =>
    browser.request('GET', await begin(browser, account, query));
  const cookie = (browser: Browser) => `${sessionCookie}=${browser.cookiesOf(site).get(sessionCookie)}`;
  const whoIs = (browser: Browser) => t.call('GET', '/auth/session', { headers: { cookie: cookie(browser) } });
  const sameOrigin = { 'sec-fetch-site': 'same-origin', origin: site };

  it('signs in, is known on every surface, and signs out', async () => {
    const browser = newBrowser();
    const page = await signIn(browser, 'ada', '?returnTo=/models%3Fpage%3D2%23top');
    expect(page.status).toBe(303);
    expect(page.headers.get('location')).toBe('/models?page=2#top');
    expect(page.headers.get('cache-control')).toBe('no-store');

    const { status, body } = await whoIs(browser);
    expect(status).toBe(200);
    expect(body.principal).toMatchObject({ kind: 'USER', name: 'ada', displayName: 'Ada L.' });
    expect(new Date(body.expiresAt).getTime() - Date.now()).toBeGreaterThan(11.9 * 3_600_000);
    const headers = { cookie: cookie(browser), ...sameOrigin };
    const query = '{ viewer { name memberOf(first: 5) { nodes { name } } } }';
    expect((await t.call('POST', '/graphql', { headers, body: { query } })).body.data.viewer).toEqual({
      name: 'ada',
      memberOf: { nodes: [{ name: 'everyone' }, { name: 'ml-leads' }] },
    });
    expect((await t.call('GET', '/api/2.0/mlflow/experiments/search?max_results=1', { headers })).status).toBe(200);

    const out = await t.call('POST', '/auth/logout', { headers });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toMatch(new RegExp(`^${sessionCookie}=; .*Expires=Thu, 01 Jan 1970`));
    expect((await t.call('GET', '/auth/session', { headers })).status).toBe(401);
    const trail = await t.db.query(sql`SELECT action FROM audit_events WHERE action LIKE 'session.%' ORDER BY id`);
    expect(trail).toEqual([{ action: 'session.begun' }, { action: 'session.ended' }]);
  });

  it('gets cookies that no script, no other site and no plain connection sees, and whose secret is kept nowhere', async () => {
    const browser = newBrowser();
    const login = await browser.request('GET', `${site}/auth/login`);
    expect(login.headers.get('set-cookie')).toMatch(
      /^__Host-imprimatur_login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const page = await signIn(browser);
    expect(page.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-imprimatur_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    const stored = JSON.stringify([
      await t.db.query(sql`SELECT * FROM sessions`),
      await t.db.query(sql`SELECT * FROM login_attempts`),
    ]);
    for (const secret of browser.cookiesOf(site).values()) expect(stored).not.toContain(secret);
  });

  it('asks with PKCE, state and nonce, for the client and our address', async () => {
    const { headers } = await newBrowser().request('GET', `${site}/auth/login`);
    const query = new URL(headers.get('location') as string).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      response_type: 'code',
      client_id: 'imprimatur-console',
      redirect_uri: `${site}/auth/callback`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it.each(['https://evil.example/', '//evil.example', ''])('is not sent to %j afterwards', async (returnTo) => {
    const answer = await t.call('GET', `/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('must be a path of this service') },
    });
  });

  it('may name the issuer, of those that have a client', async () => {
    const login = (issuer: string) =>
      t.call('GET', `/auth/login?issuer=${encodeURIComponent(issuer)}`, { headers: {} });
    expect(await login('https://elsewhere.example')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining(provider.issuer) },
    });
    expect(
      (await newBrowser().request('GET', `${site}/auth/login?issuer=${encodeURIComponent(provider.issuer)}`)).status,
    ).toBe(302);
    expect((await t.call('GET', '/auth/login?returnTo=/a&returnTo=/b')).status).toBe(400);
  });

  it('is answered once: neither again, nor elsewhere, nor with another state', async () => {
    const browser = newBrowser();
    const back = await begin(browser);
    expect(await newBrowser().request('GET', back)).toMatchObject({ status: 401 });
    const other = newBrowser();
    await begin(other);
    expect(await other.request('GET', back)).toMatchObject({ status: 401 });
    const wrong = new URL(back);
    wrong.searchParams.set('state', 'A'.repeat(43));
    expect(await browser.request('GET', wrong.href)).toMatchObject({ status: 401 });
    expect(browser.cookiesOf(site).has(sessionCookie)).toBe(false);
    expect((await browser.request('GET', back)).status).toBe(303);
    const replayed = await browser.request('GET', back);
    expect(replayed).toMatchObject({ status: 401, body: expect.stringContaining('is used up') });
    for (const query of ['', '?state=x', '?code=x', '?error=access_denied']) {
      expect((await browser.request('GET', `${site}/auth/callback${query}`)).status).toBe(401);
    }
  });

  it('cannot use the code of somebody else in a login of its own', async () => {
    const [ada, eve] = [newBrowser(), newBrowser()];
    const code = new URL(await begin(ada)).searchParams.get('code') as string;
    const back = new URL(await begin(eve));
    back.searchParams.set('code', code);
    expect(await eve.request('GET', back.href)).toMatchObject({
      status: 401,
      body: expect.stringContaining('invalid_grant'),
    });
  });

  it('is told when the issuer refuses, or answers in the name of another', async () => {
    for (const [name, value, told] of [
      ['error', 'access_denied', 'access_denied'],
      ['error', '<b>x</b>', 'unknown error'],
      ['iss', 'https://elsewhere.example', 'not valid'],
    ] as const) {
      const browser = newBrowser();
      const back = new URL(await begin(browser));
      back.searchParams.set(name, value);
      expect(await browser.request('GET', back.href)).toMatchObject({
        status: 401,
        body: expect.stringContaining(told),
      });
      expect(browser.cookiesOf(site).has(sessionCookie)).toBe(false);
    }
  });

  it('may have several logins on their way at once', async () => {
    const browser = newBrowser();
    const [first, second] = [await begin(browser), await begin(browser)];
    expect((await browser.request('GET', first)).status).toBe(303);
    expect((await browser.request('GET', second)).status).toBe(303);
  });

  it('gets a new session with a new login, and the former one ends', async () => {
    const browser = newBrowser();
    await signIn(browser);
    const former = cookie(browser);
    await signIn(browser);
    expect(cookie(browser)).not.toBe(former);
    expect((await whoIs(browser)).status).toBe(200);
    expect((await t.call('GET', '/auth/session', { headers: { cookie: former } })).status).toBe(401);
  });

  it('is known by one statement, until its session is idle, old, or its user disabled', async () => {
    const browser = newBrowser();
    await signIn(browser);
    const { body } = await whoIs(browser);
    const statements = countStatements(t.app);
    await t.call('GET', '/api/2.0/nothing-here', { headers: { cookie: cookie(browser) } });
    expect(statements.stop()).toHaveLength(1);
    const set = (change: string) =>
      t.db.prisma.$executeRawUnsafe(`UPDATE sessions SET ${change} WHERE principal_id = '${body.principal.id}'`);
    await set("last_used_at = now() - interval '61 minutes'");
    expect((await whoIs(browser)).status).toBe(401);
    await set("last_used_at = now() - interval '59 minutes'");
    expect((await whoIs(browser)).status).toBe(200);
    expect(
      await t.db.first(sql`SELECT last_used_at > now() - interval '1 minute' AS touched FROM sessions
      WHERE principal_id = ${body.principal.id}::uuid ORDER BY created_at DESC LIMIT 1`),
    ).toEqual({ touched: true });
    await set("expires_at = now() - interval '1 minute'");
    expect((await whoIs(browser)).status).toBe(401);

    await signIn(browser);
    const { token } = await t.make.admin();
    const change = (verb: string) =>
      graphql(t, token, `mutation { principal${verb}(input: { name: "ada" }) { errors { code } } }`);
    await change('Disable');
    expect((await whoIs(browser)).status).toBe(401);
    await change('Enable');
    expect((await whoIs(browser)).status).toBe(401);
  });

  it('is signed out when its subject is unlinked', async () => {
    await provider.setClaims('grace', { preferred_username: 'grace' });
    const browser = newBrowser();
    await signIn(browser, 'grace');
    expect((await whoIs(browser)).status).toBe(200);
    const { token } = await t.make.admin();
    const input = `{ principal: "grace", issuer: "${provider.issuer}", externalId: "grace" }`;
    const { data } = await graphql(
      t,
      token,
      `mutation { externalIdentityUnlink(input: ${input}) { errors { message } } }`,
    );
    expect(data.externalIdentityUnlink.errors).toEqual([]);
    expect((await whoIs(browser)).status).toBe(401);
  });

  it('counts by its token, when it sends both', async () => {
    const browser = newBrowser();
    await signIn(browser);
    const { token, name } = await t.make.user();
    const headers = { cookie: cookie(browser) };
    expect((await t.call('GET', '/auth/session', { token, headers })).body.principal.name).toBe(name);
    expect((await t.call('GET', '/auth/session', { token: 'imp_wrong', headers })).status).toBe(401);
    expect(await t.call('POST', '/auth/logout', { token, headers })).toMatchObject({
      status: 422,
      body: { reason: 'NO_SESSION' },
    });
  });
});
