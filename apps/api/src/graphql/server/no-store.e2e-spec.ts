import { createTestApp, type TestApp } from '../../../../../test/support/app.js';

describe('answers of GraphQL', () => {
  let app: TestApp;
  let token: string;
  beforeAll(async () => {
    app = await createTestApp();
    ({ token } = await app.make.user());
  });
  afterAll(() => app.close());

  it.each([
    ['of a query', 'POST', '/graphql', { query: '{ metastore { id } }' }],
    ['of a query by GET', 'GET', '/graphql?query=%7B__typename%7D', undefined],
    ['about a wrong document', 'POST', '/graphql', { query: '{ nothing }' }],
  ])('are for no cache: %s', async (_what, method, path, body) => {
    const { headers } = await app.call(method, path, { token, body });
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
