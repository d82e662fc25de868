import type { Securable } from '@app/access';
import { ModelVersions, RegisteredModels } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { behindTheLock } from '../../../test/support/locks.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import type { ModelEndpoint } from './endpoint.js';
import { type EndpointReport, ModelEndpoints } from './endpoint.service.js';
import { LineageModule } from './lineage.module.js';

describe('ModelEndpoints', () => {
  let t: RegistryTest;
  let endpoints: ModelEndpoints;
  let server: TestPrincipal;
  let other: TestPrincipal;
  beforeAll(async () => {
    t = await createRegistryTest({}, [LineageModule]);
    endpoints = t.module.get(ModelEndpoints);
    server = await t.make.principal('SERVICE_PRINCIPAL', 'server');
    other = await t.make.user();
    for (const each of [server, other]) await t.make.grant(each, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  afterAll(() => t.close());

  const modelWith = async (versions = 1): Promise<Securable> => {
    const model = await t.model();
    for (let n = 0; n < versions; n++) await t.version(model.fullName);
    return model;
  };
  const report = (who: TestPrincipal, { fullName }: Securable, given: Partial<EndpointReport> = {}) => {
    const whole = { model: fullName, number: 1, name: 'web', url: null, environment: null, reason: null, ...given };
    return t.as(who, () => endpoints.report(whole));
  };
  const retire = (who: TestPrincipal, { fullName }: Securable, name = 'web', reason: string | null = null) =>
    t.as(who, () => endpoints.retire({ model: fullName, name, reason }));
  const list = async (model: Securable, includeRetired = false, who = server): Promise<ModelEndpoint[]> =>
    (await t.as(who, () => endpoints.ofModel(model, includeRetired, { first: 100 }))).edges.map(({ node }) => node);
  const told = async ({ id }: Securable) =>
    (await t.events(id)).filter(({ action }) => action.startsWith('model_endpoint.'));

  it('are reported, moved and retired, each with one event, and a repeat has none', async () => {
    const model = await modelWith(2);
    const url = 'https://serving.example/scorer';
    const first = await report(server, model, { url, environment: 'production', reason: 'release' });
    expect(first).toMatchObject({ number: 1, reportedBy: server.id, retiredAt: null });
    expect(await report(other, model, { name: 'WEB', url, environment: 'production' })).toEqual(first);
    const second = await report(server, model, { number: 2, url, environment: 'production' });
    const third = await report(server, model, { number: 2, environment: 'production' });
    const ended = await retire(server, model, 'Web', 'shut down');
    expect(await retire(server, model)).toEqual(ended);
    // Nothing is written over, and between one and the next no moment is missing.
    expect(await list(model)).toEqual([]);
    const rows = (await list(model, true)).toSorted((one, two) => (one.id < two.id ? -1 : 1));
    expect(rows).toEqual([
      { ...first, retiredAt: second.reportedAt },
      { ...second, retiredAt: third.reportedAt },
      { ...third, retiredAt: ended.retiredAt },
    ]);
    const objectName = `web on ${model.fullName}`;
    const on = (version: number, at: string | null) => ({ name: 'web', version, url: at, environment: 'production' });
    expect(await told(model)).toEqual([
      { action: 'model_endpoint.reported', objectName, before: null, after: on(1, url), reason: 'release' },
      { action: 'model_endpoint.moved', objectName, before: on(1, url), after: on(2, url), reason: null },
      { action: 'model_endpoint.moved', objectName, before: on(2, url), after: on(2, null), reason: null },
      { action: 'model_endpoint.retired', objectName, before: on(2, null), after: null, reason: 'shut down' },
    ]);
    expect((await report(other, model)).reportedBy).toBe(other.id);
  });

  it('are moved and retired by whoever has reported them, and by MANAGE', async () => {
    const model = await modelWith(2);
    await report(server, model);
    await expect(report(other, model, { number: 2 })).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(retire(other, model)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    expect(await list(model)).toMatchObject([{ number: 1 }]);
    expect(await report(t.owner, model, { number: 2 })).toMatchObject({ number: 2, reportedBy: t.owner.id });
    await expect(retire(server, model)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    // MANAGE gives no right to load, and so none to report or to see.
    const manager = await t.make.user();
    await t.make.grant(manager, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(manager, model, 'MANAGE');
    await expect(report(manager, model)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(list(model, false, manager)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    const { id, retiredAt } = await retire(manager, model);
    expect(retiredAt).toBeInstanceOf(Date);
    expect(await t.as(manager, () => endpoints.byIds([id]))).toEqual([]);
    expect(await t.as(server, () => endpoints.byIds([id]))).toHaveLength(1);
  });

  it('do not exist for who may not see the model, nor when the right to load it is gone', async () => {
    const model = await modelWith();
    const leaver = await t.make.user();
    await t.make.grant(leaver, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(leaver, model, 'EXECUTE');
    const { id } = await report(leaver, model, { name: 'his' });
    await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${leaver.id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    const absent = { ...model, fullName: 'prod.fraud.absent' };
    for (const who of [leaver, await t.make.user()]) {
      for (const [ask, of] of [
        [(on: Securable) => report(who, on), 'report'],
        [(on: Securable) => retire(who, on, 'his'), 'retire'],
      ] as const) {
        const [hidden, none] = await Promise.all([model, absent].map((on) => ask(on).catch((error) => error.message)));
        expect([of, hidden.replace(model.fullName, 'x')]).toEqual([of, none.replace(absent.fullName, 'x')]);
      }
      await expect(list(model, true, who)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
      expect(await t.as(who, () => endpoints.byIds([id]))).toEqual([]);
    }
    await expect(retire(server, model, 'none')).rejects.toThrow('Model endpoint "none" does not exist');
  });

  it('leave one live row of a name when many report it at once', async () => {
    const model = await modelWith(4);
    const numbers = Array.from({ length: 12 }, (_, i) => (i % 4) + 1);
    await Promise.all(numbers.map((number) => report(server, model, { number, name: number % 2 ? 'web' : 'Web' })));
    const rows = (await list(model, true)).toSorted((one, two) => (one.id < two.id ? -1 : 1));
    expect(rows.filter(({ retiredAt }) => retiredAt === null)).toHaveLength(1);
    expect(rows.slice(1).map(({ reportedAt }) => reportedAt)).toEqual(
      rows.slice(0, -1).map(({ retiredAt }) => retiredAt),
    );
    expect(await told(model)).toHaveLength(rows.length);
  });

  it('are at most 1,000 live ones of a model, which can still be moved', async () => {
    const model = await modelWith(2);
    await report(server, model);
    await t.db.execute(sql`
      INSERT INTO model_endpoints (id, model_id, version_id, number, name, name_key, reported_by, reported_at)
      SELECT gen_random_uuid(), model_id, version_id, number, 'e' || n, 'e' || n, reported_by, reported_at
      FROM model_endpoints, generate_series(1, 999) AS n WHERE model_id = ${model.id}::uuid`);
    await expect(report(server, model, { name: 'one more' })).rejects.toMatchObject({ reason: 'TOO_MANY_ENDPOINTS' });
    expect(await report(server, model, { number: 2 })).toMatchObject({ number: 2 });
    await retire(server, model, 'e1');
    expect(await report(server, model, { name: 'one more' })).toMatchObject({ name: 'one more' });
  });

  it('refuse what is no name, no URL, no version', async () => {
    const model = await modelWith();
    const wrong: [Partial<EndpointReport>, RegExp][] = [
      [{ name: '' }, /^name: "" must have 1 to 255/],
      [{ name: 'a\u0000' }, /^name: /],
      [{ name: 'x'.repeat(256) }, /^name: /],
      [{ environment: ' prod' }, /^environment: " prod" must/],
      [{ url: 'ftp://x.example' }, /^url: "ftp:.*must be an http or https URL/],
      [{ url: 'https://x.example/\n' }, /^url: /],
      [{ url: `https://x.example/${'x'.repeat(2000)}` }, /at most 2000 characters$/],
      [{ url: 'https://me:secret@x.example/' }, /no user name and no password$/],
      [{ url: 'https://x.example/?code=secret' }, /behind a \? or a #/],
      [{ reason: 'x'.repeat(5001) }, /^reason: /],
      [{ number: 0 }, /^number: 0 is not a version number/],
      [{ number: 9 }, /Model version ".*\/9" does not exist/],
    ];
    for (const [given, message] of wrong) await expect(report(server, model, given)).rejects.toThrow(message);
    await expect(retire(server, model, 'a\u0000')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    expect(await told(model)).toEqual([]);
  });

  it('outlive their version, which a report cannot name any more, and go with their model', async () => {
    const model = await modelWith();
    await report(server, model);
    const remove = () => t.as(t.owner, () => t.module.get(ModelVersions).delete(model.fullName, 1));
    await remove();
    expect(await list(model)).toMatchObject([{ name: 'web', number: 1, retiredAt: null }]);
    await expect(report(server, model)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    await retire(server, model);
    await t.as(t.owner, () => t.module.get(RegisteredModels).delete(model.fullName));
    const left = await t.db.query(sql`SELECT 1 FROM model_endpoints WHERE model_id = ${model.id}::uuid`);
    expect(left).toEqual([]);
  });

  it('find the version that is there under the lock', async () => {
    const model = await modelWith();
    const late = await behindTheLock(
      t,
      model,
      () => report(server, model),
      () => t.db.execute(sql`DELETE FROM model_versions WHERE model_id = ${model.id}::uuid`),
    );
    expect(late).toMatchObject({ status: 'rejected', reason: { kind: 'NOT_FOUND' } });
    expect(await list(model, true)).toEqual([]);
  });
});
