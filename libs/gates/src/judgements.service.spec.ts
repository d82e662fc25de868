import type { Securable } from '@app/access';
import { runInContext } from '@app/platform';
import pg from 'pg';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { type GateRun, type Judgement } from './gate-run.js';
import { GateRunRepository } from './gate-run.repository.js';
import { GateRuns } from './gate-runs.service.js';
import { Judgements } from './judgements.service.js';

const auc = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } };
const passed: Judgement = { status: 'PASSED', summary: 'it is good', output: { value: 1 }, inputs: {} };

describe('Judgements', () => {
  let t: PromotionTest;
  let judgements: Judgements;
  let model: Securable;

  beforeAll(async () => {
    t = await createPromotionTest();
    judgements = t.module.get(Judgements);
    await t.policy(t.catalog, { gates: [auc] });
    model = await t.model();
  });
  afterAll(() => t.close());

  /** A run that this process has claimed. */
  const claimed = async (): Promise<GateRun> => {
    const request = await t.request(await t.trained(model, { auc: 0.95 }));
    const [queued] = await t.module.get(GateRuns).ofRequests([request.id]);
    const [run] = await t.module.get(GateRunRepository).claim([queued?.id as string]);
    return run as GateRun;
  };
  const several = async () => [await claimed(), await claimed(), await claimed()] as const;
  const write = (run: GateRun, judgement = passed) =>
    runInContext({ requestId: `of ${run.id}`, address: null, caller: worker, memo: {} }, () =>
      judgements.write(run, judgement),
    );
  const statusOf = async ({ requestId }: GateRun) => (await t.module.get(GateRuns).ofRequests([requestId]))[0]?.status;
  /** Somebody else's transaction, which holds the row of a run. */
  const holder = async (statement: string, run: GateRun) => {
    const client = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await client.connect();
    await client.query('BEGIN');
    await client.query(statement, [run.id]);
    return { end: (how: 'COMMIT' | 'ROLLBACK') => client.query(how).finally(() => client.end()) };
  };

  it('writes those that are reached at once in one transaction, each under the request that caused it', async () => {
    const runs = [...(await several()), await claimed()];
    expect(await Promise.all(runs.map((run) => write(run)))).toEqual([true, true, true, true]);
    const written = await t.db.query<{ requestId: string; transaction: string; messages: number; lines: number }>(sql`
      SELECT a.request_id AS "requestId", a.xmin::text AS transaction,
        (SELECT count(*) FROM outbox o WHERE o.payload ->> 'gateRunId' = a.object_id AND o.request_id = a.request_id) AS messages,
        (SELECT count(*) FROM gate_logs l WHERE l.gate_run_id::text = a.object_id AND l.text = 'PASSED: it is good') AS lines
      FROM audit_events a WHERE a.action = 'gate_run.finished' AND a.object_id = ANY(${runs.map(({ id }) => id)}) ORDER BY a.id`);
    expect(written.map(({ requestId }) => requestId).sort()).toEqual(runs.map(({ id }) => `of ${id}`).sort());
    expect(written.every(({ messages, lines }) => messages === 1 && lines === 1)).toBe(true);
    // The first did not wait for the others.
    expect(new Set(written.map(({ transaction }) => transaction)).size).toBe(2);
  });

  it('lets the others pass a run that somebody has locked, and writes that one when he is done', async () => {
    const [first, locked, other] = await several();
    const lock = await holder('SELECT 1 FROM gate_runs WHERE id = $1 FOR UPDATE', locked);
    const waiting = write(locked);
    expect(await Promise.all([write(first), write(other)])).toEqual([true, true]);
    expect(await statusOf(locked)).toBe('RUNNING');
    await lock.end('ROLLBACK');
    expect(await waiting).toBe(true);
    expect(await statusOf(locked)).toBe('PASSED');
  });

  it('gives way to a cancellation that is being committed, for that run only', async () => {
    const [first, cancelled, other] = await several();
    const lock = await holder(`UPDATE gate_runs SET status = 'CANCELLED', lease_until = NULL WHERE id = $1`, cancelled);
    const waiting = write(cancelled);
    expect(await Promise.all([write(first), write(other)])).toEqual([true, true]);
    await lock.end('COMMIT');
    expect(await waiting).toBe(false);
    expect(await statusOf(cancelled)).toBe('CANCELLED');
  });

  it('takes one judgement of a run: that of its latest claim', async () => {
    const [first, run] = await several();
    await t.db.execute(sql`UPDATE gate_runs SET attempt = 2 WHERE id = ${run.id}::uuid`);
    const late = write(run, { ...passed, status: 'FAILED' });
    const latest = { ...run, attempt: 2 };
    expect(await Promise.all([write(first), late, write(latest), write(latest)])).toEqual([true, false, true, false]);
    expect(await statusOf(run)).toBe('PASSED');
  });

  it('lets a judgement that cannot be stored stand in no other’s way', async () => {
    const [first, broken, other] = await several();
    const answers = await Promise.allSettled([
      write(first),
      write(broken, { ...passed, summary: 'a\0b' }),
      write(other),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await Promise.all([first, broken, other].map(statusOf))).toEqual(['PASSED', 'RUNNING', 'PASSED']);
  });
});
