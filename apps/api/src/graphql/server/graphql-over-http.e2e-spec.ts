import { serverAudits } from 'graphql-http';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

/** The audit suite of the GraphQL-over-HTTP specification, by its authors. */
describe('GraphQL over HTTP', () => {
  let t: TestApp;
  let user: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp();
    user = await t.make.user();
  });
  afterAll(() => t.close());

  const fetchAs = (input: string, init: RequestInit = {}) =>
    fetch(input.replace('http://service', t.url), {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${user.token}` },
    });

  for (const audit of serverAudits({
    url: 'http://service/graphql',
    fetchFn: (url: string, init: RequestInit) => fetchAs(url, init),
  })) {
    it(`${audit.id} ${audit.name}`, async () => {
      expect(await audit.fn()).toMatchObject({ status: 'ok' });
    });
  }
});
