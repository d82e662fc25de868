import { builtInPrincipals, METASTORE_ID, PermissionDenied, type Securable } from '@app/access';
import { AlreadyExists, FailedPrecondition, InvalidArgument, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Catalogs } from './catalog.service.js';
import { DefaultSchema } from './default-schema.service.js';
import { NamespaceModule } from './namespace.module.js';
import { Schemas } from './schema.service.js';

describe('Catalogs and schemas', () => {
  let t: TestModule;
  let make: Factories;
  let catalogs: Catalogs;
  let schemas: Schemas;
  let admin: TestPrincipal;
  let maker: TestPrincipal;
  let stranger: TestPrincipal;

  beforeEach(async () => {
    t = await createTestModule([NamespaceModule]);
    make = new Factories(t.db);
    catalogs = t.module.get(Catalogs);
    schemas = t.module.get(Schemas);
    [admin, maker, stranger] = [await make.admin(), await make.user('maker'), await make.user('stranger')];
    await make.grant(maker, { id: METASTORE_ID }, 'CREATE_CATALOG');
  });
  afterEach(() => t.close());

  const names = ({ edges }: { edges: { node: Securable }[] }) => edges.map(({ node }) => node.fullName);
  const actions = async () =>
    (await t.db.query<{ action: string }>(sql`SELECT action FROM audit_events ORDER BY id`)).map(
      ({ action }) => action,
    );

  it('are made, changed and deleted by their owner, with one event for each change', async () => {
    const prod = await t.as(maker, () => catalogs.create({ name: 'Prod', description: 'live' }));
    expect(prod).toMatchObject({ kind: 'CATALOG', fullName: 'Prod', ownerId: maker.id, description: 'live' });
    const fraud = await t.as(maker, () => schemas.create({ catalog: 'prod', name: 'fraud' }));
    expect(fraud).toMatchObject({ kind: 'SCHEMA', fullName: 'Prod.fraud', catalogId: prod.id, description: null });
    expect(await t.as(maker, () => schemas.get('PROD.Fraud'))).toMatchObject({ id: fraud.id });

    const described = await t.as(maker, () => schemas.update('prod.fraud', { description: 'cards' }));
    expect(described.description).toBe('cards');
    await t.as(maker, () => schemas.update('prod.fraud', { description: 'cards' }));
    await t.as(maker, () => schemas.delete('prod.fraud'));
    await t.as(maker, () => catalogs.delete('prod'));
    await expect(t.as(maker, () => catalogs.get('prod'))).rejects.toThrow(NotFound);
    expect(await actions()).toEqual([
      'catalog.created',
      'schema.created',
      'schema.updated',
      'schema.deleted',
      'catalog.deleted',
    ]);
  });

  it('are made with the privilege only', async () => {
    await expect(t.as(stranger, () => catalogs.create({ name: 'x' }))).rejects.toThrow(PermissionDenied);
    await t.as(maker, () => catalogs.create({ name: 'prod' }));
    const attempt = () => t.as(stranger, () => schemas.create({ catalog: 'prod', name: 's' }));
    await expect(attempt()).rejects.toThrow('Catalog "prod" does not exist, or you may not see it');
    const prod = await t.as(maker, () => catalogs.get('prod'));
    await make.grant(stranger, prod, 'CREATE_SCHEMA');
    // CREATE_SCHEMA needs the gate of what stands in the catalog; to hold it makes the catalog visible.
    await expect(attempt()).rejects.toThrow(PermissionDenied);
    await make.grant(stranger, prod, 'USE_CATALOG');
    expect(await attempt()).toMatchObject({ ownerId: stranger.id });
  });

  it.each(['', 'a.b', 'a/b', 'a:b', 'a@b', ' a', 'a\u0007', 'a\0', '\ud800', 'x'.repeat(256)])(
    'refuse the name %j, and change nothing',
    async (name) => {
      await expect(t.as(admin, () => catalogs.create({ name }))).rejects.toThrow(InvalidArgument);
      expect(await actions()).toEqual([]);
    },
  );

  it('have one name, ignoring case and Unicode form, also when two are made at once', async () => {
    await t.as(maker, () => catalogs.create({ name: 'caf\u00e9' }));
    await expect(t.as(maker, () => catalogs.create({ name: 'CAFE\u0301' }))).rejects.toThrow(AlreadyExists);
    const both = await Promise.allSettled([1, 2].map(() => t.as(maker, () => catalogs.create({ name: 'race' }))));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(AlreadyExists) });
    expect(await actions()).toEqual(['catalog.created', 'catalog.created']);
  });

  it('are listed, counted and loaded as far as the caller may see them, by name or age', async () => {
    for (const name of ['b', 'A', 'c']) await t.as(maker, () => catalogs.create({ name }));
    const all = await t.as(maker, () => catalogs.list({}, { first: 2 }));
    expect(names(all)).toEqual(['A', 'b']);
    const rest = await t.as(maker, () => catalogs.list({}, { first: 2, after: all.edges[1]?.cursor }));
    expect([names(rest), rest.hasNextPage]).toEqual([['c'], false]);
    const back = await t.as(maker, () => catalogs.list({}, { last: 2, before: rest.edges[0]?.cursor }));
    expect(names(back)).toEqual(['A', 'b']);
    const backwards = { field: 'FULL_NAME', direction: 'DESC' } as const;
    const newest = { field: 'CREATED_AT', direction: 'DESC' } as const;
    expect(names(await t.as(maker, () => catalogs.list({}, { first: 9 }, newest)))).toEqual(['c', 'A', 'b']);
    await expect(
      t.as(maker, () => catalogs.list({}, { first: 9, after: all.edges[0]?.cursor }, backwards)),
    ).rejects.toThrow('the cursor belongs to the order "FULL_NAME ASC"');
    expect(await t.as(maker, () => catalogs.count({ nameContains: 'B' }))).toBe(1);

    expect(names(await t.as(stranger, () => catalogs.list({}, { first: 9 })))).toEqual([]);
    const ids = all.edges.map(({ node }) => node.id);
    expect(await t.as(stranger, () => catalogs.byIds(ids))).toEqual([]);
    await make.grant(stranger, all.edges[1]?.node as Securable, 'BROWSE');
    expect(names(await t.as(stranger, () => catalogs.list({}, { first: 9 })))).toEqual(['b']);
    expect(await t.as(stranger, () => catalogs.count({}))).toBe(1);
    expect((await t.as(stranger, () => catalogs.byIds(ids))).map(({ name }) => name)).toEqual(['b']);
    expect(await t.as(admin, () => catalogs.count({}))).toBe(3);
  });

  it('list the schemas of one catalog; of a hidden one they say that it does not exist', async () => {
    await make.schema('one.x', maker);
    await make.schema('two.x', maker);
    expect(names(await t.as(maker, () => schemas.list({ catalog: 'ONE' }, { first: 9 })))).toEqual(['one.x']);
    expect(await t.as(maker, () => schemas.count({ nameContains: '.x' }))).toBe(2);
    await expect(t.as(stranger, () => schemas.list({ catalog: 'one' }, { first: 9 }))).rejects.toThrow(NotFound);
    await expect(t.as(maker, () => schemas.list({ catalog: 'none' }, { first: 9 }))).rejects.toThrow(NotFound);
  });

  it('cannot be deleted while anything is in them, which is named', async () => {
    await make.schema('full.s1', maker);
    await make.securable('REGISTERED_MODEL', 'full.s1.model', maker);
    await expect(t.as(maker, () => catalogs.delete('full'))).rejects.toThrow(
      'Catalog "full" is not empty: delete "full.s1"',
    );
    await expect(t.as(maker, () => schemas.delete('full.s1'))).rejects.toThrow('delete "full.s1.model" first');
    expect(await actions()).toEqual([]);
  });

  it('are not told what is hidden from them when they cannot be deleted', async () => {
    await make.schema('shared.secret', maker);
    const catalog = await t.as(maker, () => catalogs.get('shared'));
    await make.grant(stranger, catalog, 'MANAGE');
    const refused = t.as(stranger, () => catalogs.delete('shared'));
    await expect(refused).rejects.toThrow(FailedPrecondition);
    await expect(refused).rejects.toThrow('Catalog "shared" is not empty: delete 1 more first');
  });

  it('are changed with MANAGE only', async () => {
    const catalog = await make.securable('CATALOG', 'guarded', maker);
    for (const refusal of [NotFound, PermissionDenied]) {
      await expect(t.as(stranger, () => catalogs.update('guarded', { description: 'x' }))).rejects.toThrow(refusal);
      await expect(t.as(stranger, () => catalogs.delete('guarded'))).rejects.toThrow(refusal);
      await make.grant(stranger, catalog, 'BROWSE');
    }
    await t.as(admin, () => catalogs.delete('guarded'));
  });

  it('end cleanly when a catalog is deleted while a schema is made in it', async () => {
    for (let round = 0; round < 10; round++) {
      await t.as(maker, () => catalogs.create({ name: 'busy' }));
      const [deleted, made] = await Promise.allSettled([
        t.as(maker, () => catalogs.delete('busy')),
        t.as(maker, () => schemas.create({ catalog: 'busy', name: 's' })),
      ]);
      expect([deleted.status, made.status].sort()).toEqual(['fulfilled', 'rejected']);
      if (deleted.status === 'rejected') {
        expect(deleted.reason).toMatchObject({ reason: 'NOT_EMPTY' });
        await t.as(maker, () => schemas.delete('busy.s'));
        await t.as(maker, () => catalogs.delete('busy'));
      } else {
        expect(made).toMatchObject({ reason: expect.any(NotFound) });
      }
    }
  });
});

describe('The default schema', () => {
  let t: TestModule;
  beforeEach(async () => {
    t = await createTestModule([NamespaceModule], { DEFAULT_SCHEMA: 'home.models' });
  });
  afterEach(() => t.close());

  it('is made once, by however many processes, owned by the administrators, and granted to nobody', async () => {
    const defaults = t.module.get(DefaultSchema);
    const made = await Promise.all([1, 2, 3].map(() => defaults.ensureDefaultSchema()));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made[0]).toMatchObject({ fullName: 'home.models', ownerId: builtInPrincipals.metastoreAdmins });
    expect(await defaults.ensureDefaultSchema()).toMatchObject({ id: made[0]?.id });

    const events = await t.db.query(sql`SELECT action, actor_name AS actor FROM audit_events ORDER BY id`);
    expect(events).toEqual([
      { action: 'catalog.created', actor: 'imprimatur-gates' },
      { action: 'schema.created', actor: 'imprimatur-gates' },
    ]);
    const user = await new Factories(t.db).user();
    await expect(t.as(user, () => t.module.get(Catalogs).get('home'))).rejects.toThrow(NotFound);
    expect(await t.db.query(sql`SELECT 1 FROM grants WHERE securable_id = ${made[0]?.id}::uuid`)).toEqual([]);
  });
});
