import { randomUUID } from 'node:crypto';
import { METASTORE_ID } from '@app/access';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';

const anyToken = Buffer.from(`AccessToken:${randomUUID()}`).toString('base64url');

describe('a token that was narrowed when it was made', () => {
  let t: TestApp;
  let admin: TestPrincipal;
  let experiment: string;
  beforeAll(async () => {
    t = await createTestApp();
    admin = await t.make.admin('root');
    for (const catalog of ['prod', 'other']) {
      const { catalogId } = await t.make.schema(`${catalog}.fraud`, admin);
      await t.make.securable('REGISTERED_MODEL', `${catalog}.fraud.scorer`, admin);
      await t.make.grant(admin, { id: catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE');
    }
    const made = await mlflow(admin.token, 'POST', 'experiments/create', { name: 'trials' });
    experiment = made.body.experiment_id;
  });
  afterAll(() => t.close());

  const mlflow = (token: string, method: string, route: string, body?: object) =>
    t.call(method, `/api/2.0/mlflow/${route}`, { token, body });
  const create =
    'mutation($i: AccessTokenCreateInput!) { accessTokenCreate(input: $i) { token accessToken { readOnly oneCatalog catalog { name } } errors { code message } } }';
  const narrowed = async (input: object) => {
    const { data } = await graphql(t, admin.token, create, { i: { name: 'narrowed', ...input } });
    expect(data.accessTokenCreate.errors).toEqual([]);
    return data.accessTokenCreate;
  };
  const codeOf = async (token: string, mutation: string) => {
    const { data } = await graphql(t, token, `mutation { ${mutation} { errors { code } } }`);
    return Object.values<{ errors: { code: string }[] }>(data)[0]?.errors[0]?.code;
  };
  const models = async (token: string) => {
    const { data } = await graphql(t, token, '{ models(first: 10) { totalCount nodes { fullName viewerCan } } }');
    return data.models.nodes.map(({ fullName }: { fullName: string }) => fullName);
  };

  it('says so, wherever it is shown', async () => {
    expect(await narrowed({})).toMatchObject({ accessToken: { readOnly: false, oneCatalog: false, catalog: null } });
    const { token, accessToken } = await narrowed({ readOnly: true, catalog: 'PROD' });
    expect(accessToken).toEqual({ readOnly: true, oneCatalog: true, catalog: { name: 'prod' } });
    const { data } = await graphql(
      t,
      admin.token,
      '{ accessTokens(first: 1) { nodes { readOnly catalog { name } } } }',
    );
    expect(data.accessTokens.nodes).toEqual([{ readOnly: true, catalog: { name: 'prod' } }]);
    const { body } = await t.call('GET', '/auth/session', { token });
    expect(body.narrowing).toEqual({ readOnly: true, catalogId: expect.any(String) });
  });

  it('names a catalog that its maker knows of', async () => {
    const stranger = await t.make.user();
    for (const [token, catalog] of [
      [admin.token, 'nowhere'],
      [stranger.token, 'prod'],
    ] as const) {
      const { data } = await graphql(t, token, create, { i: { name: 'x', catalog } });
      expect(data.accessTokenCreate).toMatchObject({ token: null, errors: [{ code: 'NOT_FOUND' }] });
    }
  });

  describe('to reading', () => {
    let token: string;
    beforeAll(async () => {
      token = (await narrowed({ readOnly: true })).token;
    });

    it('reads what its principal reads, by the searches that are POSTs too', async () => {
      expect(await models(token)).toEqual(['other.fraud.scorer', 'prod.fraud.scorer']);
      expect((await mlflow(token, 'GET', 'registered-models/get?name=prod.fraud.scorer')).status).toBe(200);
      expect(
        (await mlflow(token, 'POST', 'registered-models/get-latest-versions', { name: 'prod.fraud.scorer' })).status,
      ).toBe(200);
      expect(
        (await mlflow(token, 'POST', 'experiments/search', { max_results: 10 })).body.experiments.map(
          ({ name }: { name: string }) => name,
        ),
      ).toContain('trials');
      expect((await mlflow(token, 'POST', 'runs/search', { experiment_ids: [experiment] })).status).toBe(200);
    });

    it.each([
      ['accessTokenCreate(input: { name: "x" })'],
      [`accessTokenRevoke(input: { accessTokenId: "${anyToken}" })`],
      ['userCreate(input: { name: "x" })'],
      ['catalogCreate(input: { name: "x" })'],
      ['modelDelete(input: { fullName: "prod.fraud.scorer" })'],
      ['tagSet(input: { securable: { kind: CATALOG, fullName: "prod" }, key: "k", value: "v" })'],
      [
        'grantCreate(input: { securable: { kind: CATALOG, fullName: "prod" }, principal: "everyone", privilege: BROWSE })',
      ],
    ])('runs no mutation: %s', async (mutation) => {
      expect(await codeOf(token, mutation)).toBe('READ_ONLY_TOKEN');
    });

    it.each([
      ['POST', 'experiments/create', { name: 'x' }],
      ['POST', 'runs/create', { experiment_id: '0' }],
      ['POST', 'registered-models/create', { name: 'prod.fraud.new' }],
      ['PATCH', 'registered-models/update', { name: 'prod.fraud.scorer', description: 'x' }],
      ['DELETE', 'registered-models/delete', { name: 'prod.fraud.scorer' }],
      ['POST', 'registered-models/set-tag', { name: 'prod.fraud.scorer', key: 'k', value: 'v' }],
    ])('writes nothing: %s %s', async (method, route, body) => {
      const answer = await mlflow(token, method, route, body);
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
      expect(answer.body.message).toContain('narrowed to reading');
    });

    it('is not shown what a wider token was answered, by its Idempotency-Key', async () => {
      const body = { query: 'mutation { userCreate(input: { name: "kept" }) { principal { name } errors { code } } }' };
      const ask = (by: string) =>
        t.call('POST', '/graphql', { token: by, body, headers: { 'idempotency-key': 'of-two-tokens' } });
      const first = await ask(admin.token);
      expect(first.body.data.userCreate).toEqual({ principal: { name: 'kept' }, errors: [] });
      const narrow = await ask(token);
      expect(narrow).toMatchObject({
        status: 409,
        body: { errors: [{ extensions: { reason: 'IDEMPOTENCY_KEY_REUSED' } }] },
      });
      expect((await ask(admin.token)).body).toEqual(first.body);
    });

    it('is refused an upload before its body is read', async () => {
      const path = '/api/2.0/mlflow-artifacts/artifacts/0/x/artifacts/file.txt';
      const headers = { 'content-type': 'application/octet-stream' };
      expect((await t.call('PUT', path, { token, body: 'text', headers })).status).toBe(403);
    });
  });

  describe('to one catalog', () => {
    let token: string;
    beforeAll(async () => {
      token = (await narrowed({ catalog: 'prod' })).token;
    });

    it('reaches that catalog, and what is outside is as if it were not there', async () => {
      expect(await models(token)).toEqual(['prod.fraud.scorer']);
      expect((await mlflow(token, 'GET', 'registered-models/get?name=prod.fraud.scorer')).status).toBe(200);
      const hidden = await mlflow(token, 'GET', 'registered-models/get?name=other.fraud.scorer');
      const absent = await mlflow(token, 'GET', 'registered-models/get?name=other.fraud.absent');
      expect(hidden.status).toBe(404);
      expect(hidden.body.message.replace('scorer', 'absent')).toBe(absent.body.message);
      expect((await mlflow(token, 'GET', `experiments/get?experiment_id=${experiment}`)).status).toBe(404);
    });

    it('is not told what its groups may do on the metastore', async () => {
      const group = await t.make.group([admin], 'founders');
      await t.make.grant(group, { id: METASTORE_ID }, 'CREATE_CATALOG');
      const query =
        '{ effectivePrivileges(principal: "founders", kind: METASTORE, fullName: "metastore") { privilege } }';
      expect((await graphql(t, token, query)).data?.effectivePrivileges ?? null).toBeNull();
      expect((await graphql(t, admin.token, query)).data.effectivePrivileges).toEqual([
        { privilege: 'CREATE_CATALOG' },
      ]);
    });

    it('changes what is in it, and nothing else', async () => {
      const tag = (catalog: string) =>
        codeOf(token, `tagSet(input: { securable: { kind: CATALOG, fullName: "${catalog}" }, key: "k", value: "v" })`);
      expect(await tag('prod')).toBeUndefined();
      expect(await tag('other')).toBe('NOT_FOUND');
      expect((await mlflow(token, 'POST', 'experiments/create', { name: 'x' })).status).toBeGreaterThanOrEqual(400);
    });

    it.each([
      ['accessTokenCreate(input: { name: "x" })', 'NARROWED_TOKEN'],
      ['accessTokenCreate(input: { name: "x", catalog: "prod" })', 'NARROWED_TOKEN'],
      [`accessTokenRevoke(input: { accessTokenId: "${anyToken}" })`, 'NARROWED_TOKEN'],
      ['userCreate(input: { name: "x" })', 'MISSING_PRIVILEGE'],
      ['groupMemberAdd(input: { group: "metastore-admins", member: "root" })', 'MISSING_PRIVILEGE'],
      ['principalDisable(input: { name: "root" })', 'MISSING_PRIVILEGE'],
      ['catalogCreate(input: { name: "x" })', 'MISSING_PRIVILEGE'],
    ])('does nothing for which it would have to be more: %s', async (mutation, code) => {
      expect(await codeOf(token, mutation)).toBe(code);
    });

    it('allows nothing once the catalog is gone', async () => {
      await t.make.securable('CATALOG', 'short', admin);
      const { token: short } = await narrowed({ catalog: 'short' });
      expect(await codeOf(admin.token, 'catalogDelete(input: { name: "short" })')).toBeUndefined();
      expect(await models(short)).toEqual([]);
    });
  });
});
