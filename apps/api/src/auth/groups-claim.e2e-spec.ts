import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';
import { TestOpenidProvider } from '../../../../test/support/openid-provider.js';
import { countStatements } from '../../../../test/support/statements.js';

describe('the groups claim', () => {
  let provider: TestOpenidProvider;
  let t: TestApp;
  let admin: string;
  let leads: TestPrincipal;
  let clock = 1_700_000_000;
  beforeAll(async () => {
    provider = await TestOpenidProvider.create('https://imprimatur.test/auth/callback');
    t = await createTestApp({ OIDC_ISSUERS: JSON.stringify([provider.settings()]) });
    admin = (await t.make.admin('root')).token;
    leads = await t.make.group([], 'ml-leads');
    await t.make.group([], 'unlinked');
    const schema = await t.make.schema('prod.fraud', leads);
    await t.make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', leads);
    await t.make.grant(leads, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA');
    await change('externalIdentityLink', 'ml-leads', 'acme/leads');
  });
  afterAll(async () => {
    await t.close();
    await provider.stop();
  });

  /** A token that is newer than all before. */
  const issue = (subject: string, groups: unknown) =>
    provider.sign({ sub: subject, preferred_username: subject, groups, iat: ++clock });
  const change = async (mutation: string, principal: string, externalId: string) => {
    const query = `mutation($i: ExternalIdentityInput!) { ${mutation}(input: $i) { errors { code message } } }`;
    const { data } = await graphql(t, admin, query, { i: { principal, issuer: provider.issuer, externalId } });
    expect(data[mutation].errors).toEqual([]);
  };
  const groupsOf = async (token: string): Promise<string[]> => {
    const { data } = await graphql(t, token, '{ viewer { memberOf(first: 10) { nodes { name } } } }');
    return data.viewer.memberOf.nodes.map(({ name }: { name: string }) => name);
  };
  const models = async (token: string): Promise<number> =>
    (await graphql(t, token, '{ models(first: 1) { totalCount } }')).data.models.totalCount;
  const move = (verb: 'Add' | 'Remove', member: string) =>
    graphql(
      t,
      admin,
      `mutation { groupMember${verb}(input: { group: "ml-leads", member: "${member}" }) { errors { code message } } }`,
    );

  it('puts its subject into linked groups, and takes it out, with the very next request', async () => {
    const member = await issue('ada', ['acme/leads', 'unlinked', 'metastore-admins', 'nobody-knows']);
    expect(await models(member)).toBe(1);
    expect(await groupsOf(member)).toEqual(['everyone', 'ml-leads']);
    const left = await issue('ada', []);
    expect(await models(left)).toBe(0);
    expect(await groupsOf(left)).toEqual(['everyone']);
    const trail = await t.db.query(sql`
      SELECT action, actor_name AS actor, reason FROM audit_events
      WHERE object_name = 'ml-leads' AND action LIKE 'group.%' ORDER BY id`);
    const told = { actor: 'ada', reason: 'groups claim' };
    expect(trail).toEqual([
      { action: 'group.member_added', ...told },
      { action: 'group.member_removed', ...told },
    ]);
  });

  it.each([
    ['left out', undefined, []],
    ['of one text', 'acme/leads', ['ml-leads']],
    ['of another form', { 'acme/leads': true }, []],
    ['with other things in it', [1, null, 'a\0b', '\ud800', 'acme/leads', 'acme/leads'], ['ml-leads']],
  ])('may be %s', async (_what, groups, expected) => {
    const token = await issue('mary', groups);
    expect((await groupsOf(token)).filter((name) => name !== 'everyone')).toEqual(expected);
  });

  it('is looked at with one statement when it says what it said', async () => {
    await groupsOf(await issue('ada', ['acme/leads']));
    const again = await issue('ada', ['acme/leads']);
    await groupsOf(again);
    const statements = countStatements(t.app);
    await t.call('GET', '/api/2.0/nothing-here', { token: again });
    expect(statements.stop()).toHaveLength(1);
  });

  it('of an older token brings nothing back', async () => {
    const old = await issue('grace', ['acme/leads']);
    const newer = await issue('grace', []);
    expect(await models(old)).toBe(1);
    expect(await models(newer)).toBe(0);
    expect(await models(old)).toBe(0);
    expect(await models(newer)).toBe(0);

    // Also when the newest one said only what was known before.
    const [known, between, newest] = [
      await issue('hedy', []),
      await issue('hedy', ['acme/leads']),
      await issue('hedy', []),
    ];
    for (const token of [known, newest, between]) expect(await models(token)).toBe(0);
  });

  it('makes no more groups at one login than others can wait for', async () => {
    const t = await createTestApp({ OIDC_ISSUERS: JSON.stringify([provider.settings({ createGroups: true })]) });
    try {
      const names = Array.from({ length: 501 }, (_, index) => `g${index}`);
      const claims = { sub: 'many', preferred_username: 'many' };
      const refused = await t.call('GET', '/auth/session', {
        token: await provider.sign({ ...claims, groups: names }),
      });
      expect(refused).toMatchObject({ status: 403, body: { reason: 'TOO_MANY_GROUPS' } });
      expect(await t.db.prisma.principal.count({ where: { name: { in: ['many', ...names] } } })).toBe(0);
      const fewer = await provider.sign({ ...claims, groups: names.slice(0, 500) });
      expect((await t.call('GET', '/auth/session', { token: fewer })).status).toBe(200);
      expect(await t.db.prisma.principal.count({ where: { name: { in: names } } })).toBe(500);
    } finally {
      await t.close();
    }
  });

  it('leaves memberships that people made alone, and people those that it made', async () => {
    await groupsOf(await issue('joan', []));
    await move('Add', 'joan');
    expect(await groupsOf(await issue('joan', ['acme/leads']))).toContain('ml-leads');
    expect(await groupsOf(await issue('joan', []))).toContain('ml-leads');
    expect(
      await t.db.query(sql`SELECT 1 FROM audit_events WHERE action LIKE 'group.%' AND actor_name = 'joan'`),
    ).toEqual([]);
    expect((await move('Remove', 'joan')).data.groupMemberRemove.errors).toEqual([]);

    const claimed = await issue('joan', ['acme/leads']);
    expect(await groupsOf(claimed)).toContain('ml-leads');
    expect((await move('Remove', 'joan')).data.groupMemberRemove.errors[0]).toMatchObject({
      code: 'MEMBERSHIP_CLAIMED',
      message: expect.stringContaining(provider.issuer),
    });
    // Made by hand as well, it is a person's from then on.
    await move('Add', 'joan');
    expect(await groupsOf(await issue('joan', []))).toContain('ml-leads');
    await move('Remove', 'joan');
    expect(await groupsOf(await issue('joan', []))).toEqual(['everyone']);
  });

  it('counts anew when a group is linked or unlinked', async () => {
    const token = await issue('alan', ['acme/leads', 'acme/late']);
    expect(await groupsOf(token)).toEqual(['everyone', 'ml-leads']);
    await t.make.group([], 'late');
    await change('externalIdentityLink', 'late', 'acme/late');
    expect(await groupsOf(token)).toEqual(['everyone', 'late', 'ml-leads']);
    await change('externalIdentityUnlink', 'late', 'acme/late');
    const rows = sql`SELECT 1 FROM group_members m JOIN principals g ON g.id = m.group_id WHERE g.name = 'late'`;
    expect(await t.db.query(rows)).toEqual([]);
    expect(await groupsOf(token)).toEqual(['everyone', 'ml-leads']);
  });

  it('is one change when the first tokens of a user come at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 6 }, () => issue('many', ['acme/leads'])));
    const answers = await Promise.all(tokens.map(groupsOf));
    for (const groups of answers) expect(groups).toEqual(['everyone', 'ml-leads']);
    const added = await t.db.query(sql`
      SELECT 1 FROM audit_events WHERE action = 'group.member_added' AND actor_name = 'many'`);
    expect(added).toHaveLength(1);
  });
});

describe('groups of an issuer that makes them', () => {
  it('are made once, and are never those that are here already', async () => {
    const provider = await TestOpenidProvider.create('https://imprimatur.test/auth/callback');
    const t = await createTestApp({ OIDC_ISSUERS: JSON.stringify([provider.settings({ createGroups: true })]) });
    try {
      await t.make.group([], 'ours');
      const groups = ['theirs', 'Ours', 'metastore-admins', 'everyone', 'a:b'];
      const groupsOf = async (sub: string) => {
        const token = await provider.sign({ sub, preferred_username: sub, groups });
        const { data } = await graphql(t, token, '{ viewer { memberOf(first: 10) { nodes { name } } } }');
        return data.viewer.memberOf.nodes.map(({ name }: { name: string }) => name);
      };
      expect(await groupsOf('ada')).toEqual(['everyone', 'theirs']);
      expect(await groupsOf('grace')).toEqual(['everyone', 'theirs']);
    } finally {
      await t.close();
      await provider.stop();
    }
  });
});
