import { METASTORE_ID } from '@app/access';
import { Catalogs, Schemas, Securables } from '@app/namespace';
import { type Caller, runInContext } from '@app/platform';
import { RegisteredModels, Registrations, Targets } from '@app/registry';
import type { Type } from '@nestjs/common';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';

describe('changesBetween', () => {
  let t: TestApp;
  let admin: TestPrincipal;
  let auditor: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    admin = await t.make.admin('admin');
    auditor = await t.make.user('auditor');
    await t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    await as(admin, () => get(Catalogs).create({ name: 'prod' }));
    await as(admin, () => get(Schemas).create({ catalog: 'prod', name: 'fraud' }));
    await as(admin, () => get(RegisteredModels).create({ fullName: model }));
    await as(admin, () => get(Registrations).register({ model, source: 's3://elsewhere' }));
  });
  afterAll(() => t.close());

  const get = <T>(service: Type<T>): T => t.app.get(service, { strict: false });
  const as = <T>(caller: Caller, work: () => Promise<T>): Promise<T> =>
    runInContext({ requestId: 'test', address: '127.0.0.1', caller, memo: {} }, work);
  const now = async (): Promise<string> => {
    const row = await t.db.first<{ at: Date }>(sql`SELECT clock_timestamp() AS at, pg_sleep(0.003)`);
    return JSON.stringify(row?.at);
  };

  it('nets what happened in a schema: what came back is no difference', async () => {
    const from = await now();
    const named = (fullName: string) => ({ kind: 'REGISTERED_MODEL', fullName }) as const;
    await as(admin, () => get(RegisteredModels).create({ fullName: 'prod.fraud.new', description: 'first' }));
    await as(admin, () => get(RegisteredModels).updateDescription('prod.fraud.new', 'second'));
    await as(admin, () => get(Registrations).register({ model: 'prod.fraud.new', source: 's3://elsewhere' }));
    await as(admin, () => get(Securables).setTag(named('prod.fraud.new'), { key: 'tier', value: '1' }));
    await as(admin, () => get(RegisteredModels).create({ fullName: 'prod.fraud.brief' }));
    await as(admin, () => get(RegisteredModels).delete('prod.fraud.brief'));
    await as(admin, () => get(Targets).transitionStage('prod.fraud.new', 1, 'Staging', false));
    await as(admin, () => get(Targets).setAlias(model, 'netted', 1));
    await as(admin, () => get(Targets).deleteAlias(model, 'netted'));
    const { data, errors } = await graphql(
      t,
      auditor.token,
      `{ changesBetween(fullName: "prod.fraud", from: ${from}, to: ${await now()}, first: 20) { totalCount
        nodes { aspect objectName key before after eventCount events { action actorName } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.changesBetween.totalCount).toBe(5);
    const { nodes } = data.changesBetween;
    expect(nodes.map(({ events, ...rest }: { events: unknown }) => rest)).toEqual(
      expect.arrayContaining([
        {
          aspect: 'EXISTENCE',
          objectName: 'prod.fraud.new',
          key: '',
          before: null,
          after: 'prod.fraud.new',
          eventCount: 1,
        },
        {
          aspect: 'EXISTENCE',
          objectName: 'prod.fraud.new/1',
          key: '',
          before: null,
          after: 'prod.fraud.new/1',
          eventCount: 1,
        },
        {
          aspect: 'DESCRIPTION',
          objectName: 'prod.fraud.new',
          key: '',
          before: 'first',
          after: 'second',
          eventCount: 1,
        },
        { aspect: 'TAG', objectName: 'prod.fraud.new', key: 'tier', before: null, after: '1', eventCount: 1 },
        { aspect: 'STAGE', objectName: 'prod.fraud.new/1', key: '', before: 'None', after: 'Staging', eventCount: 1 },
      ]),
    );
    expect(nodes.find(({ aspect }: { aspect: string }) => aspect === 'STAGE').events).toEqual([
      { action: 'model_version.stage_transitioned', actorName: 'admin' },
    ]);
  });
});
