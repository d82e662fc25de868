import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { countStatements } from '../../../../../test/support/statements.js';

/** What every securable has alike, whatever its kind. */
describe('Securables through GraphQL', () => {
  let t: TestApp;
  let owner: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp();
    owner = await t.make.user('owner');
    for (let index = 0; index < 12; index++) {
      const schema = await t.make.schema(`c${index}.s`, owner);
      await t.make.schema(`c0.s${index}`, owner);
      await t.make.securable('REGISTERED_MODEL', `c0.s0.m${index}`, owner);
      await t.make.grant(owner, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA');
    }
  });
  afterAll(() => t.close());

  it('are of five types, one for each kind', async () => {
    const { data } = await graphql(t, owner.token, '{ __type(name: "Securable") { possibleTypes { name } } }');
    const names = data.__type.possibleTypes.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(['Catalog', 'Experiment', 'Metastore', 'RegisteredModel', 'Schema']);
  });

  it.each([
    ['catalogs', (first: number) => `catalogs(first: ${first})`],
    ['schemas', (first: number) => `catalog(name: "c0") { schemas(first: ${first})`],
    ['models', (first: number) => `schema(fullName: "c0.s0") { models(first: ${first})`],
  ])('cost a constant number of statements, whatever the number of %s', async (_what, list) => {
    const fields = '{ nodes { id fullName owner { name } tags { key } viewerCan grantsRevision } }';
    const statementsOf = async (first: number) => {
      const document = `{ ${list(first)} ${fields} }`;
      const closing = '}'.repeat(document.split('{').length - document.split('}').length);
      const statements = countStatements(t.app);
      const { data, errors } = await graphql(t, owner.token, document + closing);
      const count = statements.stop().length;
      expect(errors).toBeUndefined();
      expect(JSON.stringify(data).match(/"fullName"/g)).toHaveLength(first);
      return count;
    };
    // The first request reads the caller's rights, which later ones remember.
    await statementsOf(1);
    const few = await statementsOf(2);
    expect(await statementsOf(12)).toBe(few);
  });

  it('show a grantsRevision that follows the grants', async () => {
    const ask = async () =>
      (await graphql(t, owner.token, '{ catalog(name: "c1") { grantsRevision } metastore { grantsRevision } }')).data;
    const before = await ask();
    const reader = await t.make.user();
    const catalog = await t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'c1'`);
    await t.make.grant(reader, catalog as { id: string }, 'BROWSE');
    const after = await ask();
    expect(after.catalog.grantsRevision).toBeGreaterThan(before.catalog.grantsRevision);
    expect(after.metastore).toEqual(before.metastore);
  });
});
