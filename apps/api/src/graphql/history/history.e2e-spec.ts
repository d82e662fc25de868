import { METASTORE_ID, type Securable } from '@app/access';
import { Principals } from '@app/identity';
import { Catalogs, Grants, Schemas } from '@app/namespace';
import { type Caller, Database, runInContext, Transaction } from '@app/platform';
import { ModelVersions, RegisteredModels, Registrations, Targets } from '@app/registry';
import type { Type } from '@nestjs/common';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { countStatements } from '../../../../../test/support/statements.js';

const model = 'prod.fraud.scorer';

describe('questions about the past', () => {
  let t: TestApp;
  let admin: TestPrincipal;
  let reader: TestPrincipal;
  let auditor: TestPrincipal;
  let stranger: TestPrincipal;
  let neighbour: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    admin = await t.make.admin('admin');
    await as(admin, () => get(Catalogs).create({ name: 'prod' }));
    await as(admin, () => get(Catalogs).create({ name: 'other' }));
    await as(admin, () => get(Schemas).create({ catalog: 'prod', name: 'fraud' }));
    await as(admin, () => get(RegisteredModels).create({ fullName: model }));
    for (let number = 1; number <= 3; number++) {
      await as(admin, () => get(Registrations).register({ model, source: 's3://elsewhere' }));
    }
    [reader, auditor, stranger, neighbour] = (await Promise.all(
      ['reader', 'auditor', 'stranger', 'neighbour'].map((name) => t.make.user(name)),
    )) as [TestPrincipal, TestPrincipal, TestPrincipal, TestPrincipal];
    const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;
    await t.make.grant(reader, await securable('prod'), ...usage);
    await t.make.grant(neighbour, await securable('other'), ...usage, 'READ_AUDIT');
    await t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
  });
  afterAll(() => t.close());

  const get = <T>(service: Type<T>): T => t.app.get(service, { strict: false });
  const as = <T>(caller: Caller, work: () => Promise<T>): Promise<T> =>
    runInContext({ requestId: 'test', address: '127.0.0.1', caller, memo: {} }, work);
  const securable = async (fullName: string): Promise<Securable> =>
    (await t.db.first<Securable>(sql`SELECT id, kind FROM securables WHERE full_name = ${fullName}`)) as Securable;
  const now = async (): Promise<string> => {
    const row = await t.db.first<{ at: Date }>(sql`SELECT clock_timestamp() AS at, pg_sleep(0.003)`);
    return JSON.stringify(row?.at);
  };
  const setAlias = (alias: string, number: number) => as(admin, () => get(Targets).setAlias(model, alias, number));
  const champion = (at: string) =>
    `model(fullName: "${model}") { versionByAlias(alias: "champion", asOf: ${at}) { number } }`;

  it('answers as of each instant, also for a version that was deleted since', async () => {
    const before = await now();
    await setAlias('champion', 1);
    const first = await now();
    await setAlias('champion', 3);
    const second = await now();
    await as(admin, () => get(ModelVersions).delete(model, 3));
    const after = await now();
    const { data } = await graphql(
      t,
      reader.token,
      `{ a: ${champion(before)} b: ${champion(first)} c: ${champion(second)} d: ${champion(after)}
        e: model(fullName: "${model}") { holders(asOf: ${second}, first: 5) { totalCount nodes { versionNumber version { id } event { id } } } } }`,
    );
    expect([data.a, data.b, data.c, data.d].map((each) => each.versionByAlias?.number)).toEqual([
      undefined,
      1,
      undefined,
      undefined,
    ]);
    // The number is known; the version is gone; events are for those who read the audit.
    expect(data.e.holders).toEqual({ totalCount: 1, nodes: [{ versionNumber: 3, version: null, event: null }] });
  });

  it('follows the order in which transactions held the lock, not that in which they began', async () => {
    let begun: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const began = new Promise<void>((resolve) => (begun = resolve));
    const other = new Promise<void>((resolve) => (goOn = resolve));
    const first = as(admin, () =>
      get(Transaction).run(async () => {
        await get(Database).query(sql`SELECT now()`);
        begun();
        await other;
        await get(Targets).setAlias(model, 'order', 2);
      }),
    );
    await began;
    await setAlias('order', 1);
    const between = await now();
    goOn();
    await first;
    const order = (at: string) =>
      `model(fullName: "${model}") { versionByAlias(alias: "ORDER", asOf: ${at}) { number } }`;
    const { data } = await graphql(t, reader.token, `{ a: ${order(between)} b: ${order(await now())} }`);
    expect([data.a, data.b].map((each) => each.versionByAlias.number)).toEqual([1, 2]);
    const events = await t.db.query(sql`SELECT after -> 'version' AS version FROM audit_events
      WHERE action = 'model_alias.set' AND after ->> 'alias' = 'order' ORDER BY occurred_at, id`);
    expect(events).toEqual([{ version: 1 }, { version: 2 }]);
  });

  it('tells grants of who is gone, and rights of who had them', async () => {
    const leaving = await as(admin, () => get(Principals).createUser({ name: 'leaving' }));
    const on = { kind: 'CATALOG', fullName: 'prod' } as const;
    for (const privilege of ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const) {
      await as(admin, () => get(Grants).grant({ securable: on, principal: 'leaving', privilege }));
    }
    const had = await now();
    await as(admin, () => get(Principals).disable(leaving.id));
    const disabled = await now();
    const may = (at: string) =>
      `effectivePrivileges(principal: "leaving", fullName: "${model}", asOf: ${at}) { privilege inheritedFrom { fullName } }`;
    const rights = await graphql(
      t,
      auditor.token,
      `{ had: ${may(had)} disabled: ${may(disabled)}
      why: explainAccess(principal: "leaving", privilege: EXECUTE, fullName: "${model}", asOf: ${disabled}) { allowed obstacle } }`,
    );
    expect(rights.data.had).toEqual([{ privilege: 'EXECUTE', inheritedFrom: { fullName: 'prod' } }]);
    expect(rights.data.disabled).toEqual([]);
    expect(rights.data.why).toMatchObject({ allowed: false, obstacle: expect.stringContaining('disabled') });
    await as(admin, () => get(Principals).delete(leaving.id));
    const grants = `grants(first: 9) { totalCount nodes { privilege principalName principal { id } } }`;
    const { data } = await graphql(
      t,
      auditor.token,
      `{ had: securableState(fullName: "prod", at: ${had}) { ownerName ${grants} }
      gone: securableState(fullName: "prod", at: ${await now()}) { ${grants} } }`,
    );
    expect(data.had.ownerName).toBe('admin');
    expect(data.had.grants.nodes).toContainEqual({ privilege: 'EXECUTE', principalName: 'leaving', principal: null });
    expect(data.gone.grants).toEqual({ totalCount: 0, nodes: [] });
  });

  it('refuses the future, and what is no span of time, by name', async () => {
    const future = '"2999-01-01T00:00:00.000Z"';
    const messages = async (query: string) =>
      (await graphql(t, auditor.token, `{ ${query} }`)).errors?.map(({ message }) => message);
    const come = [expect.stringMatching(/^(at|to|asOf): 2999-01-01T00:00:00.000Z has not come yet/)];
    expect(await messages(`securableState(fullName: "${model}", at: ${future}) { kind }`)).toEqual(come);
    expect(
      await messages(`effectivePrivileges(principal: "reader", fullName: "${model}", asOf: ${future}) { privilege }`),
    ).toEqual(come);
    const span = (from: string, to: string) =>
      `changesBetween(fullName: "${model}", from: ${from}, to: ${to}, first: 1) { totalCount }`;
    expect(await messages(span('"2020-01-01T00:00:00Z"', future))).toEqual(come);
    expect(await messages(span('"2020-01-01T00:00:00Z"', '"2019-01-01T00:00:00Z"'))).toEqual([
      'from: 2020-01-01T00:00:00.000Z is not before to, 2019-01-01T00:00:00.000Z',
    ]);
  });

  it('is for auditors of the object, and for nobody else', async () => {
    const at = await now();
    const audited = `state: securableState(fullName: "${model}", at: ${at}) { kind }
      may: effectivePrivileges(principal: "everyone", fullName: "${model}", asOf: ${at}) { privilege }
      changes: changesBetween(fullName: "${model}", from: "2020-01-01T00:00:00Z", to: ${at}, first: 1) { totalCount }`;
    for (const who of [stranger, neighbour]) {
      const { data } = await graphql(
        t,
        who.token,
        `{ ${audited} model(fullName: "${model}") { holders(asOf: ${at}, first: 1) { totalCount } } }`,
      );
      expect(data).toEqual({ state: null, may: null, changes: null, model: null });
    }
    const { errors } = await graphql(t, reader.token, `{ ${audited} }`);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    const told = await graphql(t, auditor.token, `{ ${audited} }`);
    expect(told.data).toMatchObject({
      state: { kind: 'REGISTERED_MODEL' },
      may: [],
      changes: { totalCount: expect.any(Number) },
    });
  });

  it('was nothing before it was made', async () => {
    const at = '"2020-01-01T00:00:00Z"';
    const { data, errors } = await graphql(
      t,
      auditor.token,
      `{ state: securableState(fullName: "${model}", at: ${at}) { kind }
      may: effectivePrivileges(principal: "admin", fullName: "${model}", asOf: ${at}) { privilege }
      root: securableState(kind: METASTORE, fullName: "metastore", at: ${at}) { ownerName grants(first: 5) { nodes { principalName privilege } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      state: null,
      may: null,
      root: {
        ownerName: 'metastore-admins',
        grants: { nodes: [{ principalName: 'everyone', privilege: 'CREATE_EXPERIMENT' }] },
      },
    });
  });

  it('costs a number of statements that does not grow with the history', async () => {
    const everything = async () => {
      const at = await now();
      const statements = countStatements(t.app);
      const { errors } = await graphql(
        t,
        auditor.token,
        `{ s: securableState(fullName: "${model}", at: ${at}) {
          owner { name } grants(first: 100) { nodes { principal { name } grantedBy { name } } } policies { name }
          holders(first: 100) { nodes { versionNumber version { number } event { action } } } }
        may: effectivePrivileges(principal: "reader", fullName: "${model}", asOf: ${at}) { privilege }
        changes: changesBetween(fullName: "${model}", from: "2020-01-01T00:00:00Z", to: ${at}, first: 100) { nodes { events { id } } } }`,
      );
      expect(errors).toBeUndefined();
      return statements.stop().length;
    };
    const on = { kind: 'REGISTERED_MODEL', fullName: model } as const;
    const grow = async (round: number) => {
      await setAlias(`a${round}`, 1);
      await setAlias(`b${round}`, 2);
      const { name } = await as(admin, () => get(Principals).createUser({ name: `grown-${round}` }));
      await as(admin, () => get(Grants).grant({ securable: on, principal: name, privilege: 'EXECUTE' }));
    };
    await grow(0);
    await everything();
    const before = await everything();
    for (let round = 1; round <= 10; round++) await grow(round);
    // Once, for rights are read anew after grants were made.
    await everything();
    expect(await everything()).toBe(before);
    expect(before).toBeLessThan(40);
  });
});
