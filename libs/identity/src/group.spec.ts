import {
  Access,
  builtInPrincipals,
  METASTORE_ID,
  PermissionDenied,
  type Securable,
  SecurableRepository,
} from '@app/access';
import { FailedPrecondition, InvalidArgument, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { chainDown } from './group.js';
import { Groups } from './group.service.js';
import { IdentityModule } from './identity.module.js';

describe('chainDown', () => {
  const group = (id: string) => ({ id, name: `group ${id}` });
  const member = (groupId: string, memberId: string) => ({ groupId, groupName: `group ${groupId}`, memberId });

  it('names a shortest way from the top down', () => {
    const memberships = [member('b', 'a'), member('c', 'b'), member('d', 'c'), member('d', 'b')];
    expect(chainDown(memberships, group('d'), group('a'))).toEqual(['group d', 'group b', 'group a']);
    expect(chainDown(memberships, group('a'), group('a'))).toEqual(['group a']);
    expect(chainDown(memberships, group('x'), group('a'))).toBeUndefined();
  });
});

describe('Groups', () => {
  let t: TestModule;
  let make: Factories;
  let groups: Groups;
  let admin: TestPrincipal;
  let user: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([IdentityModule]);
    make = new Factories(t.db);
    groups = t.module.get(Groups);
    admin = await make.admin();
    user = await make.user('member');
  });
  afterAll(() => t.close());

  const add = (group: string, member: string) => t.as(admin, () => groups.addMember(group, member));
  const remove = (group: string, member: string) => t.as(admin, () => groups.removeMember(group, member));
  const eventsOf = async (group: TestPrincipal) =>
    (
      await t.db.query<{ action: string }>(
        sql`SELECT action FROM audit_events WHERE object_id = ${group.id} ORDER BY id`,
      )
    ).map(({ action }) => action);

  it('take and lose members by id or name; twice changes nothing; each change takes effect at once', async () => {
    const team = await make.group([], 'team');
    const metastore = (await t.module.get(SecurableRepository).byId(METASTORE_ID)) as Securable;
    await make.grant(team, metastore, 'CREATE_CATALOG');
    const may = () => t.as(user, () => t.module.get(Access).allowed('CREATE_CATALOG', metastore));

    expect(await may()).toBe(false);
    expect(await add('TEAM', 'Member')).toMatchObject({ group: { id: team.id }, member: { id: user.id } });
    await add(team.id, user.id);
    expect(await may()).toBe(true);
    await remove('team', user.id);
    await remove('team', user.id);
    expect(await may()).toBe(false);
    expect(await eventsOf(team)).toEqual(['group.member_added', 'group.member_removed']);
  });

  it('are changed with MANAGE on the metastore only', async () => {
    const team = await make.group();
    await expect(t.as(user, () => groups.addMember(team.id, user.id))).rejects.toThrow(PermissionDenied);
    await expect(t.as(user, () => groups.removeMember(team.id, user.id))).rejects.toThrow(PermissionDenied);
  });

  it('refuse what is no group, is unknown, or may not be in one', async () => {
    const team = await make.group();
    await expect(add(user.id, admin.id)).rejects.toThrow('"member" is not a group');
    await expect(add('everyone', user.id)).rejects.toThrow(InvalidArgument);
    await expect(remove('everyone', user.id)).rejects.toThrow(InvalidArgument);
    await expect(add(team.id, 'everyone')).rejects.toThrow('"everyone" cannot be a member');
    await expect(add(team.id, 'imprimatur-gates')).rejects.toThrow('"imprimatur-gates" cannot be a member');
    await expect(add(team.id, 'nobody')).rejects.toThrow(NotFound);
    await expect(add('no-group', user.id)).rejects.toThrow(NotFound);
    expect(await eventsOf(team)).toEqual([]);
  });

  it('refuse a cycle, and name its path', async () => {
    const [a, b, c] = [await make.group([], 'ring-a'), await make.group([], 'ring-b'), await make.group([], 'ring-c')];
    await add(a.id, b.id);
    await add(b.id, c.id);
    await expect(add(c.id, a.id)).rejects.toThrow(FailedPrecondition);
    await expect(add(c.id, a.id)).rejects.toThrow('"ring-c" holds "ring-a" holds "ring-b" holds "ring-c"');
    await expect(add(a.id, a.id)).rejects.toThrow('"ring-a" holds "ring-a"');
    // Two ways to the same group are no cycle.
    await add(a.id, c.id);
  });

  it('refuse one of two additions that only together close a cycle', async () => {
    for (let round = 0; round < 5; round++) {
      const [one, other] = [await make.group(), await make.group()];
      const results = await Promise.allSettled([add(one.id, other.id), add(other.id, one.id)]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const { reason } = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(reason).toMatchObject({ kind: 'FAILED_PRECONDITION', reason: 'MEMBERSHIP_CYCLE' });
    }
  });

  it('are read by everybody: members and groups, page by page', async () => {
    const outer = await make.group([], 'outer');
    const [x, y] = [await make.user('x-page'), await make.user('y-page')];
    for (const member of [y, x]) await add(outer.id, member.id);
    const first = await t.as(user, () => groups.members(outer.id, { first: 1 }));
    expect(first.edges.map(({ node }) => node.name)).toEqual(['x-page']);
    const second = await t.as(user, () => groups.members(outer.id, { first: 5, after: first.edges[0]?.cursor }));
    expect(second.edges.map(({ node }) => node.name)).toEqual(['y-page']);
    expect(await t.as(user, () => groups.countMembers(outer.id))).toBe(2);

    const held = await t.as(user, () => groups.groupsOf(x.id, { first: 10 }));
    expect(held.edges.map(({ node }) => node.name)).toEqual(['everyone', 'outer']);
    expect(await t.as(user, () => groups.countGroupsOf(x.id))).toBe(2);
    expect(await t.as(user, () => groups.countGroupsOf(outer.id))).toBe(0);
    await expect(t.as(user, () => groups.members(x.id, { first: 1 }))).rejects.toThrow('is not a group');
    await expect(t.as(user, () => groups.members('no-id', { first: 1 }))).rejects.toThrow(NotFound);
  });

  it('know who is in everyone: all enabled users and service principals', async () => {
    const away = await make.user();
    const before = await t.as(user, () => groups.countMembers(builtInPrincipals.everyone));
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE id = ${away.id}::uuid`);
    expect(await t.as(user, () => groups.countMembers(builtInPrincipals.everyone))).toBe(before - 1);
    expect(await t.as(user, () => groups.countGroupsOf(away.id))).toBe(0);
  });
});
