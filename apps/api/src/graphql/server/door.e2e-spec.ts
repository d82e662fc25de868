import { randomUUID } from 'node:crypto';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { globalId } from '../schema/node.js';

describe('the GraphQL door', () => {
  let t: TestApp;
  let user: TestPrincipal;
  beforeAll(async () => {
    t = await createTestApp();
    user = await t.make.user();
  });
  afterAll(() => t.close());

  it('refuses the anonymous with 401', async () => {
    const answer = await t.call('POST', '/graphql', { body: { query: '{ __typename }' } });
    expect(answer).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
  });

  it.each(['/graphql/', '/%67raphql'])('is the same door when its URL is spelled %s', async (url) => {
    const body = { query: '{ viewer { name } }' };
    const answer = await t.call('POST', url, { token: user.token, body });
    expect(answer).toMatchObject({ status: 200, body: { data: { viewer: { name: user.name } } } });
    expect(await t.call('POST', url, { body })).toMatchObject({
      status: 401,
      body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    // What a browser's cookie is held to is the door's, not the spelling's.
    const cookie = 'imprimatur_session=any';
    const crossSite = { headers: { cookie, 'sec-fetch-site': 'cross-site' } };
    expect(await t.call('GET', `${url}?query=%7B__typename%7D`, crossSite)).toMatchObject({
      status: 403,
      body: { errors: [{ extensions: { reason: 'CROSS_ORIGIN' } }] },
    });
  });

  it('answers, and tells the cost', async () => {
    const answer = await graphql(t, user.token, '{ __typename }');
    expect(answer).toMatchObject({
      status: 200,
      data: { __typename: 'Query' },
      extensions: { cost: { limit: 10_000 } },
    });
  });

  it.each(['nonsense', '', Buffer.from('Catalog:1').toString('base64url')])('refuses the id "%s"', async (id) => {
    const answer = await graphql(t, user.token, 'query($id: ID!) { node(id: $id) { id } }', { id });
    expect(answer.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  it('gives an object by an id of its own type only', async () => {
    const owner = await t.make.user();
    const catalog = await t.make.securable('CATALOG', 'typed', owner);
    const types = ['Metastore', 'Catalog', 'Schema', 'RegisteredModel', 'ModelVersion', 'Principal', 'Policy'] as const;
    const ids = types.map((type) => globalId(type, catalog.id));
    const { data } = await graphql(t, owner.token, 'query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }', { ids });
    expect(data.nodes).toEqual([null, { __typename: 'Catalog' }, null, null, null, null, null]);
  });

  it('answers an unknown field with 400', async () => {
    expect(await graphql(t, user.token, '{ nothing }')).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it.each([
    ['a field that the input has not', { i: { name: 'x', nothing: 1 } }],
    ['a null where none may be', { i: { name: null } }],
    ['a number for a name', { i: { name: 1 } }],
    ['no value at all', {}],
    ['a list', { i: [[]] }],
  ])('answers variables with %s with 400', async (_what, variables) => {
    const mutation = 'mutation($i: CatalogCreateInput!) { catalogCreate(input: $i) { errors { code } } }';
    const { status, errors } = await graphql(t, user.token, mutation, variables);
    expect({ status, errors }).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(errors?.[0].message).toContain('$i');
  });

  it('counts what is asked of each of many ids', async () => {
    const ids = Array.from({ length: 100 }, () => globalId('RegisteredModel', randomUUID()));
    const query =
      '($ids: [ID!]!) { nodes(ids: $ids) { id ... on RegisteredModel { versions(first: 100) { nodes { id } } } } }';
    expect(await graphql(t, user.token, `query${query}`, { ids })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'COST_LIMIT' } }],
    });
    expect(await graphql(t, user.token, `query${query}`, { ids: ids.slice(0, 2) })).toMatchObject({
      status: 200,
      data: { nodes: [null, null] },
    });
  });

  it('refuses a document that fragments blow up', async () => {
    const doubled = (level: number) =>
      `fragment F${level} on Query { a: __typename ...F${level + 1} ...F${level + 1} }`;
    const fragments = Array.from({ length: 20 }, (_, level) => doubled(level)).join(' ');
    const document = `{ ...F0 } ${fragments} fragment F20 on Query { __typename }`;
    expect(await graphql(t, user.token, document)).toMatchObject({ status: 400 });
  });

  it('refuses a document with a cycle of fragments', async () => {
    const document = '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }';
    expect(await graphql(t, user.token, document)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('refuses a body that is no JSON', async () => {
    const answer = await t.call('POST', '/graphql', {
      token: user.token,
      body: '{"query":',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
  });

  it('refuses a document that is too deep', async () => {
    const deep = `{ __type(name: "A") { ${'ofType { '.repeat(30)} name ${'} '.repeat(30)} } }`;
    expect(await graphql(t, user.token, deep)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'DEPTH_LIMIT' } }],
    });
  });

  it('refuses a document with too many aliases', async () => {
    const many = `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: node(id: "x") { id }`).join(' ')} }`;
    expect(await graphql(t, user.token, many)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'COST_LIMIT' } }],
    });
  });

  it('refuses a document with too many tokens', async () => {
    expect(await graphql(t, user.token, `{ ${'__typename '.repeat(3000)} }`)).toMatchObject({ status: 400 });
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('answers %s with 405, and says what is allowed', async (method) => {
    const headers = { 'content-type': 'application/xml' };
    expect((await t.call(method, '/graphql', { headers, body: '<a/>' })).status).toBe(401);
    const answer = await t.call(method, '/graphql', { token: user.token, headers, body: '<a/>' });
    expect(answer).toMatchObject({ status: 405, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  it('refuses a simple content type (CSRF)', async () => {
    const answer = await t.call('POST', '/graphql', {
      token: user.token,
      body: '{"query":"{__typename}"}',
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });
});
