import type { Securable } from '@app/access';
import { type PromotionRequest, PromotionRequests } from '@app/promotion';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { passed, TestValidator } from '../../../test/support/validator.js';
import { digestOf } from './gate-report.js';
import { GateReports } from './gate-reports.service.js';
import type { GateRun } from './gate-run.js';
import { GateRuns } from './gate-runs.service.js';

const gate = { key: 'fairness', type: 'EXTERNAL', config: { validator: 'fairness' }, attempts: 2, timeoutSeconds: 300 };
const failed = { status: 'FAILED', summary: 'parity is 0.4, below 0.9' };

describe('reports of validators', () => {
  let t: PromotionTest;
  let validator: TestValidator;
  let model: Securable;
  let request: PromotionRequest;
  let id: string;

  beforeAll(async () => {
    t = await createPromotionTest({ OUTBOUND_ALLOW: '127.0.0.1' });
    validator = await TestValidator.start();
    await validator.register(t, await t.make.admin(), 'fairness');
    await t.policy(t.catalog, { gates: [gate] });
    model = await t.model();
  });
  afterAll(async () => {
    await t.close();
    await validator.close();
  });
  beforeEach(async () => {
    validator.answer = () => ({ status: 202 });
    request = await t.request(await t.trained(model));
    id = (await current()).id;
  });

  const gates = () => t.module.get(GateRuns);
  const reports = () => t.module.get(GateReports);
  const current = async (): Promise<GateRun> => (await gates().ofRequests([request.id]))[0] as GateRun;
  const run = () => t.as(worker, () => gates().run(id));
  const token = () => validator.last().data.report.token;
  const report = async (body: unknown, as = token()): Promise<GateRun> =>
    reports().reportAsValidator(await reports().authenticate(id, as), body);
  const timeIsOver = () =>
    t.db.execute(
      sql`UPDATE validator_calls SET report_until = now() - interval '1 minute' WHERE gate_run_id = ${id}::uuid`,
    );
  const change = (columns: { status: string; lease: string | null }) =>
    t.db.execute(sql`UPDATE gate_runs SET status = ${columns.status}, lease_until = now() + ${columns.lease}::interval,
      retry_at = NULL WHERE id = ${id}::uuid`);
  const endOverdue = () => t.as(worker, () => reports().endOverdue());
  const judgements = async () => {
    const messages = sql`SELECT 1 FROM outbox WHERE event = 'gate_run.finished' AND payload ->> 'gateRunId' = ${id}`;
    const events = sql`SELECT 1 FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${id}`;
    return [(await t.db.query(messages)).length, (await t.db.query(events)).length];
  };
  const log = async () => {
    const lines = await t.db.query<{ text: string }>(
      sql`SELECT text FROM gate_logs WHERE gate_run_id = ${id}::uuid ORDER BY line`,
    );
    return lines.map(({ text }) => text);
  };

  it('are awaited without a lease, and by no worker', async () => {
    expect(await run()).toBeUndefined();
    expect(await current()).toMatchObject({ status: 'RUNNING', leaseUntil: null, attempt: 1 });
    expect(await run()).toBeUndefined();
    await t.db.execute(sql`UPDATE outbox SET handled_at = now()`);
    await t.as(worker, () => gates().requeueStranded());
    await gates().release();
    expect(await endOverdue()).toBe(0);
    expect(await current()).toMatchObject({ status: 'RUNNING', leaseUntil: null, attempt: 1 });
    expect(validator.asked.filter((event) => event.id === id)).toHaveLength(1);
    expect((await log()).at(-1)).toMatch(/^a report is awaited until 20\d\d-/);
  });

  it('end the run once, by whoever was asked, and on record', async () => {
    await run();
    expect(await report(passed)).toMatchObject({ id, ...passed, finishedAt: expect.any(Date) });
    expect(await current()).toMatchObject({ ...passed, inputs: { validator: 'fairness' } });
    expect(await judgements()).toEqual([1, 1]);
    expect((await log()).at(-1)).toBe(`PASSED: ${passed.summary}`);
    const [event] = await t.db.query(
      sql`SELECT actor_name AS actor FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${id}`,
    );
    expect(event).toEqual({ actor: 'imprimatur-gates' });
  });

  it('are answered as before when they are repeated, and are a conflict when they say something else', async () => {
    await run();
    const first = await report(passed);
    // Another order and more spaces: the same report.
    const { output, summary, status } = passed;
    expect(await report({ output, summary: ` ${summary} `, status })).toEqual(first);
    await expect(report({ ...passed, output: {} })).rejects.toMatchObject({
      kind: 'CONFLICT',
      reason: 'GATE_REPORTED',
    });
    await expect(report(failed)).rejects.toThrow(`reported already, and otherwise: it is PASSED: ${summary}`);
    expect(await judgements()).toEqual([1, 1]);
  });

  it('may repeat what was answered at once', async () => {
    validator.answer = () => ({ status: 200, body: failed });
    await run();
    expect(await report(failed)).toMatchObject(failed);
    await expect(report(passed)).rejects.toMatchObject({ reason: 'GATE_REPORTED' });
    expect(await judgements()).toEqual([1, 1]);
  });

  it('of which two come at once: one wins', async () => {
    await run();
    const answers = await Promise.allSettled([report(passed), report(failed), report(passed), report(failed)]);
    const won = answers.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { reason: 'GATE_REPORTED' } },
      { reason: { reason: 'GATE_REPORTED' } },
    ]);
    expect(won).toMatchObject([{ value: { status: (await current()).status } }, {}]);
    expect(await judgements()).toEqual([1, 1]);
  });

  it('come before the call itself is answered', async () => {
    validator.answer = async () => {
      await report(passed);
      return { status: 200, body: failed };
    };
    expect(await run()).toBeUndefined();
    expect(await current()).toMatchObject(passed);
    expect(await judgements()).toEqual([1, 1]);
  });

  it('count after the worker was lost, and during the next attempt', async () => {
    validator.answer = () => ({ status: 500 });
    await run();
    const first = token();
    // Put back after trouble: the answer was lost, and the validator knows nothing of that.
    expect(await current()).toMatchObject({ status: 'QUEUED' });
    expect(await report({ progress: { comment: 'loading' } }, first)).toMatchObject({ status: 'QUEUED' });
    await change({ status: 'QUEUED', lease: null });
    validator.answer = async () => {
      await report(passed, first);
      return { status: 202 };
    };
    expect(await run()).toBeUndefined();
    expect(token()).not.toBe(first);
    expect(await current()).toMatchObject({ ...passed, attempt: 2 });
    expect(await report(passed)).toMatchObject(passed);
    expect(await judgements()).toEqual([1, 1]);
  });

  it('count while the run waits for its next attempt, which then is not made', async () => {
    validator.answer = () => ({ status: 500 });
    await run();
    expect(await report(passed)).toMatchObject(passed);
    expect(await run()).toBeUndefined();
    expect(await judgements()).toEqual([1, 1]);
  });

  it.each([
    ['a wrong token', () => `impr_${'x'.repeat(43)}`],
    ['no token', () => ''],
  ])('are refused with %s', async (_what, wrong) => {
    await run();
    await expect(report(passed, wrong())).rejects.toMatchObject({ kind: 'UNAUTHENTICATED' });
    expect(await current()).toMatchObject({ status: 'RUNNING' });
  });

  it('are refused with the token of another run, as for a run that does not exist', async () => {
    await run();
    const refusalFor = (run: string) =>
      reports()
        .authenticate(run, token())
        .catch((error: Error) => error.message);
    const other = await t.request(await t.trained(await t.model()));
    const [otherRun] = await gates().ofRequests([other.id]);
    const told = await refusalFor(otherRun?.id as string);
    expect(told).toContain('the token is not that of a call for this gate run');
    for (const nothing of ['00000000-0000-7000-8000-00000000abcd', 'x', ''])
      expect(await refusalFor(nothing)).toBe(told);
  });

  it('are refused when the request was closed', async () => {
    await run();
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    const refused = { kind: 'FAILED_PRECONDITION', reason: 'GATE_RUN_ENDED', details: { status: 'CANCELLED' } };
    await expect(report(passed)).rejects.toMatchObject(refused);
    await expect(report({ progress: { comment: 'x' } })).rejects.toMatchObject(refused);
    expect(await judgements()).toEqual([0, 0]);
  });

  it('are refused when they come too late, before and after the run was ended for it, once', async () => {
    await run();
    await timeIsOver();
    await expect(report(passed)).rejects.toMatchObject({ reason: 'REPORT_TOO_LATE' });
    await Promise.all([endOverdue(), endOverdue(), endOverdue()]);
    expect(await endOverdue()).toBe(0);
    expect(await current()).toMatchObject({
      status: 'ERRORED',
      summary: 'no judgement was reached: validator "fairness" reported nothing in 300 s',
      inputs: { validator: 'fairness', question: digestOf(validator.last().data.question) },
    });
    await expect(report(passed)).rejects.toMatchObject({ reason: 'GATE_RUN_ENDED', details: { status: 'ERRORED' } });
    expect(await judgements()).toEqual([1, 1]);
  });

  it('and the end of their time exclude one another', async () => {
    await run();
    const answers = await Promise.allSettled([report(passed), timeIsOver().then(endOverdue)]);
    const { status } = await current();
    expect(status).toBe(answers[0].status === 'fulfilled' ? 'PASSED' : 'ERRORED');
    expect(await judgements()).toEqual([1, 1]);
  });

  it('leave alone what a worker holds, whatever its call says', async () => {
    await run();
    await timeIsOver();
    await change({ status: 'RUNNING', lease: '1 minute' });
    expect(await endOverdue()).toBe(0);
    await change({ status: 'RUNNING', lease: null });
    expect(await endOverdue()).toBe(1);
  });

  it('need a call that they answer', async () => {
    await expect(t.as(worker, () => reports().report(id, passed))).rejects.toMatchObject({
      reason: 'NOTHING_TO_REPORT',
    });
  });

  it('of progress become lines of the log, in whatever order they come, and are bounded in number', async () => {
    await run();
    await Promise.all(
      [1, 2, 3, 4, 5].map((part) => report({ progress: { percent: part * 20, comment: `part ${part}` } })),
    );
    expect(await log()).toEqual(expect.arrayContaining(['20 %: part 1', '100 %: part 5']));
    await report({ progress: { comment: 'almost' } });
    expect((await log()).at(-1)).toBe('almost');
    expect(await current()).toMatchObject({ status: 'RUNNING' });
    await t.db.execute(sql`INSERT INTO gate_logs (gate_run_id, line, text)
      SELECT ${id}::uuid, line, 'x' FROM generate_series(100, 600) AS line`);
    await expect(report({ progress: { comment: 'once more' } })).rejects.toMatchObject({ reason: 'TOO_MUCH_PROGRESS' });
    expect(await report(passed)).toMatchObject(passed);
  });

  it('change nothing when they are wrong', async () => {
    await run();
    await expect(report({ ...passed, verdict: 'x' })).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    expect(await current()).toMatchObject({ status: 'RUNNING' });
  });
});
