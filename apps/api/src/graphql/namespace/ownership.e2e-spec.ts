import { METASTORE_ID } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

/** domain.md, section 3: who may give an object another owner, to whom, and what it changes from the next request on. */
describe('Ownership through GraphQL', () => {
  let t: TestApp;
  let admin: TestPrincipal;
  let owner: TestPrincipal;
  let heir: TestPrincipal;
  let reader: TestPrincipal;
  let stranger: TestPrincipal;
  let neighbour: TestPrincipal;

  let catalog: { id: string };
  let round = 0;
  /** One of each kind, made anew for each test. */
  let objects: Record<'CATALOG' | 'SCHEMA' | 'REGISTERED_MODEL' | 'EXPERIMENT', string>;

  beforeAll(async () => {
    t = await createTestApp();
    admin = await t.make.admin('root');
  });
  afterAll(() => t.close());

  beforeEach(async () => {
    const prod = `prod${++round}`;
    const user = (name: string) => t.make.user(`${name}${round}`);
    [owner, heir, reader] = [await user('owner'), await user('heir'), await user('reader')];
    [stranger, neighbour] = [await user('stranger'), await user('neighbour')];
    objects = {
      CATALOG: prod,
      SCHEMA: `${prod}.fraud`,
      REGISTERED_MODEL: `${prod}.fraud.scorer`,
      EXPERIMENT: `/Users/ada/${prod}`,
    };
    const schema = await t.make.schema(objects.SCHEMA, owner);
    catalog = { id: schema.catalogId as string };
    await t.make.securable('REGISTERED_MODEL', objects.REGISTERED_MODEL, owner);
    const body = { name: objects.EXPERIMENT };
    await t.call('POST', '/api/2.0/mlflow/experiments/create', { token: owner.token, body });
    const experiment = await t.db.first<{ id: string }>(
      sql`SELECT id FROM securables WHERE full_name = ${objects.EXPERIMENT}`,
    );
    await t.make.grant(reader, experiment as { id: string }, 'READ');
    await t.make.grant(reader, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'BROWSE', 'APPROVE_PROMOTION');
    for (const who of [owner, heir]) await t.make.grant(who, catalog, 'USE_CATALOG', 'USE_SCHEMA');
    const other = await t.make.schema(`other${round}.schema`, owner);
    await t.make.grant(neighbour, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE');
  });

  const kinds = ['CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'EXPERIMENT'] as const;
  type Kind = (typeof kinds)[number] | 'METASTORE';
  const transfer = async (who: TestPrincipal, kind: Kind, to: string) => {
    const fullName = kind === 'METASTORE' ? 'metastore' : objects[kind];
    const { data } = await graphql(
      t,
      who.token,
      `mutation ($input: SecurableUpdateInput!) { securableUpdate(input: $input) {
        securable { fullName owner { name } } errors { code message path } } }`,
      { input: { securable: { kind, fullName }, owner: to } },
    );
    return data.securableUpdate;
  };
  const fields = { CATALOG: 'catalog', SCHEMA: 'schema', REGISTERED_MODEL: 'model', EXPERIMENT: 'experiment' };
  const viewerCan = async (who: TestPrincipal, kind: (typeof kinds)[number]): Promise<string[]> => {
    const key = kind === 'CATALOG' || kind === 'EXPERIMENT' ? 'name' : 'fullName';
    const query = `{ found: ${fields[kind]}(${key}: "${objects[kind]}") { viewerCan } }`;
    return (await graphql(t, who.token, query)).data.found?.viewerCan ?? [];
  };

  it.each(kinds)(
    'of a %s goes over from the next request on, with its data privileges and MANAGE, and no governance privilege',
    async (kind) => {
      expect(await viewerCan(owner, kind)).toContain('MANAGE');
      expect(await viewerCan(heir, kind)).not.toContain('MANAGE');
      expect((await transfer(owner, kind, heir.name)).errors).toEqual([]);
      const rights = await viewerCan(heir, kind);
      expect(rights).toEqual(expect.arrayContaining(['MANAGE', kind === 'EXPERIMENT' ? 'READ' : 'EXECUTE']));
      for (const governance of ['APPROVE_PROMOTION', 'WAIVE_GATE', 'BREAK_GLASS', 'MANAGE_POLICY', 'READ_AUDIT']) {
        expect(rights).not.toContain(governance);
      }
      // Whoever owns a container of it keeps MANAGE, and nothing else.
      const kept = await viewerCan(owner, kind);
      expect(kept).not.toContain(kind === 'EXPERIMENT' ? 'READ' : 'EXECUTE');
      expect(kept.includes('MANAGE')).toBe(kind === 'SCHEMA' || kind === 'REGISTERED_MODEL');
      const events = await t.db.query(
        sql`SELECT action, actor_name AS actor, before, after FROM audit_events
          WHERE action LIKE '%owner_changed' AND actor_id = ${owner.id}::uuid`,
      );
      expect(events).toEqual([
        {
          action: `${kind.toLowerCase()}.owner_changed`,
          actor: owner.name,
          before: { ownerId: owner.id },
          after: { ownerId: heir.id },
        },
      ]);
    },
  );

  it.each(kinds)(
    'of a %s is given by nobody else: not the reader, the stranger, or who manages another catalog',
    async (kind) => {
      expect((await transfer(reader, kind, reader.name)).errors).toMatchObject([{ code: 'MISSING_PRIVILEGE' }]);
      for (const who of [stranger, neighbour]) {
        expect((await transfer(who, kind, who.name)).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
      }
      expect(await viewerCan(owner, kind)).toContain('MANAGE');
    },
  );

  it('is given by a holder of MANAGE, by the owner of a container, and by the metastore’s owners', async () => {
    const manager = await t.make.user('manager');
    await t.make.grant(manager, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'MANAGE');
    expect(await transfer(manager, 'REGISTERED_MODEL', heir.name)).toMatchObject({
      securable: { owner: { name: heir.name } },
    });
    expect((await transfer(owner, 'REGISTERED_MODEL', reader.name)).errors).toEqual([]);
    for (const kind of ['CATALOG', 'EXPERIMENT'] as const) {
      expect((await transfer(admin, kind, heir.name)).errors).toEqual([]);
      expect(await viewerCan(heir, kind)).toContain('MANAGE');
    }
  });

  it('goes to users, service principals and groups; members have it as long as they are members', async () => {
    const robot = await t.make.principal('SERVICE_PRINCIPAL', 'robot');
    expect((await transfer(owner, 'EXPERIMENT', 'robot')).errors).toEqual([]);
    expect(await viewerCan(robot, 'EXPERIMENT')).toEqual(['READ', 'EDIT', 'MANAGE']);
    const inner = await t.make.group([heir], 'inner');
    const team = await t.make.group([inner], 'team');
    expect((await transfer(robot, 'EXPERIMENT', 'team')).errors).toEqual([]);
    expect([await viewerCan(robot, 'EXPERIMENT'), await viewerCan(heir, 'EXPERIMENT')]).toEqual([
      [],
      ['READ', 'EDIT', 'MANAGE'],
    ]);
    const leave = `mutation { groupMemberRemove(input: { group: "inner", member: "${heir.name}" }) { errors { message } } }`;
    expect((await graphql(t, admin.token, leave)).data.groupMemberRemove.errors).toEqual([]);
    expect(await viewerCan(heir, 'EXPERIMENT')).toEqual([]);
    expect(team.kind).toBe('GROUP');
  });

  it.each([
    ['away', 'DISABLED', '"away" is disabled: enable it first'],
    ['everyone', 'INVALID_ARGUMENT', '"everyone" cannot own anything'],
    ['imprimatur-gates', 'INVALID_ARGUMENT', '"imprimatur-gates" cannot own anything'],
    ['nobody', 'NOT_FOUND', 'Principal "nobody" does not exist'],
  ])('is refused to %s', async (name, code, message) => {
    if (name === 'away') {
      const away = await t.make.user('away');
      await t.db.execute(
        sql`UPDATE principals SET disabled_at = now() - interval '1 minute' WHERE id = ${away.id}::uuid`,
      );
    }
    for (const kind of ['CATALOG', 'EXPERIMENT'] as const) {
      const { securable, errors } = await transfer(owner, kind, name);
      expect(securable).toBeNull();
      expect(errors).toMatchObject([{ code, message: expect.stringContaining(message), path: ['input', 'owner'] }]);
    }
    expect(await viewerCan(owner, 'CATALOG')).toContain('MANAGE');
  });

  it('of the metastore: shown to all; given by its owners, to who can act', async () => {
    const metastore = async (who: TestPrincipal) =>
      (
        await graphql(
          t,
          who.token,
          '{ metastore { owner { name } viewerCan grantsRevision grants(first: 5) { totalCount } } }',
        )
      ).data.metastore;
    expect(await metastore(admin)).toMatchObject({
      owner: { name: 'metastore-admins' },
      viewerCan: ['CREATE_CATALOG', 'CREATE_EXPERIMENT', 'MANAGE'],
      grants: { totalCount: 1 },
      grantsRevision: expect.any(Number),
    });
    expect(await metastore(stranger)).toMatchObject({ viewerCan: ['CREATE_EXPERIMENT'], grants: { totalCount: 1 } });
    expect((await transfer(stranger, 'METASTORE', stranger.name)).errors).toMatchObject([
      { code: 'MISSING_PRIVILEGE' },
    ]);
    await t.make.group([], 'empty');
    expect((await transfer(admin, 'METASTORE', 'empty')).errors).toMatchObject([{ code: 'LAST_ADMINISTRATOR' }]);
    // MANAGE on the metastore is enough; it is not ownership of what is in it.
    const deputy = await t.make.user('deputy');
    await t.make.grant(deputy, { id: METASTORE_ID }, 'MANAGE');
    expect(await viewerCan(deputy, 'CATALOG')).toEqual([]);
    expect((await transfer(deputy, 'METASTORE', heir.name)).errors).toEqual([]);
    expect((await metastore(heir)).viewerCan).toContain('MANAGE');
    expect((await metastore(admin)).viewerCan).toEqual(['CREATE_EXPERIMENT']);
    expect(await viewerCan(heir, 'EXPERIMENT')).toEqual(['MANAGE']);
    expect((await transfer(heir, 'METASTORE', 'metastore-admins')).errors).toEqual([]);
  });
});
