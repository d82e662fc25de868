import { METASTORE_ID, PermissionDenied, type Securable } from '@app/access';
import { AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, TransactionalPool } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Catalogs } from './catalog.service.js';
import { NamespaceModule } from './namespace.module.js';
import { Schemas } from './schema.service.js';

describe('Renaming a container', () => {
  let t: TestModule;
  let make: Factories;
  let catalogs: Catalogs;
  let schemas: Schemas;
  let owner: TestPrincipal;
  let other: TestPrincipal;
  let catalog: Securable;

  beforeEach(async () => {
    t = await createTestModule([NamespaceModule]);
    make = new Factories(t.db);
    catalogs = t.module.get(Catalogs);
    schemas = t.module.get(Schemas);
    [owner, other] = [await make.user('owner'), await make.user('other')];
    catalog = await make.securable('CATALOG', 'Prod', owner);
    for (const name of ['Prod.fraud', 'Prod.credit']) await make.securable('SCHEMA', name, owner);
    for (const name of ['Prod.fraud.Scorer', 'Prod.fraud.rules', 'Prod.credit.limit']) {
      await make.securable('REGISTERED_MODEL', name, owner);
    }
    await make.schema('production.fraud', owner);
    await make.grant(owner, { id: METASTORE_ID }, 'CREATE_CATALOG');
  });
  afterEach(() => t.close());

  const names = async () =>
    (
      await t.db.query<{ fullName: string; key: string; name: string }>(sql`
        SELECT full_name AS "fullName", full_name_key AS key, name FROM securables
        WHERE kind IN ('CATALOG', 'SCHEMA', 'REGISTERED_MODEL') ORDER BY full_name_key`)
    ).map(({ fullName, key, name }) => {
      expect(key).toBe(fullName.toLowerCase());
      expect(name).toBe(fullName.split('.').at(-1));
      return fullName;
    });
  const rename = (who: TestPrincipal, name: string, newName: string) =>
    t.as(who, () => (name.includes('.') ? schemas : catalogs).rename(name, newName));
  const events = () =>
    t.db.query(sql`SELECT action, object_name AS name, before, after FROM audit_events WHERE outcome = 'ALLOWED'`);

  it('gives all that is in a catalog its new full name, and nothing else', async () => {
    expect(await rename(owner, 'prod', 'Live')).toMatchObject({ id: catalog.id, name: 'Live', fullName: 'Live' });
    expect(await names()).toEqual([
      'Live',
      'Live.credit',
      'Live.credit.limit',
      'Live.fraud',
      'Live.fraud.rules',
      'Live.fraud.Scorer',
      'production',
      'production.fraud',
    ]);
    await expect(t.as(owner, () => catalogs.get('prod'))).rejects.toThrow(NotFound);
    await expect(t.as(owner, () => schemas.get('prod.fraud'))).rejects.toThrow(NotFound);
    expect(await t.as(owner, () => schemas.get('LIVE.Fraud'))).toMatchObject({ fullName: 'Live.fraud' });
    expect(await events()).toEqual([
      { action: 'catalog.renamed', name: 'Live', before: { fullName: 'Prod' }, after: { fullName: 'Live' } },
    ]);
  });

  it('gives all that is in a schema its new full name; the catalog stays', async () => {
    expect(await rename(owner, 'prod.FRAUD', 'risk')).toMatchObject({ name: 'risk', fullName: 'Prod.risk' });
    expect((await names()).slice(0, 6)).toEqual([
      'Prod',
      'Prod.credit',
      'Prod.credit.limit',
      'Prod.risk',
      'Prod.risk.rules',
      'Prod.risk.Scorer',
    ]);
    expect(await events()).toMatchObject([{ action: 'schema.renamed', after: { fullName: 'Prod.risk' } }]);
  });

  it('changes the case of a name; to the same name it changes nothing', async () => {
    await rename(owner, 'prod', 'PROD');
    await rename(owner, 'prod', 'PROD');
    expect((await names())[2]).toBe('PROD.credit.limit');
    expect(await events()).toHaveLength(1);
  });

  it('keeps letters together that have two small forms', async () => {
    await make.schema('ΟΔΟΣ.Σ', owner);
    await rename(owner, 'οδος', 'ΔΡΟΜΟΣ');
    expect(await t.as(owner, () => schemas.get('δρομος.σ'))).toMatchObject({ fullName: 'ΔΡΟΜΟΣ.Σ' });
  });

  it('needs MANAGE, and the privilege to make one of that name', async () => {
    await expect(rename(other, 'prod', 'x')).rejects.toThrow('Catalog "prod" does not exist');
    await expect(rename(other, 'prod.fraud', 'x')).rejects.toThrow(NotFound);
    await make.grant(other, catalog, 'USE_CATALOG', 'BROWSE', 'CREATE_SCHEMA');
    await expect(rename(other, 'prod.fraud', 'x')).rejects.toThrow('you lack MANAGE');
    await make.grant(other, catalog, 'MANAGE');
    await rename(other, 'prod.fraud', 'x');
    await expect(rename(other, 'prod', 'live')).rejects.toThrow('you lack CREATE_CATALOG');
    await make.grant(other, { id: METASTORE_ID }, 'CREATE_CATALOG');
    await rename(other, 'prod', 'live');
    const manager = await make.user('manager');
    await make.grant(manager, catalog, 'USE_CATALOG', 'MANAGE');
    await expect(rename(manager, 'live.x', 'y')).rejects.toThrow(PermissionDenied);
  });

  it('refuses a name that is taken, also by a hidden one, and what is no name', async () => {
    const before = await names();
    await make.grant(other, { id: METASTORE_ID }, 'CREATE_CATALOG');
    await make.securable('CATALOG', 'mine', other);
    await expect(rename(other, 'mine', 'PRODUCTION')).rejects.toThrow(AlreadyExists);
    await expect(rename(owner, 'prod.fraud', 'Credit')).rejects.toThrow('Schema "Prod.Credit" already exists');
    for (const name of ['', 'a.b', ' x', 'x'.repeat(256)]) {
      await expect(rename(owner, 'prod', name)).rejects.toThrow(InvalidArgument);
    }
    expect((await names()).filter((name) => name !== 'mine')).toEqual(before);
    expect(await events()).toEqual([]);
  });

  it('refuses where model names without dots live', async () => {
    await make.schema('main.default', owner);
    for (const name of ['main', 'main.default']) {
      await expect(rename(owner, name, 'x')).rejects.toThrow(FailedPrecondition);
      await expect(rename(owner, name, 'x')).rejects.toThrow('Change the setting DEFAULT_SCHEMA first');
    }
    await make.securable('SCHEMA', 'main.other', owner);
    await expect(rename(owner, 'main.other', 'x')).resolves.toMatchObject({ fullName: 'main.x' });
  });

  it('lets one of two win who want the same name', async () => {
    for (let round = 0; round < 10; round++) {
      const both = await Promise.allSettled([
        rename(owner, 'prod.fraud', 'wanted'),
        rename(owner, 'prod.credit', 'Wanted'),
        t.as(owner, () => schemas.create({ catalog: 'prod', name: 'WANTED' })),
      ]);
      const lost = both.filter(({ status }) => status === 'rejected');
      expect(lost).toHaveLength(2);
      for (const each of lost) expect(each).toMatchObject({ reason: expect.any(AlreadyExists) });
      const [first, second, third] = both.map(({ status }) => status === 'fulfilled');
      if (first) await rename(owner, 'prod.wanted', 'fraud');
      if (second) await rename(owner, 'prod.wanted', 'credit');
      if (third) await t.as(owner, () => schemas.delete('prod.wanted'));
    }
  });

  it('takes the same number of statements, however much is in it', async () => {
    const pool = t.module.get(TransactionalPool);
    const statementsOf = async (from: string, to: string) => {
      const spy = jest.spyOn(pool, 'query');
      await rename(owner, from, to);
      const count = spy.mock.calls.length;
      spy.mockRestore();
      return count;
    };
    const few = await statementsOf('prod', 'first');
    for (let index = 0; index < 30; index++) {
      await make.securable('SCHEMA', `first.s${index}`, owner);
      await make.securable('REGISTERED_MODEL', `first.s${index}.m`, owner);
    }
    expect(await statementsOf('first', 'second')).toBe(few);
    expect(await names()).toContain('second.s29.m');
  });
});
