import { Access, AccessSnapshots, METASTORE_ID, SecurableRepository } from '@app/access';
import { type Caller, type Narrowing, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { PermissionDenied } from './access.errors.js';
import type { Securable } from './securable.js';

describe('Access', () => {
  let t: TestModule;
  let make: Factories;
  let access: Access;
  let owner: TestPrincipal;
  let reader: TestPrincipal;
  let model: Securable;
  let schema: Securable;
  let catalog: Securable;

  beforeAll(async () => {
    t = await createTestModule([]);
    make = new Factories(t.db);
    access = t.module.get(Access);
    owner = await make.user();
    reader = await make.user();
    catalog = await make.securable('CATALOG', 'prod', owner);
    schema = await make.securable('SCHEMA', 'prod.fraud', owner);
    model = await make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
  });
  afterAll(() => t.close());

  const listed = async (who: Caller, question: 'EXECUTE' | 'DISCOVER') =>
    t.as(who, async () => {
      const where = await access.where(question, 'REGISTERED_MODEL', 's');
      return t.db.query(sql`SELECT s.id FROM securables s WHERE s.kind = 'REGISTERED_MODEL' AND ${where}`);
    });

  it('answers the stranger as if the object did not exist, in check and list', async () => {
    const stranger = await make.user();
    await expect(
      t.as(stranger, () => access.authorize('EXECUTE', model, 'REGISTERED_MODEL', model.fullName)),
    ).rejects.toThrow(NotFound);
    await expect(
      t.as(stranger, () => access.authorize('EXECUTE', undefined, 'REGISTERED_MODEL', model.fullName)),
    ).rejects.toThrow('Registered model "prod.fraud.scorer" does not exist, or you may not see it');
    expect(await listed(stranger, 'EXECUTE')).toEqual([]);
    expect(await listed(stranger, 'DISCOVER')).toEqual([]);
  });

  it('needs all three conditions', async () => {
    await make.grant(reader, model, 'EXECUTE');
    expect(await t.as(reader, () => access.allowed('EXECUTE', model))).toBe(false);
    await make.grant(reader, catalog, 'USE_CATALOG');
    expect(await t.as(reader, () => access.allowed('EXECUTE', model))).toBe(false);
    await make.grant(reader, schema, 'USE_SCHEMA');
    expect(await t.as(reader, () => access.allowed('EXECUTE', model))).toBe(true);
    expect(await listed(reader, 'EXECUTE')).toHaveLength(1);
    await expect(
      t.as(reader, () => access.authorize('SET_ALIAS', model, 'REGISTERED_MODEL', model.fullName)),
    ).rejects.toThrow(PermissionDenied);
  });

  it('gives the owner data rights on the model, and no governance', async () => {
    const may = (privilege: 'EXECUTE' | 'MANAGE' | 'APPROVE_PROMOTION') =>
      t.as(owner, () => access.allowed(privilege, model));
    expect([await may('EXECUTE'), await may('MANAGE'), await may('APPROVE_PROMOTION')]).toEqual([true, true, false]);
  });

  it('acts on a revoked membership at once, nested groups included', async () => {
    const member = await make.user();
    const inner = await make.group([member]);
    const outer = await make.group([inner]);
    await make.grant(outer, catalog, 'ALL_PRIVILEGES');
    expect(await t.as(member, () => access.allowed('EXECUTE', model))).toBe(true);
    expect(await t.as(member, () => access.allowed('APPROVE_PROMOTION', model))).toBe(false);
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${inner.id}::uuid`);
    await t.module.get(AccessSnapshots).changed();
    expect(await t.as(member, () => access.allowed('EXECUTE', model))).toBe(false);
    expect(await listed(member, 'EXECUTE')).toEqual([]);
  });

  it('acts on the expiry of a grant while this process’s clock is an hour behind', async () => {
    const member = await make.user();
    await make.grant(member, catalog, 'ALL_PRIVILEGES');
    await t.db.execute(
      sql`UPDATE grants SET expires_at = now() + interval '3 seconds' WHERE principal_id = ${member.id}::uuid`,
    );
    await t.module.get(AccessSnapshots).changed();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
    try {
      const may = () => t.as(member, () => access.allowed('EXECUTE', model));
      expect(await may()).toBe(true);
      await t.db.query(sql`SELECT pg_sleep_until(expires_at) FROM grants WHERE principal_id = ${member.id}::uuid`);
      expect(await may()).toBe(false);
    } finally {
      clock.mockRestore();
    }
  });

  describe('with a token that was narrowed when it was made', () => {
    let holder: TestPrincipal;
    let elsewhere: Securable;
    let metastore: Securable;
    beforeAll(async () => {
      holder = await make.user();
      const other = await make.securable('CATALOG', 'other', owner);
      await make.securable('SCHEMA', 'other.schema', owner);
      elsewhere = await make.securable('REGISTERED_MODEL', 'other.schema.model', owner);
      for (const place of [catalog, other]) await make.grant(holder, place, 'ALL_PRIVILEGES', 'MANAGE', 'READ_AUDIT');
      metastore = (await t.module.get(SecurableRepository).byId(METASTORE_ID)) as Securable;
    });
    const narrowed = (narrowing: Partial<Narrowing>) => ({
      ...holder,
      narrowing: { readOnly: false, catalogId: null, ...narrowing },
    });

    it('reads and changes nothing, and says that the token is why', async () => {
      const caller = narrowed({ readOnly: true });
      expect(await t.as(caller, () => access.allowed('EXECUTE', model))).toBe(true);
      expect(await t.as(caller, () => access.privilegesOn(model))).toEqual(['EXECUTE', 'READ_AUDIT']);
      const refused = t.as(caller, () => access.authorize('SET_ALIAS', model, 'REGISTERED_MODEL', model.fullName));
      await expect(refused).rejects.toThrow(PermissionDenied);
      await expect(refused).rejects.toThrow(
        'you lack SET_ALIAS on it: the token was made for reading only, and SET_ALIAS changes something: use another token',
      );
    });

    it('sees nothing outside of its catalog, as if it did not exist', async () => {
      const caller = narrowed({ catalogId: catalog.id });
      expect(await t.as(caller, () => access.allowed('SET_ALIAS', model))).toBe(true);
      const ask = (object: Securable | undefined) =>
        t.as(caller, () => access.authorize('EXECUTE', object, 'REGISTERED_MODEL', elsewhere.fullName));
      await expect(ask(elsewhere)).rejects.toThrow(new NotFound('Registered model', elsewhere.fullName).message);
      await expect(ask(undefined)).rejects.toThrow(new NotFound('Registered model', elsewhere.fullName).message);
      expect(await listed(caller, 'EXECUTE')).toEqual([{ id: model.id }]);
      expect(await t.as(caller, () => access.privilegesOn(elsewhere))).toEqual([]);
    });

    it('has nothing on the metastore, which everybody knows', async () => {
      const caller = narrowed({ catalogId: catalog.id });
      await make.grant(holder, metastore, 'CREATE_CATALOG');
      const ask = () => access.authorize('CREATE_CATALOG', metastore, 'METASTORE', 'metastore');
      await expect(t.as(holder, ask)).resolves.toMatchObject({ object: { id: METASTORE_ID } });
      await expect(t.as(caller, ask)).rejects.toThrow('the token was made for another catalog');
    });

    it('reads the audit events of its catalog only, in check and list', async () => {
      const caller = narrowed({ catalogId: catalog.id });
      const place = (within: Securable | null) => ({
        securableId: within?.id ?? null,
        schemaId: within?.schemaId ?? null,
        catalogId: within?.catalogId ?? null,
      });
      const may = (within: Securable | null) => t.as(caller, () => access.mayReadAudit(place(within)));
      expect([await may(model), await may(elsewhere), await may(null)]).toEqual([true, false, false]);
      const places = [place(model), place(elsewhere), place(null)].map((each, n) => ({
        n,
        securable_id: each.securableId,
        schema_id: each.schemaId,
        catalog_id: each.catalogId,
      }));
      const found = await t.as(caller, async () =>
        t.db.query(sql`SELECT e.n FROM jsonb_to_recordset(${JSON.stringify(places)}::jsonb)
          AS e(n int, securable_id uuid, schema_id uuid, catalog_id uuid) WHERE ${await access.whereMayReadAudit('e')}`),
      );
      expect(found).toEqual([{ n: 0 }]);
    });

    it('bounds his own questions, and not those about his rights as a reviewer', async () => {
      const asked = () => access.allowedFor(holder.id, 'SET_ALIAS', elsewhere);
      expect(await t.as(narrowed({ readOnly: true, catalogId: catalog.id }), asked)).toBe(true);
    });
  });

  it('lists what is granted one by one, a thousand and more of it', async () => {
    const member = await make.user();
    await make.grant(member, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    const stored = await t.db.query<{ id: string }>(sql`
      INSERT INTO securables (id, kind, parent_id, catalog_id, schema_id, name, full_name, full_name_key, owner_id)
      SELECT gen_random_uuid(), 'REGISTERED_MODEL', ${schema.id}::uuid, ${catalog.id}::uuid, ${schema.id}::uuid, 'm' || n,
        'prod.fraud.m' || n, 'prod.fraud.m' || n, ${owner.id}::uuid
      FROM generate_series(1, 1300) AS n RETURNING id`);
    const granted = stored.slice(100).map(({ id }) => id);
    await t.db.execute(sql`
      INSERT INTO grants (id, securable_id, principal_id, privilege)
      SELECT gen_random_uuid(), id, ${member.id}::uuid, 'EXECUTE' FROM unnest(${granted}::uuid[]) AS id`);
    await t.module.get(AccessSnapshots).changed();
    const rows = (await listed(member, 'EXECUTE')) as { id: string }[];
    expect(rows.map(({ id }) => id).sort()).toEqual([...granted].sort());
  });
});
