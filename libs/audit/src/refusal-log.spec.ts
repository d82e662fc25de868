import { HiddenObject, type Securable } from '@app/access';
import { Metrics, type RequestContext, runInContext, TransactionalPool } from '@app/platform';
import pg from 'pg';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { eventually } from '../../../test/support/processes.js';
import { RefusalLog } from './refusal-log.js';

describe('RefusalLog', () => {
  let t: TestModule;
  let log: RefusalLog;
  let caller: TestPrincipal;
  let catalog: Securable;
  beforeAll(async () => {
    t = await createTestModule([], { LOG_LEVEL: 'silent' });
    log = t.module.get(RefusalLog);
    const make = new Factories(t.db);
    caller = await make.user();
    catalog = await make.securable('CATALOG', 'prod', caller);
  });
  afterAll(() => t.close());

  let requests = 0;
  const request = (): RequestContext => ({ requestId: `r${++requests}`, address: '::1', caller, memo: {} });
  const refuse = (context: RequestContext, privilege: 'EXECUTE' | 'MANAGE' = 'EXECUTE') =>
    runInContext(context, () => log.note(new HiddenObject('Catalog', 'prod', { privilege, object: catalog })));
  const recorded = async ({ requestId }: RequestContext) => {
    const rows = await t.db.query<{ reason: string }>(
      sql`SELECT reason FROM audit_events WHERE request_id = ${requestId} AND outcome = 'REFUSED' ORDER BY id`,
    );
    return rows.map(({ reason }) => reason);
  };
  const unwritten = async () =>
    await t.module.get(Metrics).registry.getSingleMetricAsString('audit_refusals_unwritten_total');

  /** The next INSERT of refusals fails; everything else goes to PostgreSQL as ever. */
  const failOnce = (error: Error): (() => void) => {
    const pool = t.module.get(TransactionalPool);
    const query = pool.query.bind(pool);
    let failed = false;
    const spy = jest.spyOn(pool, 'query').mockImplementation((...args: { text?: string }[]) => {
      if (failed || !/INSERT INTO audit_events/.test(args[0]?.text ?? '')) return query(...args);
      failed = true;
      return Promise.reject(error);
    });
    return () => spy.mockRestore();
  };

  it('writes nothing until the request is answered, and each refusal of a request once', async () => {
    const context = request();
    log.hold(context);
    refuse(context);
    refuse(context, 'MANAGE');
    refuse(context);
    expect(await recorded(context)).toEqual([]);
    log.release(context);
    const reasons = await eventually(
      () => recorded(context),
      ({ length }) => length > 0,
    );
    expect([...reasons].sort()).toEqual(['lacks EXECUTE', 'lacks MANAGE']);
  });

  it('writes at once what is noted when the client is gone already', async () => {
    const context = request();
    log.hold(context);
    log.release(context);
    refuse(context);
    expect(
      await eventually(
        () => recorded(context),
        ({ length }) => length > 0,
      ),
    ).toEqual(['lacks EXECUTE']);
  });

  it('notes nothing of an error that is no refusal', async () => {
    const context = request();
    runInContext(context, () => log.note(new Error('other')));
    refuse(context);
    expect(
      await eventually(
        () => recorded(context),
        ({ length }) => length > 0,
      ),
    ).toHaveLength(1);
  });

  it('keeps refusals while PostgreSQL is away, and writes them when it is back', async () => {
    const restore = failOnce(Object.assign(new Error('going down'), { code: '57P01' }));
    const context = request();
    refuse(context);
    expect(
      await eventually(
        () => recorded(context),
        ({ length }) => length > 0,
      ),
    ).toEqual(['lacks EXECUTE']);
    restore();
    expect(await unwritten()).toContain('audit_refusals_unwritten_total 0');
  });

  it('counts what PostgreSQL will never take, and goes on', async () => {
    const restore = failOnce(Object.assign(new pg.DatabaseError('no', 2, 'error'), { code: '23514' }));
    const [lost, next] = [request(), request()];
    refuse(lost);
    await eventually(unwritten, (metric) => metric.includes('audit_refusals_unwritten_total 1'));
    restore();
    refuse(next);
    expect(
      await eventually(
        () => recorded(next),
        ({ length }) => length > 0,
      ),
    ).toEqual(['lacks EXECUTE']);
    expect(await recorded(lost)).toEqual([]);
  });

  it('has written everything when the process ends', async () => {
    const context = request();
    refuse(context);
    await log.onApplicationShutdown();
    expect(await recorded(context)).toEqual(['lacks EXECUTE']);
  });
});
