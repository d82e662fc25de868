import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

describe('Grants through GraphQL', () => {
  let t: TestApp;
  let owner: TestPrincipal;
  let reader: TestPrincipal;
  let stranger: TestPrincipal;
  let neighbour: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    [owner, reader] = [await t.make.user('owner'), await t.make.user('reader')];
    [stranger, neighbour] = [await t.make.user('stranger'), await t.make.user('neighbour')];
    const schema = await t.make.schema('prod.fraud', owner);
    await t.make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
    await t.make.grant(reader, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    const other = await t.make.schema('other.schema', owner);
    await t.make.grant(neighbour, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE', 'READ_AUDIT');
  });
  afterAll(() => t.close());

  const model = { kind: 'REGISTERED_MODEL', fullName: 'prod.fraud.scorer' };
  const update = async (who: TestPrincipal, input: Record<string, unknown>) => {
    const { data } = await graphql(
      t,
      who.token,
      `mutation ($input: GrantsUpdateInput!) { grantsUpdate(input: $input) {
        granted { privilege expiresAt principal { name } } revoked { privilege } securable { fullName grantsRevision }
        errors { __typename code message path ... on ConflictError { currentRevision } } } }`,
      { input: { securable: model, ...input } },
    );
    return data.grantsUpdate;
  };
  const grantsSeenBy = async (who: TestPrincipal) => {
    const query = `{ model(fullName: "prod.fraud.scorer") { grantsRevision
      grants(first: 10) { nodes { privilege principal { name } } totalCount } } }`;
    return (await graphql(t, who.token, query)).data.model;
  };
  const change = (principal: string, privilege: string) => ({ principal, privilege });

  it('change together, at the revision that was seen', async () => {
    const { grantsRevision: seen } = await grantsSeenBy(owner);
    const added = await update(owner, {
      add: [{ ...change('reader', 'SET_ALIAS'), expiresAt: '2999-01-01T00:00:00Z' }, change('reader', 'APPLY_TAG')],
      expectedRevision: seen,
    });
    expect(added).toMatchObject({
      granted: [
        { privilege: 'SET_ALIAS', expiresAt: '2999-01-01T00:00:00.000Z', principal: { name: 'reader' } },
        { privilege: 'APPLY_TAG', expiresAt: null },
      ],
      errors: [],
    });
    const stale = await update(owner, { remove: [change('reader', 'SET_ALIAS')], expectedRevision: seen });
    const { grantsRevision: now } = added.securable;
    expect(now).not.toBe(seen);
    expect(stale).toMatchObject({
      granted: null,
      securable: null,
      errors: [
        {
          __typename: 'ConflictError',
          code: 'GRANTS_CHANGED',
          path: ['input', 'expectedRevision'],
          currentRevision: now,
        },
      ],
    });
    expect(await grantsSeenBy(owner)).toMatchObject({ grantsRevision: now, grants: { totalCount: 2 } });
    const ended = await update(owner, {
      add: [{ ...change('reader', 'APPLY_TAG'), expiresAt: '2998-01-01T00:00:00Z' }],
      remove: [change('reader', 'SET_ALIAS')],
      expectedRevision: now,
    });
    expect(ended).toMatchObject({
      granted: [{ privilege: 'APPLY_TAG', expiresAt: '2998-01-01T00:00:00.000Z' }],
      revoked: [{ privilege: 'SET_ALIAS' }],
      errors: [],
    });
  });

  it('tell everything that is wrong with a batch, each with its place, and change nothing', async () => {
    const before = await grantsSeenBy(owner);
    const { errors } = await update(owner, {
      add: [
        change('reader', 'EXECUTE'),
        change('reader', 'USE_CATALOG'),
        { ...change('reader', 'SET_ALIAS'), expiresAt: '2001-01-01T00:00:00Z' },
      ],
      remove: [change('reader', 'READ')],
    });
    expect(errors.map(({ path }: { path: string[] }) => path.join('.'))).toEqual([
      'input.add.1.privilege',
      'input.add.2.expiresAt',
      'input.remove.0.privilege',
    ]);
    expect(errors[0]).toMatchObject({
      __typename: 'ValidationError',
      message: 'add.1.privilege: USE_CATALOG cannot be granted on a registered model; it can be granted on: catalog',
    });
    const unknown = await update(owner, { add: [change('reader', 'EXECUTE'), change('nobody', 'EXECUTE')] });
    expect(unknown.errors).toMatchObject([{ __typename: 'NotFoundError', path: ['input', 'add', '1', 'principal'] }]);
    const many = await update(owner, { add: Array.from({ length: 101 }, () => change('reader', 'EXECUTE')) });
    expect(many.errors).toMatchObject([{ message: expect.stringContaining('101 grants are more than 100') }]);
    expect(await grantsSeenBy(owner)).toEqual(before);
  });

  it('are refused to the reader, hidden from the stranger and from who manages another catalog', async () => {
    const attempt = { add: [change('stranger', 'MANAGE')], expectedRevision: 0 };
    expect((await update(reader, attempt)).errors).toMatchObject([{ __typename: 'PermissionDeniedError' }]);
    const single = (fullName: string) => `mutation { grantCreate(input: { securable: { kind: REGISTERED_MODEL,
      fullName: "${fullName}" }, principal: "stranger", privilege: MANAGE }) { grant { id } errors { code } } }`;
    for (const who of [stranger, neighbour]) {
      expect((await update(who, attempt)).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
      for (const fullName of [model.fullName, 'prod.fraud.none']) {
        const { data } = await graphql(t, who.token, single(fullName));
        expect(data.grantCreate).toEqual({ grant: null, errors: [{ code: 'NOT_FOUND' }] });
      }
    }
  });

  it('of a principal are shown as far as the viewer may read them: in nodes, pages and counts alike', async () => {
    const query = `{ principal(name: "reader") { grants(first: 2) {
      nodes { privilege securable { fullName } } totalCount pageInfo { hasNextPage } } } }`;
    const seen = async (who: TestPrincipal) => (await graphql(t, who.token, query)).data.principal.grants;
    expect(await seen(reader)).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: true } });
    expect(await seen(owner)).toMatchObject({ totalCount: 4 });
    for (const who of [stranger, neighbour]) {
      expect(await seen(who)).toEqual({ nodes: [], totalCount: 0, pageInfo: { hasNextPage: false } });
    }
  });

  it('are shown to their holder and to auditors; and no more once they have expired', async () => {
    const auditor = await t.make.user('auditor');
    await t.make.grant(auditor, { id: '00000000-0000-7000-8000-000000000010' }, 'READ_AUDIT');
    const catalog = await t.db.first<{ id: string }>(sql`SELECT id FROM securables WHERE full_name = 'prod'`);
    await t.make.grant(auditor, catalog as { id: string }, 'BROWSE');
    const brief = await t.make.user('brief');
    await update(owner, { add: [{ ...change('brief', 'SET_ALIAS'), expiresAt: '2999-01-01T00:00:00Z' }] });
    const names = async (who: TestPrincipal) =>
      (await grantsSeenBy(who)).grants.nodes.map((grant: { principal: { name: string } }) => grant.principal.name);
    expect(await names(auditor)).toEqual(['reader', 'brief']);
    expect(await names(reader)).toEqual(['reader']);
    await t.db.execute(
      sql`UPDATE grants SET expires_at = now() - interval '1 minute' WHERE principal_id = ${brief.id}::uuid`,
    );
    expect(await names(auditor)).toEqual(['reader']);
  });

  it('of the metastore and of an experiment change through the same fields', async () => {
    const admin = await t.make.admin('root');
    await t.make.securable('EXPERIMENT', '/Users/ada/churn', owner);
    for (const [who, securable, privilege] of [
      [admin, { kind: 'METASTORE', fullName: 'metastore' }, 'CREATE_CATALOG'],
      [owner, { kind: 'EXPERIMENT', fullName: '/Users/ada/churn' }, 'READ'],
    ] as const) {
      const { securable: seen, errors } = await update(who, { securable, expectedRevision: undefined });
      expect(errors).toEqual([]);
      const expectedRevision = seen.grantsRevision;
      const changed = await update(who, { securable, add: [change('stranger', privilege)], expectedRevision });
      expect(changed).toMatchObject({ granted: [{ privilege }], errors: [] });
      expect(changed.securable.grantsRevision).not.toBe(expectedRevision);
    }
  });

  it('that take their maker’s own rights answer with nothing of the object', async () => {
    const manager = await t.make.user('manager');
    const catalog = await t.make.securable('CATALOG', 'short', owner);
    await t.make.grant(manager, catalog, 'MANAGE');
    const securable = { kind: 'CATALOG', fullName: 'short' };
    const left = await update(manager, { securable, remove: [change('manager', 'MANAGE')] });
    expect(left).toMatchObject({ revoked: [{ privilege: 'MANAGE' }], securable: null, errors: [] });
  });
});
