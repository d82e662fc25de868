import {
  AccessSnapshots,
  METASTORE_ID,
  PermissionDenied,
  PrincipalRepository,
  type Privilege,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { Conflict, NotFound, SeveralFailures, Transaction, TransactionalPool } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import type { GrantChanges } from './grant.js';
import { Grants } from './grant.service.js';
import { NamespaceModule } from './namespace.module.js';

describe('The revision of the grants on an object', () => {
  let t: TestModule;
  let make: Factories;
  let grants: Grants;
  let owner: TestPrincipal;
  let reader: TestPrincipal;
  let catalog: Securable;

  beforeEach(async () => {
    t = await createTestModule([NamespaceModule]);
    make = new Factories(t.db);
    grants = t.module.get(Grants);
    [owner, reader] = [await make.user('owner'), await make.user('reader')];
    catalog = await make.securable('CATALOG', 'prod', owner);
  });
  afterEach(() => t.close());

  const revision = async (on = catalog) =>
    (await t.module.get(SecurableRepository).byId(on.id))?.grantsRevision as number;
  const update = (changes: GrantChanges, who = owner) => t.as(who, () => grants.update(catalog, changes));
  const to = (principal: string, privilege: Privilege, expiresAt?: Date) => ({ principal, privilege, expiresAt });
  const held = async () =>
    (await t.as(owner, () => grants.list(catalog, { first: 100 }))).edges.map(({ node }) => node.privilege);

  it('moves with every change, and with nothing else', async () => {
    const seen = [await revision()];
    const moved = async (change: () => Promise<unknown>) => {
      await change();
      seen.push(await revision());
      return seen.at(-1) !== seen.at(-2);
    };
    const soon = new Date(Date.now() + 60_000);
    expect(await moved(() => update({ add: [to('reader', 'EXECUTE')] }))).toBe(true);
    expect(await moved(() => update({ add: [to('reader', 'EXECUTE')] }))).toBe(false);
    expect(await moved(() => update({ add: [to('reader', 'EXECUTE', soon)] }))).toBe(true);
    expect(await moved(() => update({ remove: [to('reader', 'BROWSE')] }))).toBe(false);
    expect(await moved(() => update({ add: [to('nobody', 'BROWSE')] }).catch(() => {}))).toBe(false);
    expect(await moved(() => update({ remove: [to('reader', 'EXECUTE')] }))).toBe(true);
    await update({ add: [to('reader', 'BROWSE')] });
    seen.push(await revision());
    // Whoever deletes a principal deletes its grants.
    const deleted = () => t.db.execute(sql`DELETE FROM principals WHERE id = ${reader.id}::uuid`);
    expect(await moved(deleted)).toBe(true);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('is that of the object itself', async () => {
    const schema = await make.securable('SCHEMA', 'prod.fraud', owner);
    await make.grant(reader, schema, 'EXECUTE');
    expect([await revision(), await revision(schema)]).toEqual([0, 1]);
  });

  it('is told by a change, and the next one can expect it', async () => {
    const { securable } = await update({ add: [to('reader', 'EXECUTE')], expectedRevision: 0 });
    expect(securable.grantsRevision).toBe(await revision());
    await update({ add: [to('reader', 'BROWSE')], expectedRevision: securable.grantsRevision });
    expect(await held()).toEqual(['EXECUTE', 'BROWSE']);
  });

  it('guards a change: at another revision it is a conflict, and nothing changes', async () => {
    await update({ add: [to('reader', 'EXECUTE')] });
    const now = await revision();
    const stale = update({ add: [to('reader', 'BROWSE')], remove: [to('reader', 'EXECUTE')], expectedRevision: 0 });
    await expect(stale).rejects.toThrow(Conflict);
    await expect(stale).rejects.toMatchObject({
      reason: 'GRANTS_CHANGED',
      path: ['expectedRevision'],
      details: { currentRevision: now, expectedRevision: 0 },
      message: expect.stringContaining(`the grants on catalog "prod" are at revision ${now}, not 0`),
    });
    expect([await held(), await revision()]).toEqual([['EXECUTE'], now]);
    const told = await t.db.query(sql`SELECT action FROM audit_events`);
    expect(told).toEqual([{ action: 'grant.created' }]);
  });

  it('is told to those only who may change the grants', async () => {
    const attempt = () => update({ expectedRevision: 999 }, reader);
    await expect(attempt()).rejects.toThrow(NotFound);
    await make.grant(reader, catalog, 'BROWSE');
    await expect(attempt()).rejects.toThrow(PermissionDenied);
  });

  it('lets exactly one of two editors win who have seen the same', async () => {
    await Promise.all(Array.from({ length: 6 }, () => t.db.query(sql`SELECT 1`)));
    for (let round = 0; round < 20; round++) {
      const expectedRevision = await revision();
      const [add, remove] = [await held(), await held()].map((now) => now.includes('EXECUTE')) as [boolean, boolean];
      const changes = { [add && remove ? 'remove' : 'add']: [to('reader', 'EXECUTE')], expectedRevision };
      const editors = await Promise.allSettled([
        update(changes),
        update({ add: [to('reader', 'BROWSE', new Date(Date.now() + 1e6 + round))], expectedRevision }),
      ]);
      expect(editors.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(editors.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(Conflict) });
    }
  });

  it('ends cleanly when a principal is deleted while it is granted something', async () => {
    const principals = t.module.get(PrincipalRepository);
    for (let round = 0; round < 10; round++) {
      const leaving = await make.user(`leaving-${round}`);
      await make.grant(leaving, catalog, 'BROWSE');
      const [granted, deleted] = await Promise.allSettled([
        update({ add: [to(leaving.name, 'EXECUTE')] }),
        t.module.get(Transaction).run(async () => {
          await principals.lock(leaving.id);
          await principals.delete(leaving.id);
          await t.module.get(AccessSnapshots).changed();
        }),
      ]);
      expect(deleted.status).toBe('fulfilled');
      if (granted.status === 'rejected') expect(granted.reason).toBeInstanceOf(NotFound);
    }
    expect(await held()).toEqual([]);
  });

  it('are refused with all that is wrong, each with its place', async () => {
    const refusal = await update({
      add: [to('reader', 'EXECUTE'), to('reader', 'READ'), to('reader', 'BROWSE', new Date(0))],
      remove: [to('reader', 'EDIT')],
    }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SeveralFailures);
    const paths = (error: unknown) => (error as SeveralFailures).failures.map(({ path }) => path?.join('.'));
    expect(paths(refusal)).toEqual(['add.1.privilege', 'add.2.expiresAt', 'remove.0.privilege']);
    const unknown = await update({
      add: [to('nobody', 'EXECUTE'), to('reader', 'EXECUTE'), to('no-one', 'BROWSE')],
    }).catch((error: unknown) => error);
    expect(paths(unknown)).toEqual(['add.0.principal', 'add.2.principal']);
    await expect(update({ add: [to('reader', 'EXECUTE')], remove: [to('READER', 'EXECUTE')] })).rejects.toMatchObject({
      path: ['remove', '0', 'privilege'],
    });
    expect([await held(), await revision()]).toEqual([[], 0]);
    const single = () =>
      t.as(owner, () => grants.grant({ securable: catalog, principal: 'reader', privilege: 'READ' as Privilege }));
    await expect(single()).rejects.toMatchObject({ path: ['privilege'] });
  });
});

describe('Who may grant, and who may read grants', () => {
  let t: TestModule;
  let make: Factories;
  let grants: Grants;
  let owner: TestPrincipal;
  let other: TestPrincipal;
  let catalog: Securable;

  beforeEach(async () => {
    t = await createTestModule([NamespaceModule]);
    make = new Factories(t.db);
    grants = t.module.get(Grants);
    [owner, other] = [await make.user('owner'), await make.user('other')];
    catalog = await make.securable('CATALOG', 'prod', owner);
  });
  afterEach(() => t.close());

  const grantAs = (who: TestPrincipal, securable: Securable, privilege: Privilege) =>
    t.as(who, () => grants.grant({ securable, principal: 'owner', privilege }));

  it('MANAGE grants governance privileges, also those that its holder lacks; ALL_PRIVILEGES grants nothing', async () => {
    await make.grant(other, catalog, 'ALL_PRIVILEGES', 'APPROVE_PROMOTION', 'READ_AUDIT', 'MANAGE_POLICY');
    await expect(grantAs(other, catalog, 'APPROVE_PROMOTION')).rejects.toThrow(PermissionDenied);
    await make.grant(other, catalog, 'MANAGE');
    for (const privilege of ['APPROVE_PROMOTION', 'WAIVE_GATE', 'BREAK_GLASS', 'MANAGE'] as const) {
      await expect(grantAs(other, catalog, privilege)).resolves.toMatchObject({ privilege });
    }
  });

  it('on the metastore: its owners, and holders of MANAGE on it; an experiment: its owner too', async () => {
    const metastore = (await t.module.get(SecurableRepository).byId(METASTORE_ID)) as Securable;
    const experiment = await make.securable('EXPERIMENT', '/Users/ada/churn', other);
    const admin = await make.admin();
    await expect(grantAs(owner, metastore, 'CREATE_CATALOG')).rejects.toThrow(PermissionDenied);
    await expect(grantAs(owner, experiment, 'READ')).rejects.toThrow(NotFound);
    await grantAs(admin, metastore, 'CREATE_CATALOG');
    for (const who of [admin, other]) await grantAs(who, experiment, 'READ');
    await expect(grantAs(owner, experiment, 'EDIT')).rejects.toThrow(PermissionDenied);
    await make.grant(owner, metastore, 'MANAGE');
    await grantAs(owner, metastore, 'CREATE_EXPERIMENT');
    // Grants on the metastore do not inherit: MANAGE there is not MANAGE on what is in it.
    await expect(grantAs(owner, experiment, 'EDIT')).rejects.toThrow(PermissionDenied);
  });

  it('READ_AUDIT shows all grants where it reaches, in lists, counts and pages; others see their own', async () => {
    const schema = await make.securable('SCHEMA', 'prod.fraud', owner);
    const hidden = await make.securable('CATALOG', 'hidden', owner);
    const subject = await make.user('subject');
    for (const place of [hidden, catalog, hidden, schema]) await make.grant(subject, place, 'EXECUTE', 'SET_ALIAS');
    await make.grant(other, catalog, 'READ_AUDIT');
    const page = await t.as(other, () => grants.ofPrincipal(subject.id, { first: 3 }));
    expect(page.edges.map(({ node }) => node.securable.fullName)).toEqual(['prod', 'prod', 'prod.fraud']);
    expect(page.hasNextPage).toBe(true);
    expect(await t.as(other, () => grants.countOfPrincipal(subject.id))).toBe(4);
    expect(await t.as(other, () => grants.count(catalog))).toBe(3);
    expect(await t.as(subject, () => grants.countOfPrincipal(subject.id))).toBe(6);
    expect(await t.as(await make.user(), () => grants.countOfPrincipal(subject.id))).toBe(0);
  });

  it('takes the same statements to hide a grant as to miss one', async () => {
    const hidden = await grantAs(owner, catalog, 'BROWSE');
    const pool = jest.spyOn(t.module.get(TransactionalPool), 'query');
    const statementsFor = async (id: string) => {
      pool.mockClear();
      await expect(t.as(other, () => grants.get(id))).rejects.toThrow(`Grant "${id}" does not exist`);
      return pool.mock.calls.map(([asked]) => (asked as { text: string }).text);
    };
    await statementsFor(hidden.id);
    expect(await statementsFor(hidden.id)).toEqual(await statementsFor(METASTORE_ID));
    pool.mockRestore();
  });

  it('a token for one catalog shows the grants in it, of one’s own too', async () => {
    const elsewhere = await make.securable('CATALOG', 'elsewhere', owner);
    await make.grant(other, catalog, 'BROWSE');
    await make.grant(other, elsewhere, 'BROWSE');
    const narrowed = { ...other, narrowing: { readOnly: true, catalogId: catalog.id } };
    const found = await t.as(narrowed, () => grants.ofPrincipal(other.id, { first: 9 }));
    expect(found.edges.map(({ node }) => node.securable.fullName)).toEqual(['prod']);
  });
});
