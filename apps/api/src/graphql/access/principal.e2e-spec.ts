import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { type GraphqlAnswer, graphql } from '../../../../../test/support/graphql.js';
import { eventually } from '../../../../../test/support/processes.js';

describe('principals and tokens', () => {
  let t: TestApp;
  let admin: TestPrincipal;
  let user: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp();
    admin = await t.make.admin('root');
    user = await t.make.user('ada');
  });
  afterAll(() => t.close());

  const userCreate =
    'mutation($name: String!) { userCreate(input: { name: $name, clientMutationId: "c1" }) { clientMutationId principal { id name kind } errors { __typename code message path } } }';

  it('lets an administrator make a user, and answers expected failures in the payload', async () => {
    const made = await graphql(t, admin.token, userCreate, { name: 'grace' });
    expect(made.data.userCreate).toMatchObject({
      clientMutationId: 'c1',
      principal: { name: 'grace', kind: 'USER' },
      errors: [],
    });
    const again = await graphql(t, admin.token, userCreate, { name: 'GRACE' });
    expect(again.data.userCreate).toMatchObject({
      clientMutationId: 'c1',
      principal: null,
      errors: [{ __typename: 'AlreadyExistsError' }],
    });
    const wrong = await graphql(t, admin.token, userCreate, { name: 'a:b' });
    expect(wrong.data.userCreate.errors[0]).toMatchObject({ __typename: 'ValidationError', path: ['input', 'name'] });
  });

  it('refuses others, and records the refusal', async () => {
    const refused = await graphql(t, user.token, userCreate, { name: 'eve' });
    expect(refused.data.userCreate).toMatchObject({ principal: null });
    expect(refused.data.userCreate.errors).toHaveLength(1);
    const event = await eventually(() =>
      t.db.prisma.auditEvent.findFirst({ where: { actorId: user.id, outcome: 'REFUSED' } }),
    );
    expect(event).toMatchObject({ action: 'access.refused' });
  });

  it('says who you are, and finds you again by id', async () => {
    const { data } = await graphql(t, user.token, '{ viewer { id name } }');
    expect(data.viewer.name).toBe('ada');
    const again = await graphql(
      t,
      user.token,
      'query($id: ID!) { node(id: $id) { __typename id ... on Principal { name } } }',
      { id: data.viewer.id },
    );
    expect(again.data.node).toEqual({ __typename: 'Principal', id: data.viewer.id, name: 'ada' });
  });

  it('pages principals in both directions', async () => {
    for (let i = 0; i < 7; i++) await t.make.user(`page-${i}`);
    const forward: string[] = [];
    let after: string | null = null;
    do {
      const { data, errors }: GraphqlAnswer = await graphql(
        t,
        user.token,
        'query($after: String) { principals(first: 3, after: $after, filter: { nameContains: "page-" }) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      expect(errors).toBeUndefined();
      expect(data.principals.totalCount).toBe(7);
      forward.push(...data.principals.nodes.map((node: { name: string }) => node.name));
      after = data.principals.pageInfo.hasNextPage ? data.principals.pageInfo.endCursor : null;
    } while (after);
    expect(forward).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `page-${i}`));
  });

  it.each([
    ['first: 0', 'not between 1 and 100'],
    ['first: 101', 'not between 1 and 100'],
    ['first: 1, last: 1', 'exactly one'],
    ['first: 1, after: "garbage"', 'not a cursor'],
    ['first: 1, before: "x"', 'does not go with'],
  ])('refuses the page (%s)', async (args, message) => {
    const answer = await graphql(t, user.token, `{ principals(${args}) { nodes { id } } }`);
    expect(answer.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(answer.errors?.[0].message).toContain(message);
  });

  it('makes a token that works until it is revoked, and shows it once', async () => {
    const made = await graphql(
      t,
      user.token,
      'mutation { accessTokenCreate(input: { name: "laptop" }) { token accessToken { id prefix principal { name } } errors { message } } }',
    );
    const { token, accessToken } = made.data.accessTokenCreate;
    expect(accessToken).toMatchObject({ principal: { name: 'ada' }, prefix: token.slice(0, 8) });
    expect((await graphql(t, token, '{ viewer { name } }')).data.viewer.name).toBe('ada');
    const revoke =
      'mutation($id: ID!) { accessTokenRevoke(input: { accessTokenId: $id }) { accessToken { revokedAt } errors { __typename message } } }';
    const eve = await t.make.user();
    expect(
      (await graphql(t, eve.token, revoke, { id: accessToken.id })).data.accessTokenRevoke.errors[0].__typename,
    ).toBe('NotFoundError');
    expect(
      (await graphql(t, user.token, revoke, { id: accessToken.id })).data.accessTokenRevoke.accessToken.revokedAt,
    ).not.toBeNull();
    expect((await graphql(t, token, '{ viewer { name } }')).status).toBe(401);
  });

  it('honours an Idempotency-Key', async () => {
    const body = { query: userCreate, variables: { name: 'once' } };
    const headers = { 'idempotency-key': 'key-1' };
    const first = await t.call('POST', '/graphql', { token: admin.token, body, headers });
    const second = await t.call('POST', '/graphql', { token: admin.token, body, headers });
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const other = await t.call('POST', '/graphql', {
      token: admin.token,
      body: { ...body, variables: { name: 'twice' } },
      headers,
    });
    expect(other).toMatchObject({
      status: 409,
      body: { errors: [{ extensions: { reason: 'IDEMPOTENCY_KEY_REUSED' } }] },
    });
  });

  it('never keeps an answer that holds a token', async () => {
    const body = { query: 'mutation { accessTokenCreate(input: { name: "once" }) { token errors { message } } }' };
    const headers = { 'idempotency-key': 'token-1' };
    const first = await t.call('POST', '/graphql', { token: user.token, body, headers });
    expect(first.body.data.accessTokenCreate.token).toMatch(/^imp_/);
    const again = await t.call('POST', '/graphql', { token: user.token, body, headers });
    expect(again).toMatchObject({
      status: 409,
      body: { errors: [{ extensions: { reason: 'IDEMPOTENCY_KEY_IN_USE' } }] },
    });
    const kept = JSON.stringify(await t.db.prisma.idempotencyKey.findMany());
    expect(kept).not.toContain(first.body.data.accessTokenCreate.token);
  });
});
