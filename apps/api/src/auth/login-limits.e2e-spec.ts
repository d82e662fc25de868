import { createTestApp } from '../../../../test/support/app.js';
import { TestOpenidProvider } from '../../../../test/support/openid-provider.js';

describe('an address', () => {
  it('begins so many logins and brings so many wrong answers, and what has signed in goes on', async () => {
    const provider = await TestOpenidProvider.create('https://imprimatur.test/auth/callback');
    const limited = await createTestApp({
      OIDC_ISSUERS: JSON.stringify([provider.settings()]),
      AUTH_FAILURES_PER_ADDRESS: '3',
      AUTH_FAILURES_WINDOW_SECONDS: '3600',
      TRUST_PROXY: 'loopback',
    });
    try {
      const { token } = await limited.make.user();
      const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
      const login = (address: string) => fetch(`${limited.url}/auth/login`, { redirect: 'manual', ...from(address) });
      for (let time = 0; time < 3; time++) expect((await login('2001:db8::1')).status).toBe(302);
      const refused = await login('2001:db8::2');
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3500);
      expect(await refused.json()).toMatchObject({ reason: 'TOO_MANY_LOGINS' });
      expect(await limited.db.prisma.loginAttempt.count()).toBe(3);
      expect((await limited.call('GET', '/auth/session', { token, ...from('2001:db8::1') })).status).toBe(200);
      expect((await login('203.0.113.9')).status).toBe(302);

      const back = () => limited.call('GET', '/auth/callback?code=x&state=x', from('203.0.113.9'));
      for (let time = 0; time < 3; time++) expect((await back()).status).toBe(401);
      expect(await back()).toMatchObject({ status: 429, body: { reason: 'TOO_MANY_FAILED_AUTHENTICATIONS' } });
    } finally {
      await limited.close();
      await provider.stop();
    }
  });
});
