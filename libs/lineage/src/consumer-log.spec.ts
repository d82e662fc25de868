import { Access } from '@app/access';
import { LOGGER, Metrics, TransactionalPool } from '@app/platform';
import type { VersionView } from '@app/registry';
import pg from 'pg';
import { Registry } from 'prom-client';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { ConsumerRepository } from './consumer.repository.js';
import { Consumers } from './consumer.service.js';
import { ConsumerLog } from './consumer-log.js';
import { LineageModule } from './lineage.module.js';

describe('consumers', () => {
  let t: RegistryTest;
  let log: ConsumerLog;
  let consumers: Consumers;
  let reader: TestPrincipal;
  let robot: TestPrincipal;
  beforeAll(async () => {
    t = await createRegistryTest({ LOG_LEVEL: 'silent' }, [LineageModule]);
    log = t.module.get(ConsumerLog);
    consumers = t.module.get(Consumers);
    reader = await t.make.user('reader');
    robot = await t.make.principal('SERVICE_PRINCIPAL', 'robot');
    for (const each of [reader, robot]) await t.make.grant(each, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  afterAll(() => t.close());

  const load = async (who: TestPrincipal, version: VersionView, times: number) => {
    for (let i = 0; i < times; i++) await t.as(who, async () => log.note(version));
  };
  const moveToDay = (version: VersionView, day: string) =>
    t.db.execute(sql`UPDATE model_version_consumers SET day = ${day}::date WHERE version_id = ${version.id}::uuid`);
  const countOf = async ({ id }: VersionView) =>
    (
      await t.db.first<{ loads: number }>(
        sql`SELECT sum(loads)::int8 AS loads FROM model_version_consumers WHERE version_id = ${id}::uuid`,
      )
    )?.loads;
  /** As another process has it. */
  const createOther = () =>
    new ConsumerLog(t.module.get(Access), t.module.get(ConsumerRepository), t.module.get(LOGGER), {
      registry: new Registry(),
    });
  const lost = () => t.module.get(Metrics).registry.getSingleMetricAsString('consumer_loads_uncounted_total');

  it('gathers loads without a statement, and adds them together with one', async () => {
    const version = await t.version((await t.model()).fullName);
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    await load(reader, version, 50);
    await load(robot, version, 3);
    expect(query).not.toHaveBeenCalled();
    await log.flush();
    expect(query).toHaveBeenCalledTimes(1);
    await log.flush();
    expect(query).toHaveBeenCalledTimes(1);
    query.mockRestore();
    await load(reader, version, 1);
    await log.flush();
    const page = await t.as(t.owner, () => consumers.list(version, null, { first: 10 }));
    expect(page.edges.map(({ node }) => node)).toMatchObject([
      { principalId: reader.id, loads: 51, days: 1 },
      { principalId: robot.id, loads: 3, days: 1 },
    ]);
    const [{ node }] = page.edges as [(typeof page.edges)[0]];
    expect(node.firstAt.getTime()).toBeLessThanOrEqual(node.lastAt.getTime());
  });

  it('keeps what PostgreSQL cannot take now, and adds it later', async () => {
    const version = await t.version((await t.model()).fullName);
    await load(reader, version, 2);
    const pool = t.module.get(TransactionalPool);
    const gone = Object.assign(new pg.DatabaseError('terminating connection', 1, 'error'), { code: '57P01' });
    const query = jest.spyOn(pool, 'query').mockImplementation(() => Promise.reject(gone));
    await log.flush();
    query.mockRestore();
    await load(reader, version, 1);
    await log.flush();
    expect(await countOf(version)).toBe(3);
    expect(await lost()).toMatch(/consumer_loads_uncounted_total 0$/m);
  });

  it('counts what two processes add to one row, and what is added while a batch is under way', async () => {
    const version = await t.version((await t.model()).fullName);
    const other = createOther();
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await load(i % 2 ? reader : robot, version, 5);
        await t.as(reader, async () => other.note(version));
        await Promise.all([log.flush(), other.flush()]);
      }),
    );
    expect(await countOf(version)).toBe(120);
  });

  it('writes what is left when the process ends', async () => {
    const version = await t.version((await t.model()).fullName);
    const other = createOther();
    await t.as(reader, async () => other.note(version));
    await other.onApplicationShutdown();
    expect(await countOf(version)).toBe(1);
  });

  it('shows numbers to whoever may load, and names to whoever manages or audits', async () => {
    const version = await t.version((await t.model()).fullName);
    await load(reader, version, 2);
    await log.flush();
    const auditor = await t.make.user();
    await t.make.grant(auditor, t.catalog, 'READ_AUDIT', 'BROWSE');
    const list = () => consumers.list(version, null, { first: 1 });
    expect((await t.as(auditor, list)).edges).toHaveLength(1);
    expect(await t.as(auditor, () => consumers.count(version, null))).toBe(1);
    await expect(t.as(reader, list)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(t.as(await t.make.user(), list)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    const usage = () => consumers.usage(version, null);
    expect(await t.as(reader, usage)).toMatchObject({ loads: 2, consumers: 1, days: [{ loads: 2, consumers: 1 }] });
    await expect(t.as(auditor, usage)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(t.as(await t.make.user(), usage)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  });

  it('counts by day of UTC, from a day on, and for a model over its versions, also deleted ones', async () => {
    const model = await t.model();
    const [one, two] = [await t.version(model.fullName), await t.version(model.fullName)];
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000);
    const dayText = (ago: number) => day(ago).toISOString().slice(0, 10);
    await load(reader, one, 4);
    await log.flush();
    await moveToDay(one, dayText(40));
    await load(reader, one, 2);
    await load(robot, two, 1);
    await log.flush();
    await t.as(t.owner, async () => {
      const of = async (since: Date | null) =>
        (await consumers.list(one, since, { first: 5 })).edges.map(({ node: { loads, days } }) => [loads, days]);
      expect(await of(null)).toEqual([[6, 2]]);
      expect(await of(day(10))).toEqual([[2, 1]]);
      expect(await consumers.usage(one, null)).toMatchObject({ loads: 2, days: [{ day: dayText(0) }] });
      expect(await consumers.usage(one, day(50))).toMatchObject({
        loads: 6,
        days: [{ day: dayText(40), loads: 4 }, {}],
      });
      await expect(consumers.usage(one, day(400))).rejects.toThrow(/since: .* is more than 366 days ago/);
    });
    await t.db.execute(sql`DELETE FROM model_versions WHERE id = ${two.id}::uuid`);
    await t.as(t.owner, async () => {
      const first = await consumers.list(model, null, { first: 1 });
      const after = first.edges[0]?.cursor ?? null;
      const second = await consumers.list(model, null, { first: 1, after });
      expect([first, second].flatMap(({ edges }) => edges.map(({ node }) => node.loads))).toEqual([6, 1]);
      expect(second.hasNextPage).toBe(false);
      expect(await consumers.count(model, null)).toBe(2);
      expect(await consumers.usage(model, day(50))).toMatchObject({ loads: 7, consumers: 2 });
    });
  });
});
