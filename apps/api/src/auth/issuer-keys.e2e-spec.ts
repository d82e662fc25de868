import type { JWTPayload } from 'jose';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { graphql } from '../../../../test/support/graphql.js';
import { newSigningKey, TestOpenidProvider } from '../../../../test/support/openid-provider.js';
import { eventually } from '../../../../test/support/processes.js';

describe('the keys of an issuer', () => {
  let provider: TestOpenidProvider;
  let t: TestApp;
  beforeAll(async () => {
    provider = await TestOpenidProvider.create('https://imprimatur.test/auth/callback');
    const limits = { AUTH_FAILURES_PER_ADDRESS: '1000', AUTH_FAILURES_PER_PRINCIPAL: '1000' };
    t = await createTestApp({ OIDC_ISSUERS: JSON.stringify([provider.settings()]), ...limits });
  });
  afterAll(async () => {
    await t.close();
    await provider.stop();
  });

  const whoIs = (token: string) => t.call('GET', '/auth/session', { token });
  const ada = (): JWTPayload => ({ sub: 'sub-ada', preferred_username: 'ada' });

  it('are followed when the issuer changes them, and those that it withdrew are left', async () => {
    expect((await whoIs(await provider.sign(ada()))).status).toBe(200);
    const old = provider.keys;
    provider.keys = [await newSigningKey()];
    const token = await provider.sign(ada());
    await provider.stop();
    await provider.start();
    const answer = await eventually(
      () => whoIs(token),
      ({ status }) => status === 200,
    );
    expect(answer.body.principal.name).toBe('ada');
    expect((await whoIs(await provider.sign(ada(), {}, old[0]))).status).toBe(401);
  });

  it('are not asked for again and again for tokens with keys that nobody has', async () => {
    const key = await newSigningKey();
    const asked = provider.requests.length;
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, i) => provider.sign(ada(), { kid: `garbage-${i}` }, key)),
    );
    for (const token of tokens) expect((await whoIs(token)).status).toBe(401);
    expect(provider.requests.slice(asked).filter((path) => path === '/jwks').length).toBeLessThanOrEqual(1);
  });

  it('serve while the issuer is away', async () => {
    await provider.stop();
    expect((await whoIs(await provider.sign(ada()))).status).toBe(200);
  });
});

describe('an issuer that is away', () => {
  it('stops neither the start nor other callers; its tokens are answered with 503, and nothing of why', async () => {
    const provider = await TestOpenidProvider.create('https://imprimatur.test/auth/callback');
    await provider.stop();
    const t = await createTestApp({ OIDC_ISSUERS: JSON.stringify([provider.settings()]) });
    try {
      const token = await provider.sign({ sub: 'ada', preferred_username: 'ada' });
      const away = { status: 503, body: { reason: 'ISSUER_UNAVAILABLE' } };
      expect(await t.call('GET', '/auth/session', { token })).toMatchObject(away);
      expect(JSON.stringify(await t.call('GET', '/auth/session', { token }))).not.toContain('127.0.0.1');
      expect(await t.call('GET', '/auth/login')).toMatchObject(away);
      expect(await t.call('POST', '/api/2.0/mlflow/runs/search', { token, body: {} })).toMatchObject({
        status: 503,
        body: { error_code: 'TEMPORARILY_UNAVAILABLE' },
      });
      expect(await graphql(t, token, '{ viewer { name } }')).toMatchObject({ status: 503 });
      expect((await t.call('GET', '/auth/session', { token: (await t.make.user()).token })).status).toBe(200);
      await provider.start();
      expect(
        (
          await eventually(
            () => t.call('GET', '/auth/session', { token }),
            ({ status }) => status !== 503,
          )
        ).status,
      ).toBe(200);
    } finally {
      await t.close();
      await provider.stop();
    }
  });
});
