import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { Browser } from '../../../../test/support/browser.js';
import { TestOpenidProvider } from '../../../../test/support/openid-provider.js';

const site = 'https://imprimatur.test';

describe('a login', () => {
  let provider: TestOpenidProvider;
  let t: TestApp;
  beforeAll(async () => {
    // Tells what scopes ask for at its UserInfo endpoint only.
    provider = await TestOpenidProvider.create(`${site}/auth/callback`, true);
    const issuers = [provider.settings({ scope: 'openid profile email', groupsClaim: undefined })];
    t = await createTestApp({ OIDC_ISSUERS: JSON.stringify(issuers), PUBLIC_URL: site });
  });
  afterAll(async () => {
    await t.close();
    await provider.stop();
  });

  async function addressAfterLogin(claims: Record<string, unknown>): Promise<string | undefined> {
    await provider.setClaims('ada', { preferred_username: 'ada', ...claims });
    const browser = new Browser({ [site]: t.url });
    const { headers } = await browser.request('GET', `${site}/auth/login`);
    const back = await browser.signIn(headers.get('location') as string, 'ada', (url) => url.startsWith(`${site}/`));
    expect((await browser.request('GET', back)).status).toBe(303);
    const row = await t.db.first<{ address: string }>(sql`
      SELECT e.address FROM email_addresses e JOIN principals p ON p.id = e.principal_id WHERE p.name = 'ada'`);
    return row?.address;
  }

  it('takes over the address that the issuer has verified, and no other', async () => {
    expect(await addressAfterLogin({ email: 'eve@example.com' })).toBeUndefined();
    expect(await addressAfterLogin({ email: 'eve@example.com', email_verified: false })).toBeUndefined();
    expect(await addressAfterLogin({ email: 'ada@example.com', email_verified: true })).toBe('ada@example.com');
    expect(await addressAfterLogin({ email: 'ada@example.org', email_verified: true })).toBe('ada@example.org');
    expect(await addressAfterLogin({ email: 'eve@example.com', email_verified: 'no' })).toBe('ada@example.org');
  });
});
