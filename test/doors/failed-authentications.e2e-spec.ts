import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { eventually, startValkey, type TestProcess } from '../support/processes.js';
import { countStatements } from '../support/statements.js';

const limits = {
  AUTH_FAILURES_PER_ADDRESS: '4',
  AUTH_FAILURES_PER_PRINCIPAL: '2',
  AUTH_FAILURES_WINDOW_SECONDS: '3600',
};
const behindProxy = { ...limits, TRUST_PROXY: 'loopback' };
const basic = (user: string, token: string) => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;

let last = 0;
/** A client address that no other test has. */
const address = () => `198.51.100.${++last}`;
const wrong = () => `Bearer wrong-${Math.random().toString(36).slice(2)}`;

/** One request as it comes from a proxy on this machine. */
const ask = (t: TestApp, from: string, authorization: string, path = '/api/2.0/mlflow/experiments/get-by-name') =>
  t.call('GET', path, { headers: { authorization, 'x-forwarded-for': from } });

async function fail(t: TestApp, from: string, times: number, authorization = wrong): Promise<number[]> {
  const statuses = [];
  for (let time = 0; time < times; time++) statuses.push((await ask(t, from, authorization())).status);
  return statuses;
}

describe('failed authentications', () => {
  let t: TestApp;
  let user: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp(behindProxy);
    user = await t.make.user('ada');
  });
  afterAll(() => t.close());
  const valid = () => `Bearer ${user.token}`;

  it('are refused beyond the limit of an address, before any SQL, in the form of MLflow', async () => {
    const from = address();
    expect(await fail(t, from, 4)).toEqual([401, 401, 401, 401]);
    const statements = countStatements(t.app);
    const answer = await ask(t, from, wrong());
    expect(statements.stop()).toEqual([]);
    expect(answer).toMatchObject({
      status: 429,
      body: {
        error_code: 'REQUEST_LIMIT_EXCEEDED',
        message: expect.stringContaining('too many failed authentications'),
      },
    });
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
    expect(answer.headers.get('ratelimit-policy')).toBe('"failed-authentications";q=4;w=3600');
    expect(answer.headers.get('ratelimit')).toBe(`"failed-authentications";r=0;t=${seconds}`);
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('are refused in the form of GraphQL', async () => {
    const from = address();
    await fail(t, from, 4);
    const answer = await t.call('POST', '/graphql', {
      body: { query: '{ __typename }' },
      headers: { authorization: wrong(), 'x-forwarded-for': from },
    });
    expect(answer).toMatchObject({
      status: 429,
      body: {
        errors: [
          {
            extensions: {
              code: 'UNAUTHENTICATED',
              reason: 'TOO_MANY_FAILED_AUTHENTICATIONS',
              details: { retryAfterSeconds: Number(answer.headers.get('retry-after')) },
            },
          },
        ],
      },
    });
  });

  it('of one address do not touch another', async () => {
    const attacker = address();
    await fail(t, attacker, 6);
    expect((await ask(t, attacker, valid())).status).toBe(429);
    expect((await ask(t, address(), valid())).status).toBe(400);
  });

  it('of an address of IPv6 are those of its network', async () => {
    expect(await fail(t, '2001:db8:1:1::1', 2)).toEqual([401, 401]);
    expect(await fail(t, '2001:db8:1:1:ffff::2', 2)).toEqual([401, 401]);
    expect((await ask(t, '2001:db8:1:1::3', valid())).status).toBe(429);
    expect((await ask(t, '2001:db8:1:2::1', valid())).status).toBe(400);
  });

  it('do not count when there are no credentials, nor successes', async () => {
    const from = address();
    for (let time = 0; time < 6; time++) {
      expect((await t.call('GET', '/api/2.0/mlflow/x', { headers: { 'x-forwarded-for': from } })).status).toBe(401);
    }
    await fail(t, from, 3);
    for (let time = 0; time < 6; time++) expect((await ask(t, from, valid())).status).toBe(400);
    expect(await fail(t, from, 2)).toEqual([401, 429]);
  });

  describe('with one principal from many addresses', () => {
    it.each([
      ['a user who exists', 'grace'],
      ['nobody', 'no-such-user'],
    ])('leave an address one attempt each: %s', async (_who, name) => {
      const token = name === 'grace' ? (await t.make.user('grace')).token : 'any';
      const guess = () => basic(name, wrong());
      expect(await fail(t, address(), 1, guess)).toEqual([401]);
      expect(await fail(t, address(), 1, guess)).toEqual([401]);
      const third = address();
      expect(await fail(t, third, 2, guess)).toEqual([429, 429]);
      // Only with this principal: the address is within its own limit.
      expect((await ask(t, third, valid())).status).toBe(400);
      if (name === 'grace') expect((await ask(t, address(), basic(name, token))).status).toBe(400);
    });

    it('never refuse the right credentials from an address that has not failed with them', async () => {
      const from = address();
      for (let time = 0; time < 8; time++) await fail(t, address(), 1, () => basic('ada', wrong()));
      expect((await ask(t, from, basic('ada', user.token))).status).toBe(400);
      expect((await ask(t, from, valid())).status).toBe(400);
    });
  });

  it('are counted in a metric', async () => {
    const { body } = await t.call('GET', '/metrics');
    expect(body).toMatch(/^failed_authentications_total\{outcome="failed"\} [1-9]/m);
    expect(body).toMatch(/^failed_authentications_total\{outcome="refused"\} [1-9]/m);
  });
});

describe('the address of a client', () => {
  it('is not what an untrusted client says', async () => {
    const t = await createTestApp(limits);
    try {
      expect(await fail(t, '203.0.113.1', 2)).toEqual([401, 401]);
      expect(await fail(t, '203.0.113.2', 3)).toEqual([401, 401, 429]);
    } finally {
      await t.close();
    }
  });

  it('is the one that the trusted proxy has seen, not one that the client put before it', async () => {
    const t = await createTestApp(behindProxy);
    try {
      for (let time = 0; time < 4; time++) await ask(t, `203.0.113.${time}, 198.51.100.9`, wrong());
      expect((await ask(t, '203.0.113.77, 198.51.100.9', wrong())).status).toBe(429);
      expect((await ask(t, '203.0.113.1', wrong())).status).toBe(401);
    } finally {
      await t.close();
    }
  });
});

describe('the end of the window', () => {
  it('lets an address in again', async () => {
    const t = await createTestApp({ ...behindProxy, AUTH_FAILURES_WINDOW_SECONDS: '1' });
    try {
      const { token } = await t.make.user();
      const from = address();
      await eventually(
        async () => (await ask(t, from, wrong())).status,
        (status) => status === 429,
      );
      await eventually(
        async () => (await ask(t, from, `Bearer ${token}`)).status,
        (status) => status === 400,
      );
    } finally {
      await t.close();
    }
  });
});

describe('two API processes', () => {
  let valkey: TestProcess;
  let one: TestApp;
  let other: TestApp;
  beforeAll(async () => {
    valkey = await startValkey();
    one = await createTestApp({ ...behindProxy, REDIS_URL: valkey.url });
    const { DATABASE_URL } = one.env as { DATABASE_URL: string };
    other = await createTestApp({ ...behindProxy, REDIS_URL: valkey.url, DATABASE_URL });
    // Connected: what comes before is counted in each process alone.
    for (const t of [one, other]) {
      await eventually(async () => (await t.call('GET', '/health/ready')).body.parts.queue.status === 'ok');
    }
  });
  afterAll(async () => {
    await other?.close();
    await one?.close();
    await valkey?.stop();
  });

  it('count together', async () => {
    const from = address();
    expect(await fail(one, from, 3)).toEqual([401, 401, 401]);
    expect(await fail(other, from, 2)).toEqual([401, 429]);
    expect(await fail(one, from, 2)).toEqual([429, 429]);
  });

  it('count alone while Redis is away, and go on answering', async () => {
    await valkey.stop('SIGKILL');
    const from = address();
    expect(await fail(one, from, 5)).toEqual([401, 401, 401, 401, 429]);
    expect(await fail(other, from, 1)).toEqual([401]);
    const { token } = await one.make.user();
    expect((await ask(other, from, `Bearer ${token}`)).status).toBe(400);
  });
});
