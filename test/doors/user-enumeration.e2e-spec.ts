import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { graphql } from '../support/graphql.js';
import { countStatements } from '../support/statements.js';

describe('what a failed authentication tells', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  const basic = (user: string, token: string) => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
  const change = (id: string, what: string) =>
    t.db.execute(
      {
        disabled: sql`UPDATE principals SET disabled_at = now() - interval '1 minute' WHERE id = ${id}::uuid`,
        expired: sql`UPDATE access_tokens SET expires_at = now() - interval '1 minute' WHERE principal_id = ${id}::uuid`,
        revoked: sql`UPDATE access_tokens SET revoked_at = now() - interval '1 minute' WHERE principal_id = ${id}::uuid`,
      }[what] ?? sql`SELECT 1`,
    );
  const user = async (what: string) => {
    const made = await t.make.user();
    await change(made.id, what);
    return made;
  };
  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
  });
  afterAll(() => t.close());

  const cases: Record<string, () => Promise<string>> = {
    'a user who does not exist': async () => basic('nobody', 'imp_wrong'),
    'a user who exists, with a wrong token': async () => basic('ada', 'imp_wrong'),
    'a user who exists, with the token of another': async () => basic('ada', (await user('fine')).token),
    'a user who does not exist, with a valid token': async () => basic('nobody', ada.token),
    'a disabled user': async () => `Bearer ${(await user('disabled')).token}`,
    'a disabled user by name': async () => {
      const { name, token } = await user('disabled');
      return basic(name, token);
    },
    'an expired token': async () => `Bearer ${(await user('expired')).token}`,
    'a revoked token': async () => `Bearer ${(await user('revoked')).token}`,
    'an unknown token': async () => 'Bearer imp_unknown',
    'an unknown token of another form': async () => 'Bearer x',
  };

  it.each(Object.keys(cases))('is the same, after the same statements: %s', async (what) => {
    const seen = async (authorization: string) => {
      const statements = countStatements(t.app);
      const answers = [
        await t.call('GET', '/api/2.0/mlflow/experiments/search', { headers: { authorization } }),
        await t.call('POST', '/graphql', { headers: { authorization }, body: { query: '{ viewer { id } }' } }),
      ];
      const texts = statements.stop();
      const told = answers.map(({ status, headers, body }) => {
        const volatile = new Set(['date', 'x-request-id']);
        const text = JSON.stringify(body).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');
        return { status, text, headers: [...headers].filter(([name]) => !volatile.has(name)) };
      });
      return { told, texts };
    };
    const expected = await seen('Bearer imp_nothing_like_this');
    expect(expected.told.map(({ status }) => status)).toEqual([401, 401]);
    expect(expected.texts).toHaveLength(2);
    expect(await seen(await (cases[what] as () => Promise<string>)())).toEqual(expected);
  });

  it('names of principals are for authenticated callers, their tokens and rights are not', async () => {
    const stranger = await t.make.user('stranger');
    const query = `{ principal(name: "ada") { name kind } accessTokens(principal: "ada", first: 5) { nodes { prefix } } }`;
    const { data, errors } = await graphql(t, stranger.token, query);
    expect({ data, errors }).toMatchObject({ errors: [{ path: ['accessTokens'], extensions: { code: 'FORBIDDEN' } }] });
    expect((await t.call('POST', '/graphql', { body: { query } })).status).toBe(401);
  });
});
