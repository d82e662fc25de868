import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';
const onModel = { kind: 'REGISTERED_MODEL', fullName: model };

describe('whatIf', () => {
  let t: TestApp;
  let root: TestPrincipal;
  let owner: TestPrincipal;
  let reader: TestPrincipal;
  let stranger: TestPrincipal;
  let catalog: Securable;

  beforeAll(async () => {
    t = await createTestApp();
    root = await t.make.admin('root');
    owner = await t.make.user('owner');
    reader = await t.make.user('reader');
    stranger = await t.make.user('stranger');
    catalog = await t.make.securable('CATALOG', 'prod', owner);
    const schema = await t.make.securable('SCHEMA', 'prod.fraud', owner);
    await t.make.securable('REGISTERED_MODEL', model, owner);
    const team = await t.make.group([reader], 'team');
    const scientists = await t.make.group([team], 'scientists');
    await t.make.grant(scientists, catalog, 'USE_CATALOG');
    await t.make.grant(scientists, schema, 'USE_SCHEMA', 'EXECUTE');
    const other = await t.make.schema('other.schema', owner);
    await t.make.grant(stranger, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE');
  });
  afterAll(() => t.close());

  const whatIf = (who: TestPrincipal, changes: object) =>
    graphql(
      t,
      who.token,
      `query ($changes: AccessChangesInput!) { whatIf(changes: $changes) {
        gained { principal { name } privilege kind fullName } lost { principal { name } privilege kind fullName }
        gainedCount lostCount affectedPrincipalCount isPartial truncatedBy } }`,
      { changes },
    );
  const told = (list: { principal: { name: string }; privilege: string; fullName: string }[]) =>
    list.map(({ principal, privilege, fullName }) => `${principal.name} ${privilege} ${fullName}`);
  const contents = () =>
    t.db.query(sql`SELECT (SELECT jsonb_agg(g ORDER BY g.id) FROM grants g) AS grants,
      (SELECT jsonb_agg(m ORDER BY m.group_id, m.member_id) FROM group_members m) AS members,
      (SELECT jsonb_agg(s.owner_id ORDER BY s.id) FROM securables s) AS owners,
      (SELECT version FROM access_version) AS version, (SELECT count(*) FROM audit_events WHERE outcome = 'ALLOWED') AS events`);

  it('tells what a removed grant takes away, the gate included, and changes nothing', async () => {
    const before = await contents();
    const { data, errors } = await whatIf(owner, {
      removeGrants: [
        { principal: 'scientists', privilege: 'USE_SCHEMA', securable: { kind: 'SCHEMA', fullName: 'prod.fraud' } },
      ],
    });
    expect(errors).toBeUndefined();
    // EXECUTE on the schema itself needs no USE_SCHEMA.
    expect(told(data.whatIf.lost)).toEqual([`reader EXECUTE ${model}`, 'reader USE_SCHEMA prod.fraud']);
    expect(data.whatIf).toMatchObject({
      gained: [],
      gainedCount: 0,
      lostCount: 2,
      affectedPrincipalCount: 1,
      isPartial: false,
    });
    expect(await contents()).toEqual(before);
  });

  it('tells what a grant, a membership and a new owner bring together', async () => {
    const { data } = await whatIf(owner, {
      addGrants: [{ principal: 'scientists', privilege: 'SET_ALIAS', securable: onModel }],
      changeOwners: [{ securable: onModel, owner: 'scientists' }],
    });
    expect(told(data.whatIf.gained)).toEqual(
      expect.arrayContaining([`reader SET_ALIAS ${model}`, `reader MANAGE ${model}`]),
    );
    // The catalog's owner keeps MANAGE.
    expect(told(data.whatIf.lost)).toContain(`owner EXECUTE ${model}`);
    expect(told(data.whatIf.lost)).not.toContain(`owner MANAGE ${model}`);
  });

  it('asks MANAGE on the metastore for memberships, and tells of objects that the asker may know of', async () => {
    const leaving = { removeMembers: [{ group: 'team', member: 'reader' }] };
    expect((await whatIf(owner, leaving)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    // The owner of the metastore sees the catalogs; what is in them he sees with their gates, or BROWSE.
    const blind = await whatIf(root, leaving);
    expect(told(blind.data.whatIf.lost)).toEqual(['reader USE_CATALOG prod']);
    expect(blind.data.whatIf).toMatchObject({ lostCount: 1, affectedPrincipalCount: 1 });
    await t.make.grant(root, catalog, 'BROWSE');
    const { data } = await whatIf(root, leaving);
    expect(told(data.whatIf.lost)).toEqual([
      'reader USE_CATALOG prod',
      `reader EXECUTE ${model}`,
      'reader EXECUTE prod.fraud',
      'reader USE_SCHEMA prod.fraud',
    ]);
    await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${root.id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
  });

  it('counts a disabled user as nobody', async () => {
    const late = await t.make.user('late');
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE id = ${late.id}::uuid`);
    const grant = { principal: 'late', privilege: 'ALL_PRIVILEGES', securable: { kind: 'CATALOG', fullName: 'prod' } };
    expect((await whatIf(owner, { addGrants: [grant] })).data.whatIf).toMatchObject({
      gainedCount: 0,
      affectedPrincipalCount: 0,
    });
  });

  it('says when it was cut', async () => {
    const crowd = await t.make.group([], 'crowd');
    await t.db.execute(sql`WITH made AS (INSERT INTO principals (id, kind, name, name_key)
        SELECT gen_random_uuid(), 'USER', 'crowd-' || n, 'crowd-' || n FROM generate_series(1, 120) AS n RETURNING id)
      INSERT INTO group_members (group_id, member_id) SELECT ${crowd.id}::uuid, id FROM made`);
    const grant = { principal: 'crowd', privilege: 'ALL_PRIVILEGES', securable: { kind: 'CATALOG', fullName: 'prod' } };
    const { data } = await whatIf(owner, { addGrants: [grant] });
    expect(data.whatIf).toMatchObject({
      affectedPrincipalCount: 120,
      isPartial: true,
      truncatedBy: ['PRINCIPALS', 'ROWS'],
    });
    expect(data.whatIf.gained).toHaveLength(500);
    expect(data.whatIf.gainedCount).toBeGreaterThan(1000);
  });

  it.each([
    ['no changes', {}, 'changes: 0 changes; give at least 1 and at most 50'],
    [
      'a privilege that does not fit',
      { addGrants: [{ principal: 'team', privilege: 'BROWSE', securable: onModel }] },
      'addGrants: BROWSE cannot be granted on a registered model; it can be granted on: catalog',
    ],
    [
      'an expiry in the past',
      {
        addGrants: [{ principal: 'team', privilege: 'EXECUTE', securable: onModel, expiresAt: '2020-01-01T00:00:00Z' }],
      },
      'expiresAt: 2020-01-01T00:00:00.000Z is not in the future',
    ],
  ])('refuses %s', async (_, changes, message) => {
    expect((await whatIf(owner, changes)).errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it.each([
    ['a cycle', { group: 'team', member: 'scientists' }, 'addMembers: "scientists" in "team" would close a cycle'],
    ['a group that is none', { group: 'reader', member: 'owner' }, 'group: "reader" is not a group'],
    ['everyone as a member', { group: 'team', member: 'everyone' }, 'member: "everyone" cannot be a member of a group'],
  ])('refuses %s', async (_, membership, message) => {
    expect((await whatIf(root, { addMembers: [membership] })).errors).toMatchObject([{ message }]);
  });

  it('is refused to a reader, and answers the hidden like the absent', async () => {
    const removal = (fullName: string) => ({
      removeGrants: [
        { principal: 'scientists', privilege: 'EXECUTE', securable: { kind: 'REGISTERED_MODEL', fullName } },
      ],
    });
    expect((await whatIf(reader, removal(model))).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const hidden = await whatIf(stranger, removal(model));
    expect(hidden).toEqual(await whatIf(stranger, removal('prod.fraud.none')));
    expect(hidden.data).toEqual({ whatIf: null });
  });
});
