import {
  Access,
  METASTORE_ID,
  PermissionDenied,
  type Privilege,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Grants } from './grant.service.js';
import { NamespaceModule } from './namespace.module.js';

describe('Grants', () => {
  let t: TestModule;
  let make: Factories;
  let grants: Grants;
  let owner: TestPrincipal;
  let reader: TestPrincipal;
  let stranger: TestPrincipal;
  let catalog: Securable;
  let schema: Securable;
  let model: Securable;

  beforeEach(async () => {
    t = await createTestModule([NamespaceModule]);
    make = new Factories(t.db);
    grants = t.module.get(Grants);
    [owner, reader, stranger] = [await make.user('owner'), await make.user('reader'), await make.user('stranger')];
    catalog = await make.securable('CATALOG', 'prod', owner);
    schema = await make.securable('SCHEMA', 'prod.fraud', owner);
    model = await make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
  });
  afterEach(() => t.close());

  const grant = (securable: Securable, privilege: Privilege, principal = 'reader', expiresAt?: Date) =>
    t.as(owner, () => grants.grant({ securable, principal, privilege, expiresAt }));
  const reads = () => t.as(reader, () => t.module.get(Access).allowed('EXECUTE', model));
  const events = () =>
    t.db.query<Record<string, unknown>>(
      sql`SELECT action, object_name AS name, before, after, catalog_id AS "catalogId" FROM audit_events ORDER BY id`,
    );

  it('take effect at once, and end at once when they are revoked', async () => {
    await grant(catalog, 'USE_CATALOG');
    await grant(catalog, 'USE_SCHEMA');
    expect(await reads()).toBe(false);
    const made = await grant(model, 'EXECUTE');
    expect(made).toMatchObject({
      privilege: 'EXECUTE',
      principalId: reader.id,
      grantedBy: owner.id,
      expiresAt: null,
      securable: { id: model.id, kind: 'REGISTERED_MODEL', fullName: 'prod.fraud.scorer' },
      inheritedFrom: null,
    });
    expect(await reads()).toBe(true);
    expect(await t.as(owner, () => grants.revoke(made.id))).toMatchObject({ id: made.id });
    expect(await reads()).toBe(false);
    await expect(t.as(owner, () => grants.revoke(made.id))).rejects.toThrow(NotFound);

    const told = { principal: 'reader', principalId: reader.id, privilege: 'EXECUTE', expiresAt: null };
    expect((await events()).slice(2)).toEqual([
      {
        action: 'grant.created',
        name: 'EXECUTE on prod.fraud.scorer to reader',
        before: null,
        after: told,
        catalogId: catalog.id,
      },
      {
        action: 'grant.revoked',
        name: 'EXECUTE on prod.fraud.scorer to reader',
        before: told,
        after: null,
        catalogId: catalog.id,
      },
    ]);
  });

  it('are idempotent: granting twice changes nothing but the expiry', async () => {
    const first = await grant(model, 'EXECUTE');
    expect(await grant(model, 'EXECUTE', reader.id)).toEqual(first);
    const expiresAt = new Date(Date.now() + 60_000);
    expect(await grant(model, 'EXECUTE', 'READER', expiresAt)).toEqual({ ...first, expiresAt });
    expect((await events()).map(({ action }) => action)).toEqual(['grant.created', 'grant.changed']);
  });

  it('are one grant, with one event, when many make it at once', async () => {
    // Connections are opened first: only then they really run at once.
    await Promise.all(Array.from({ length: 8 }, () => t.db.query(sql`SELECT 1`)));
    const made = await Promise.all(Array.from({ length: 8 }, () => grant(model, 'EXECUTE')));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await events()).toHaveLength(1);
  });

  it('hold nothing from their expiry on, are listed no more, and can be made anew', async () => {
    const old = await grant(model, 'APPLY_TAG', 'reader', new Date(Date.now() + 60_000));
    await t.db.execute(sql`UPDATE grants SET expires_at = now() - interval '1 s' WHERE id = ${old.id}::uuid`);
    expect(await t.as(owner, () => grants.count(model))).toBe(0);
    await expect(t.as(owner, () => grants.get(old.id))).rejects.toThrow(NotFound);
    const anew = await grant(model, 'APPLY_TAG');
    expect(anew.id).not.toBe(old.id);
    expect((await events()).map(({ action }) => action)).toEqual(['grant.created', 'grant.created']);
  });

  it('refuse what does not fit, and change nothing', async () => {
    await expect(grant(model, 'USE_CATALOG')).rejects.toThrow('cannot be granted on a registered model');
    await expect(grant(model, 'EXECUTE', 'reader', new Date(Date.now() - 1))).rejects.toThrow('is not in the future');
    await expect(grant(model, 'EXECUTE', 'nobody')).rejects.toThrow('Principal "nobody" does not exist');
    await expect(grant({ ...model, fullName: 'prod.fraud.none' }, 'EXECUTE')).rejects.toThrow(NotFound);
    expect(await events()).toEqual([]);
  });

  it('are made by whoever has MANAGE: owner, owner of a container, metastore admin, holder; nobody else', async () => {
    const admin = await make.admin('metastore-admin');
    const other = await make.user('model-maker');
    const theirs = await make.securable('REGISTERED_MODEL', 'prod.fraud.theirs', other);
    const grantAs = (who: TestPrincipal) =>
      t.as(who, () => grants.grant({ securable: theirs, principal: 'reader', privilege: 'EXECUTE' }));
    await grantAs(owner);
    // The metastore admin manages the catalog, and grants himself the gates of what is in it before he manages there.
    await expect(grantAs(admin)).rejects.toThrow(NotFound);
    for (const privilege of ['USE_CATALOG', 'USE_SCHEMA'] as const) {
      await t.as(admin, () => grants.grant({ securable: catalog, principal: 'metastore-admin', privilege }));
    }
    await grantAs(admin);
    // The model's own owner needs the gates above it, as a holder of MANAGE does.
    const attempt = (who: TestPrincipal) =>
      t.as(who, () => grants.grant({ securable: theirs, principal: 'reader', privilege: 'SET_ALIAS' }));
    await expect(attempt(other)).rejects.toThrow(NotFound);
    await expect(attempt(stranger)).rejects.toThrow(NotFound);
    for (const who of [other, stranger]) {
      await make.grant(who, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    }
    await attempt(other);
    await make.grant(stranger, theirs, 'EXECUTE');
    await expect(attempt(stranger)).rejects.toThrow(PermissionDenied);
    await make.grant(stranger, schema, 'MANAGE');
    await attempt(stranger);
  });

  it('are changed together or not at all', async () => {
    const kept = await grant(model, 'EXECUTE');
    const update = (add: Privilege[], remove: Privilege[]) =>
      t.as(owner, () =>
        grants.update(model, {
          add: add.map((privilege) => ({ principal: 'reader', privilege })),
          remove: remove.map((privilege) => ({ principal: 'reader', privilege })),
        }),
      );
    await expect(update(['SET_ALIAS', 'READ'], ['EXECUTE'])).rejects.toThrow('READ cannot be granted');
    await expect(
      t.as(owner, () =>
        grants.update(model, {
          add: [{ principal: 'nobody', privilege: 'SET_ALIAS' }],
          remove: [{ principal: 'reader', privilege: 'EXECUTE' }],
        }),
      ),
    ).rejects.toThrow(NotFound);
    await expect(update(['EXECUTE'], ['EXECUTE'])).rejects.toThrow('EXECUTE for "reader" is named twice');
    expect((await t.as(owner, () => grants.list(model, { first: 9 }))).edges.map(({ node }) => node)).toMatchObject([
      { id: kept.id },
    ]);

    const { granted, revoked } = await update(['SET_ALIAS', 'APPLY_TAG'], ['EXECUTE', 'MANAGE']);
    expect(granted.map(({ privilege }) => privilege)).toEqual(['SET_ALIAS', 'APPLY_TAG']);
    expect(revoked.map(({ id }) => id)).toEqual([kept.id]);
    expect((await events()).slice(1).map(({ action }) => action)).toEqual([
      'grant.created',
      'grant.created',
      'grant.revoked',
    ]);
    expect(await update([], [])).toMatchObject({ granted: [], revoked: [] });
    const many = Array.from({ length: 101 }, () => 'EXECUTE' as const);
    await expect(update(many, [])).rejects.toThrow('101 grants are more than 100');
  });

  it('are read in full with MANAGE; by others their own, also through groups', async () => {
    const team = await make.group([reader]);
    await make.grant(reader, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await make.grant(team, model, 'EXECUTE');
    await make.grant(stranger, model, 'SET_ALIAS');
    const list = async (who: TestPrincipal) =>
      (await t.as(who, () => grants.list(model, { first: 10 }))).edges.map(({ node }) => node.privilege);
    expect(await list(owner)).toEqual(['EXECUTE', 'SET_ALIAS']);
    expect(await t.as(owner, () => grants.count(model))).toBe(2);
    expect(await list(reader)).toEqual(['EXECUTE']);
    expect(await t.as(reader, () => grants.count(model))).toBe(1);
    await expect(list(stranger)).rejects.toThrow(NotFound);

    const first = await t.as(owner, () => grants.list(model, { first: 1 }));
    const second = await t.as(owner, () => grants.list(model, { first: 1, after: first.edges[0]?.cursor }));
    expect([first.hasNextPage, second.edges[0]?.node.privilege, second.hasNextPage]).toEqual([
      true,
      'SET_ALIAS',
      false,
    ]);
  });

  it('reach an object from the containers above it, which are named', async () => {
    const metastore = (await t.module.get(SecurableRepository).byId(METASTORE_ID)) as Securable;
    await make.grant(reader, metastore, 'READ_AUDIT', 'CREATE_CATALOG', 'MANAGE');
    await make.grant(reader, catalog, 'USE_CATALOG', 'EXECUTE');
    await make.grant(reader, schema, 'USE_SCHEMA', 'SET_ALIAS');
    await make.grant(reader, model, 'APPLY_TAG');
    const inherited = async (who: TestPrincipal) =>
      (await t.as(who, () => grants.inherited(model, { first: 10 }))).edges.map(
        ({ node }) => `${node.privilege} from ${node.inheritedFrom?.fullName}`,
      );
    const all = ['READ_AUDIT from metastore', 'EXECUTE from prod', 'SET_ALIAS from prod.fraud'];
    expect(await inherited(owner)).toEqual(all);
    expect(await inherited(reader)).toEqual(all);
    expect(await t.as(owner, () => grants.countInherited(model))).toBe(3);
    await make.grant(stranger, catalog, 'USE_CATALOG', 'BROWSE');
    expect(await inherited(stranger)).toEqual([]);
    await expect(t.as(await make.user(), () => grants.inherited(model, { first: 1 }))).rejects.toThrow(NotFound);
  });

  it('of a principal are shown where the reader may see them', async () => {
    const elsewhere = await make.securable('CATALOG', 'elsewhere', stranger);
    await make.grant(reader, model, 'EXECUTE');
    await make.grant(reader, elsewhere, 'USE_CATALOG');
    const of = async (who: TestPrincipal) =>
      (await t.as(who, () => grants.ofPrincipal(reader.id, { first: 10 }))).edges.map(
        ({ node }) => `${node.privilege} on ${node.securable.fullName}`,
      );
    expect(await of(reader)).toEqual(['EXECUTE on prod.fraud.scorer', 'USE_CATALOG on elsewhere']);
    expect(await of(owner)).toEqual(['EXECUTE on prod.fraud.scorer']);
    expect(await of(stranger)).toEqual(['USE_CATALOG on elsewhere']);
    expect(await t.as(await make.user(), () => grants.countOfPrincipal(reader.id))).toBe(0);
    await expect(t.as(owner, () => grants.ofPrincipal('no-id', { first: 1 }))).rejects.toThrow(NotFound);
  });

  it('of others are hidden, like those that do not exist; one’s own are refused', async () => {
    const made = await grant(model, 'EXECUTE');
    await expect(t.as(stranger, () => grants.revoke(made.id))).rejects.toThrow(`Grant "${made.id}" does not exist`);
    await expect(t.as(stranger, () => grants.revoke('no-id'))).rejects.toThrow(NotFound);
    await make.grant(reader, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    expect(await t.as(reader, () => grants.get(made.id))).toMatchObject({ id: made.id });
    await expect(t.as(reader, () => grants.revoke(made.id))).rejects.toThrow(PermissionDenied);
    expect(await reads()).toBe(true);
  });
});
