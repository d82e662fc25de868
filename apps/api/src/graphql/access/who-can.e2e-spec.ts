import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';

describe('whoCan', () => {
  let t: TestApp;
  let auditor: TestPrincipal;
  let reader: TestPrincipal;
  let stranger: TestPrincipal;
  let catalog: Securable;

  beforeAll(async () => {
    t = await createTestApp();
    const owner = await t.make.user('owner');
    auditor = await t.make.user('auditor');
    reader = await t.make.user('reader');
    stranger = await t.make.user('stranger');
    catalog = await t.make.securable('CATALOG', 'prod', owner);
    await t.make.securable('SCHEMA', 'prod.fraud', owner);
    await t.make.securable('REGISTERED_MODEL', model, owner);
    const robot = await t.make.principal('SERVICE_PRINCIPAL', 'robot');
    const team = await t.make.group([reader, robot], 'team');
    const scientists = await t.make.group([team], 'scientists');
    await t.make.grant(auditor, catalog, 'READ_AUDIT');
    await t.make.grant(scientists, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    // A privilege without the gates is not enough.
    await t.make.grant(stranger, catalog, 'EXECUTE');
    const other = await t.make.schema('other.schema', owner);
    await t.make.grant(stranger, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE', 'READ_AUDIT');
  });
  afterAll(() => t.close());

  const whoCan = (who: TestPrincipal, privilege: string, page: string, fullName = model) =>
    graphql(
      t,
      who.token,
      `{ whoCan(privilege: ${privilege}, fullName: "${fullName}", ${page}) {
        totalCount nodes { name kind } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    );
  const names = ({ data }: Awaited<ReturnType<typeof whoCan>>) =>
    data.whoCan.nodes.map(({ name }: { name: string }) => name);

  it('lists users and service principals by name, through nested groups and owners, page by page', async () => {
    const all = await whoCan(auditor, 'EXECUTE', 'first: 10');
    expect(names(all)).toEqual(['owner', 'reader', 'robot']);
    expect(all.data.whoCan.totalCount).toBe(3);

    const first = await whoCan(auditor, 'EXECUTE', 'first: 2');
    expect(first.data.whoCan).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    const { endCursor } = first.data.whoCan.pageInfo;
    const second = await whoCan(auditor, 'EXECUTE', `first: 2, after: "${endCursor}"`);
    expect([...names(first), ...names(second)]).toEqual(names(all));
    const { startCursor } = second.data.whoCan.pageInfo;
    expect(names(await whoCan(auditor, 'EXECUTE', `last: 2, before: "${startCursor}"`))).toEqual(names(first));
  });

  it('is empty where nobody may, and where the privilege has no meaning', async () => {
    for (const [privilege, fullName] of [
      ['APPROVE_PROMOTION', model],
      ['CREATE_CATALOG', model],
    ] as const) {
      expect((await whoCan(auditor, privilege, 'first: 5', fullName)).data.whoCan).toMatchObject({
        totalCount: 0,
        nodes: [],
      });
    }
  });

  it('leaves out the disabled, and whose grant has expired, from the next request on', async () => {
    await t.db.execute(sql`UPDATE principals SET disabled_at = now() WHERE name = 'robot'`);
    expect(names(await whoCan(auditor, 'EXECUTE', 'first: 5'))).toEqual(['owner', 'reader']);
    await t.db.execute(sql`UPDATE grants SET expires_at = now() - interval '1 minute' WHERE privilege = 'USE_SCHEMA'`);
    expect(names(await whoCan(auditor, 'EXECUTE', 'first: 5'))).toEqual(['owner']);
  });

  it('is for holders of MANAGE or READ_AUDIT; to a stranger the hidden is absent', async () => {
    await t.make.grant(reader, catalog, 'BROWSE');
    expect((await whoCan(reader, 'EXECUTE', 'first: 5')).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN', details: { privilege: 'MANAGE' } } },
    ]);
    const hidden = await whoCan(stranger, 'EXECUTE', 'first: 5');
    expect(hidden).toEqual(await whoCan(stranger, 'EXECUTE', 'first: 5', 'prod.fraud.none'));
    expect(hidden.data).toEqual({ whoCan: null });
    expect((await whoCan(auditor, 'EXECUTE', 'first: 0')).errors).toMatchObject([
      { message: 'first: 0 is not between 1 and 100' },
    ]);
  });
});
