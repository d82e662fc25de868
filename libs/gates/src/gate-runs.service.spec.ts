import type { Securable } from '@app/access';
import { type PromotionRequest, PromotionRequests, RequestDetails } from '@app/promotion';
import pg from 'pg';
import sql from 'sql-template-tag';
import { eventually } from '../../../test/support/processes.js';
import { createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import type { GateRun } from './gate-run.js';
import { GateRuns } from './gate-runs.service.js';

const auc = {
  key: 'auc',
  type: 'METRIC_THRESHOLD',
  config: { metric: 'auc', min: 0.9 },
  attempts: 2,
  timeoutSeconds: 1,
};

describe('GateRuns', () => {
  let t: PromotionTest;
  let gates: GateRuns;
  let model: Securable;
  let request: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest();
    gates = t.module.get(GateRuns);
    await t.policy(t.catalog, { gates: [auc] });
    model = await t.model();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    request = await t.request(await t.trained(model, { auc: 0.95 }));
  });

  const current = async (): Promise<GateRun> => (await gates.ofRequests([request.id]))[0] as GateRun;
  const run = async () => {
    const { id } = await current();
    return t.as(worker, () => gates.run(id));
  };
  const judgements = async () => {
    const { id } = await current();
    const messages = sql`SELECT 1 FROM outbox WHERE event = 'gate_run.finished' AND payload ->> 'gateRunId' = ${id}`;
    const events = sql`SELECT 1 FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${id}`;
    return { messages: (await t.db.query(messages)).length, events: (await t.db.query(events)).length };
  };
  const log = async () => {
    const { id } = await current();
    const lines = await t.db.query<{ text: string }>(
      sql`SELECT text FROM gate_logs WHERE gate_run_id = ${id}::uuid ORDER BY line`,
    );
    return lines.map(({ text }) => text);
  };
  const leaveBehind = (attempt: number, lease: string) =>
    t.db.execute(sql`UPDATE gate_runs SET status = 'RUNNING', attempt = ${attempt}::int4, lease_until = now() + ${lease}::interval
      WHERE request_id = ${request.id}::uuid`);
  const pauseIsOver = () =>
    t.db.execute(
      sql`UPDATE gate_runs SET retry_at = now() - interval '1 minute' WHERE request_id = ${request.id}::uuid`,
    );
  /** Takes the table away that the gate reads, as a broken database would. */
  const withoutMetrics = async <T>(work: () => Promise<T>): Promise<T> => {
    await t.db.execute(sql`ALTER TABLE latest_metrics RENAME TO latest_metrics_away`);
    try {
      return await work();
    } finally {
      await t.db.execute(sql`ALTER TABLE latest_metrics_away RENAME TO latest_metrics`);
    }
  };
  /** Holds up whoever reads metrics. */
  const holdMetrics = async () => {
    const holder = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE latest_metrics IN ACCESS EXCLUSIVE MODE');
    return { release: () => holder.end() };
  };
  /** The evaluator waits for the metrics: its run is not only claimed in the database, the process knows of it too. */
  const started = () =>
    eventually(() =>
      t.db.first(sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`),
    );

  it('reaches one judgement, however often and by however many it is run', async () => {
    const answers = await Promise.all([run(), run(), run()]);
    expect(answers.filter(Boolean)).toEqual([{ type: 'METRIC_THRESHOLD', status: 'PASSED' }]);
    expect(await run()).toBeUndefined();
    expect(await current()).toMatchObject({
      status: 'PASSED',
      attempt: 1,
      summary: 'auc is 0.95, within the bound: at least 0.9',
      leaseUntil: null,
      finishedAt: expect.any(Date),
    });
    expect(await judgements()).toEqual({ messages: 1, events: 1 });
    expect(await log()).toEqual(['attempt 1 of 2', 'PASSED: auc is 0.95, within the bound: at least 0.9']);
  });

  it('tries again after trouble of our own, and says so when it has no attempt left', async () => {
    await withoutMetrics(run);
    expect(await current()).toMatchObject({ status: 'QUEUED', attempt: 1 });
    expect(await judgements()).toEqual({ messages: 0, events: 0 });
    await pauseIsOver();
    await withoutMetrics(run);
    expect(await current()).toMatchObject({
      status: 'ERRORED',
      attempt: 2,
      summary: expect.stringMatching(/^no judgement was reached in 2 attempts: /),
    });
    expect(await judgements()).toEqual({ messages: 1, events: 1 });
    expect(await log()).toHaveLength(5);
  });

  it('passes on the second attempt when the trouble is over', async () => {
    await withoutMetrics(run);
    await pauseIsOver();
    expect(await run()).toMatchObject({ status: 'PASSED' });
    expect(await current()).toMatchObject({ attempt: 2, retryAt: null });
  });

  it('waits before it tries again', async () => {
    await withoutMetrics(run);
    const { retryAt, startedAt } = await current();
    expect(Number(retryAt) - Number(startedAt)).toBeGreaterThanOrEqual(1000);
    await t.db.execute(
      sql`UPDATE gate_runs SET retry_at = now() + interval '1 hour' WHERE request_id = ${request.id}::uuid`,
    );
    await t.db.execute(sql`UPDATE outbox SET handled_at = now()`);
    expect(await run()).toBeUndefined();
    const mine = sql`SELECT 1 FROM outbox WHERE handled_at IS NULL AND payload ->> 'gateRunId' = ${(await current()).id}`;
    await t.as(worker, () => gates.requeueStranded());
    expect(await t.db.query(mine)).toEqual([]);
    await pauseIsOver();
    await t.as(worker, () => gates.requeueStranded());
    expect(await t.db.query(mine)).toHaveLength(1);
  });

  it('stops when its request is closed, and judges nothing', async () => {
    const metrics = await holdMetrics();
    await t.db.execute(sql`UPDATE gate_runs SET timeout_seconds = 600 WHERE request_id = ${request.id}::uuid`);
    const stopped = run();
    await started();
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    // The evaluator still waits for the table: what ends the run is that its claim is gone.
    expect(await stopped).toBeUndefined();
    await metrics.release();
    expect(await current()).toMatchObject({ status: 'CANCELLED', summary: 'the request was closed' });
    expect(await judgements()).toEqual({ messages: 0, events: 0 });
  });

  it('lets its log be read while it runs', async () => {
    const metrics = await holdMetrics();
    const running = run();
    await started();
    const { id } = await current();
    const lines = async () =>
      (await t.as(t.scientist, () => t.module.get(RequestDetails).gateLog(id, { first: 10 }))).edges.map(
        ({ node }) => node.text,
      );
    while ((await lines()).length === 0) await new Promise(setImmediate);
    expect(await lines()).toEqual(['attempt 1 of 2']);
    expect((await current()).status).toBe('RUNNING');
    await metrics.release();
    await running;
  });

  it('never tries a FAILED gate again', async () => {
    await t.db.execute(sql`UPDATE latest_metrics SET value = 0.1`);
    expect(await run()).toMatchObject({ status: 'FAILED' });
    expect(await run()).toBeUndefined();
    expect(await judgements()).toEqual({ messages: 1, events: 1 });
  });

  it('leaves a run alone whose lease holds, and takes it over when the lease has run out', async () => {
    await leaveBehind(1, '10 seconds');
    expect(await run()).toBeUndefined();
    await leaveBehind(1, '-1 second');
    expect(await run()).toMatchObject({ status: 'PASSED' });
    expect(await current()).toMatchObject({ attempt: 2 });
  });

  it('gives up on a run that took its worker down each time', async () => {
    await leaveBehind(2, '-1 second');
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    expect((await current()).summary).toBe(
      'no judgement was reached: the worker ended in the middle of each of 2 attempts',
    );
  });

  it('is ERRORED when it takes longer than its policy allows', async () => {
    const metrics = await holdMetrics();
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    await metrics.release();
    expect((await current()).summary).toBe('no judgement was reached within the time limit of 1 s');
  });

  it('does not take a judgement from a claim that was lost', async () => {
    const metrics = await holdMetrics();
    const late = run();
    await started();
    await t.db.execute(sql`UPDATE gate_runs SET attempt = 2 WHERE request_id = ${request.id}::uuid`);
    await metrics.release();
    expect(await late).toBeUndefined();
    expect(await current()).toMatchObject({ status: 'RUNNING', attempt: 2 });
    expect(await judgements()).toEqual({ messages: 0, events: 0 });
  });

  it('gives back what it holds when it is stopped, without counting the attempt', async () => {
    const metrics = await holdMetrics();
    const held = run();
    await started();
    await gates.release();
    expect(await current()).toMatchObject({ status: 'QUEUED', attempt: 0, leaseUntil: null });
    await metrics.release();
    expect(await held).toBeUndefined();
    expect(await run()).toMatchObject({ status: 'PASSED' });
  });

  it('queues again what nobody works on, and nothing twice', async () => {
    const requeue = () => t.as(worker, () => gates.requeueStranded());
    await requeue();
    expect(await requeue()).toBe(0);
    const handled = sql`UPDATE outbox SET handled_at = now()`;
    await t.db.execute(handled);
    await t.db.execute(sql`UPDATE gate_runs SET status = 'CANCELLED' WHERE request_id <> ${request.id}::uuid`);
    expect(await requeue()).toBe(1);
    expect(await requeue()).toBe(0);
    await t.db.execute(handled);
    await leaveBehind(1, '10 seconds');
    expect(await requeue()).toBe(0);
    await leaveBehind(1, '-1 second');
    expect(await requeue()).toBe(1);
  });
});
