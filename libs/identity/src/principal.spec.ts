import { Authenticator, builtInPrincipals, METASTORE_ID, PermissionDenied } from '@app/access';
import { AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Transaction } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Groups } from './group.service.js';
import { IdentityModule } from './identity.module.js';
import { Principals } from './principal.service.js';

describe('Principals', () => {
  let t: TestModule;
  let make: Factories;
  let principals: Principals;
  let admin: TestPrincipal;
  let user: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([IdentityModule]);
    make = new Factories(t.db);
    principals = t.module.get(Principals);
    admin = await make.admin('root');
    user = await make.user('ordinary');
  });
  afterAll(() => t.close());

  const asAdmin = <T>(work: () => Promise<T>) => t.as(admin, work);
  const events = (objectId: string) =>
    t.db.query<{ action: string; actorName: string; before: unknown; after: unknown }>(
      sql`SELECT action, actor_name AS "actorName", before, after FROM audit_events WHERE object_id = ${objectId} ORDER BY id`,
    );

  it('are made, read and listed, with one event for each change', async () => {
    const made = await asAdmin(() => principals.createUser({ name: 'Ada', displayName: 'Ada Lovelace' }));
    expect(made).toMatchObject({
      kind: 'USER',
      name: 'Ada',
      displayName: 'Ada Lovelace',
      builtIn: false,
      disabledAt: null,
    });
    const robot = await asAdmin(() => principals.createServicePrincipal({ name: 'ci' }));
    const team = await asAdmin(() => principals.createGroup({ name: 'ml-leads' }));
    expect([robot.kind, team.kind]).toEqual(['SERVICE_PRINCIPAL', 'GROUP']);
    const renamed = await asAdmin(() => principals.update(made.id, { displayName: 'A. L.' }));
    expect(renamed).toEqual({ ...made, displayName: 'A. L.' });

    expect(await t.as(user, () => principals.byName('ADA'))).toMatchObject(renamed);
    expect(await t.as(user, () => principals.get(made.id))).toMatchObject(renamed);
    expect(await t.as(user, () => principals.byIds([made.id, robot.id, 'no id']))).toHaveLength(2);
    expect(await events(made.id)).toEqual([
      {
        action: 'principal.created',
        actorName: 'root',
        before: null,
        after: { kind: 'USER', name: 'Ada', displayName: 'Ada Lovelace' },
      },
      {
        action: 'principal.updated',
        actorName: 'root',
        before: { displayName: 'Ada Lovelace', disabledAt: null },
        after: { displayName: 'A. L.', disabledAt: null },
      },
    ]);
  });

  it('are listed by name, filtered and counted, for every authenticated caller', async () => {
    for (const name of ['list-b', 'list-a', 'LIST-c']) await asAdmin(() => principals.createServicePrincipal({ name }));
    const filter = { kind: 'SERVICE_PRINCIPAL' as const, nameContains: 'List-' };
    const page = await t.as(user, () => principals.list(filter, { first: 2 }));
    expect(page.edges.map(({ node }) => node.name)).toEqual(['list-a', 'list-b']);
    expect(page.hasNextPage).toBe(true);
    const rest = await t.as(user, () => principals.list(filter, { first: 2, after: page.edges[1]?.cursor }));
    expect(rest.edges.map(({ node }) => node.name)).toEqual(['LIST-c']);
    expect(await t.as(user, () => principals.count(filter))).toBe(3);
    await expect(t.as(user, () => principals.list({}, { first: 101 }))).rejects.toThrow('101 is not between 1 and 100');
    await expect(t.as(user, () => principals.list({ nameContains: 'a\0' }, { first: 1 }))).rejects.toThrow(
      InvalidArgument,
    );
  });

  it('are changed with MANAGE on the metastore only', async () => {
    const attempts: (() => Promise<unknown>)[] = [
      () => principals.createUser({ name: 'x' }),
      () => principals.createServicePrincipal({ name: 'x' }),
      () => principals.createGroup({ name: 'x' }),
      () => principals.update(admin.id, { displayName: 'x' }),
      () => principals.disable(admin.id),
      () => principals.enable(admin.id),
      () => principals.delete(admin.id),
    ];
    for (const attempt of attempts) await expect(t.as(user, attempt)).rejects.toThrow(PermissionDenied);

    const manager = await make.user();
    await make.grant(manager, { id: METASTORE_ID }, 'MANAGE');
    expect(await t.as(manager, () => principals.createUser({ name: 'made-by-manager' }))).toMatchObject({
      kind: 'USER',
    });
  });

  it.each(['', ' a', 'a:b', 'a\nb', 'a\0', '\ud800', 'x'.repeat(256)])('refuse the name %j', async (name) => {
    await expect(asAdmin(() => principals.createUser({ name }))).rejects.toThrow(InvalidArgument);
  });

  it('have one name each, over all kinds, ignoring case, also when two are made at once', async () => {
    await asAdmin(() => principals.createGroup({ name: 'Taken' }));
    await expect(asAdmin(() => principals.createUser({ name: 'taken' }))).rejects.toThrow(AlreadyExists);
    const both = await Promise.allSettled(
      ['race', 'RACE'].map((name) => asAdmin(() => principals.createUser({ name }))),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await asAdmin(() => principals.count({ nameContains: 'race' }))).toBe(1);
  });

  it('answer an unknown or malformed id with not found', async () => {
    for (const id of ['01890000-0000-7000-8000-00000000dead', 'no-id', '']) {
      await expect(asAdmin(() => principals.get(id))).rejects.toThrow(NotFound);
      await expect(asAdmin(() => principals.disable(id))).rejects.toThrow(NotFound);
      await expect(asAdmin(() => principals.delete(id))).rejects.toThrow(NotFound);
    }
    await expect(asAdmin(() => principals.byName('nobody'))).rejects.toThrow('Principal "nobody" does not exist');
  });

  describe('disabled', () => {
    it('are refused at the door and hold nothing, from the next request on, until they are enabled', async () => {
      const leaver = await make.user('leaver');
      const authenticator = t.module.get(Authenticator);
      const signIn = () => authenticator.authenticate(`Bearer ${leaver.token}`);
      expect((await signIn()).caller.name).toBe('leaver');

      const disabled = await asAdmin(() => principals.disable(leaver.id));
      expect(disabled.disabledAt).toBeInstanceOf(Date);
      await expect(signIn()).rejects.toThrow('the token is not valid');
      expect(await asAdmin(() => principals.disable(leaver.id))).toMatchObject({ id: leaver.id });
      await asAdmin(() => principals.enable(leaver.id));
      expect((await signIn()).caller.name).toBe('leaver');
      expect((await events(leaver.id)).map(({ action }) => action)).toEqual([
        'principal.disabled',
        'principal.enabled',
      ]);
    });

    it('cannot be a group, a built-in principal, or oneself', async () => {
      const team = await make.group();
      await expect(asAdmin(() => principals.disable(team.id))).rejects.toThrow('is a group, which cannot be disabled');
      await expect(asAdmin(() => principals.disable(builtInPrincipals.gates))).rejects.toThrow('is built in');
      await expect(asAdmin(() => principals.disable(admin.id))).rejects.toThrow('is yourself');
    });
  });

  describe('deleted', () => {
    it('take their tokens, memberships and grants along, and say so in the event', async () => {
      const leaver = await make.user('deleted-one');
      await make.group([leaver], 'crew');
      const catalog = await make.securable('CATALOG', 'kept', admin);
      await make.grant(leaver, catalog, 'USE_CATALOG');
      await asAdmin(() => principals.delete(leaver.id));

      const left = await t.db.first<{ count: number }>(sql`SELECT
        (SELECT count(*) FROM access_tokens WHERE principal_id = ${leaver.id}::uuid)
        + (SELECT count(*) FROM group_members WHERE member_id = ${leaver.id}::uuid)
        + (SELECT count(*) FROM grants WHERE principal_id = ${leaver.id}::uuid)
        + (SELECT count(*) FROM principals WHERE id = ${leaver.id}::uuid) AS count`);
      expect(left?.count).toBe(0);
      expect((await events(leaver.id)).at(-1)).toMatchObject({
        action: 'principal.deleted',
        before: { name: 'deleted-one', groups: ['crew'], grants: ['USE_CATALOG on kept'] },
      });
    });

    it('must own nothing; what they own is named, as far as the caller may see it', async () => {
      const owner = await make.user('landlord');
      await make.schema('estate.house', owner);
      const refused = asAdmin(() => principals.delete(owner.id));
      await expect(refused).rejects.toThrow(FailedPrecondition);
      await expect(refused).rejects.toThrow('user "landlord" still owns "estate", 1 more: give them another owner');
    });

    it('are not named what the caller may not see', async () => {
      const owner = await make.user('secretive');
      await make.securable('CATALOG', 'hush', owner);
      const manager = await make.user();
      await make.grant(manager, { id: METASTORE_ID }, 'MANAGE');
      const refused = t.as(manager, () => principals.delete(owner.id));
      await expect(refused).rejects.toThrow('"secretive" still owns 1 more');
      await expect(refused).rejects.not.toThrow('hush');
    });

    it('cannot be built in, or oneself', async () => {
      for (const id of Object.values(builtInPrincipals)) {
        await expect(asAdmin(() => principals.delete(id))).rejects.toThrow('is built in, and cannot be deleted');
      }
      await expect(asAdmin(() => principals.delete(admin.id))).rejects.toThrow('is yourself');
    });

    it('cannot be given a catalog by a writer that is slower', async () => {
      const owner = await asAdmin(() => principals.createUser({ name: 'going' }));
      const results = await Promise.allSettled([
        asAdmin(() => principals.delete(owner.id)),
        make.securable('CATALOG', 'late', owner),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });
  });

  it('leave somebody in charge of the metastore, also when the last two go at once', async () => {
    const groups = t.module.get(Groups);
    const admins = builtInPrincipals.metastoreAdmins;
    const last = await make.admin();
    const manager = await make.user();
    await make.grant(manager, { id: METASTORE_ID }, 'MANAGE');
    // On a connection of its own: within a transaction, pg_stat_activity does not change.
    const isWaiting = () =>
      t.as(manager, () =>
        t.db.first(sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`),
      );

    let removal: Promise<unknown> | undefined;
    await t.as(manager, () =>
      t.module.get(Transaction).run(async () => {
        await principals.disable(admin.id);
        removal = t.as(manager, () => groups.removeMember(admins, last.id));
        removal.catch(() => undefined);
        while (!(await isWaiting()));
      }),
    );
    await expect(removal).rejects.toMatchObject({ kind: 'FAILED_PRECONDITION', reason: 'LAST_ADMINISTRATOR' });
    await expect(t.as(manager, () => principals.disable(last.id))).rejects.toThrow('nobody would be left');
    expect(await t.as(manager, () => principals.get(last.id))).toMatchObject({ disabledAt: null });
  });
});
