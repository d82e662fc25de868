import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { eventually } from '../../../../test/support/processes.js';

/** An answer that is given again is given to who may have it now. */
describe('an Idempotency-Key after a change of rights', () => {
  let t: TestApp;
  let schema: Securable;
  let writer: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    schema = await t.make.schema('prod.fraud', await t.make.user());
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    writer = await t.make.user();
    await t.make.grant(writer, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA');
  });

  const createModel = (name: string) => ({
    query: `mutation { modelCreate(input: { fullName: "prod.fraud.${name}" }) { model { fullName } errors { code } } }`,
  });
  const send = (body: object, key: string, path = '/graphql') =>
    t.call('POST', path, { token: writer.token, body, headers: { 'idempotency-key': key } });
  const revoke = async () => {
    await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${writer.id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
  };
  const refusals = async () =>
    (
      await t.db.query<{ name: string }>(sql`SELECT object_name AS name FROM audit_events
        WHERE actor_id = ${writer.id}::uuid AND outcome = 'REFUSED'`)
    ).map(({ name }) => name);

  it('repeats an answer, also when the request itself has changed what its caller may do', async () => {
    await t.make.grant(writer, schema, 'CREATE_MODEL');
    const first = await send(createModel('own'), 'own');
    expect(first.body.data.modelCreate.errors).toEqual([]);
    const again = await send(createModel('own'), 'own');
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('repeats none to who has lost what it took, notes it, and repeats it when he has it back', async () => {
    await t.make.grant(writer, schema, 'CREATE_MODEL');
    const first = await send(createModel('lost'), 'lost');
    await revoke();
    const refused = await send(createModel('lost'), 'lost');
    expect(refused.status).toBe(404);
    expect(refused.headers.get('idempotency-replayed')).toBeNull();
    expect(JSON.stringify(refused.body)).not.toContain('prod.fraud.lost');
    await eventually(refusals, (names) => names.includes('prod.fraud'));
    await t.make.grant(writer, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(writer, schema, 'CREATE_MODEL');
    expect((await send(createModel('lost'), 'lost')).body).toEqual(first.body);
    const made = sql`SELECT 1 FROM securables WHERE full_name = 'prod.fraud.lost'`;
    expect(await t.db.query(made)).toHaveLength(1);
  });

  it('holds MLflow’s REST to the same', async () => {
    const model = await t.make.securable('REGISTERED_MODEL', 'prod.fraud.tagged', await t.make.user());
    await t.make.grant(writer, model, 'APPLY_TAG', 'EXECUTE');
    const path = '/api/2.0/mlflow/registered-models/set-tag';
    const tag = { name: 'prod.fraud.tagged', key: 'tier', value: '1' };
    expect((await send(tag, 'tag', path)).status).toBe(200);
    expect((await send(tag, 'tag', path)).headers.get('idempotency-replayed')).toBe('true');
    await revoke();
    expect(await send(tag, 'tag', path)).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
  });

  it('repeats the deletion of what is gone by it', async () => {
    await t.make.grant(writer, schema, 'CREATE_MODEL');
    await send(createModel('short'), 'short');
    const gone = { query: 'mutation { modelDelete(input: { fullName: "prod.fraud.short" }) { errors { code } } }' };
    const first = await send(gone, 'gone');
    expect(first.body.errors).toBeUndefined();
    const again = await send(gone, 'gone');
    expect([again.status, again.body]).toEqual([200, first.body]);
  });
});
