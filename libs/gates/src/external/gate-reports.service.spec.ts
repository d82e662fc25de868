import { PromotionRequests } from '@app/promotion';
import sql from 'sql-template-tag';
import { ExternalGateTest } from '../../../../test/support/external-gate.js';
import { worker } from '../../../../test/support/promotion.js';
import { passed } from '../../../../test/support/validator.js';
import { digestOf } from './gate-report.js';

const failed = { status: 'FAILED', summary: 'parity is 0.4, below 0.9' };
const once = { messages: 1, events: 1 };

describe('reports of validators', () => {
  let g: ExternalGateTest;
  beforeAll(async () => {
    g = await ExternalGateTest.create();
  });
  afterAll(() => g.close());
  beforeEach(() => g.open());

  it('end the run once, by whoever was asked, and on record', async () => {
    await g.run();
    expect(await g.report(passed)).toMatchObject({ id: g.id, ...passed, finishedAt: expect.any(Date) });
    expect(await g.current()).toMatchObject({ ...passed, inputs: { validator: 'fairness' } });
    expect(await g.judgements()).toEqual(once);
    expect((await g.log()).at(-1)).toBe(`PASSED: ${passed.summary}`);
    const [event] = await g.t.db.query(
      sql`SELECT actor_name AS actor FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${g.id}`,
    );
    expect(event).toEqual({ actor: 'imprimatur-gates' });
  });

  it('are answered as before when they are repeated, and are a conflict when they say something else', async () => {
    await g.run();
    const first = await g.report(passed);
    // Another order and more spaces: the same report.
    const { output, summary, status } = passed;
    expect(await g.report({ output, summary: ` ${summary} `, status })).toEqual(first);
    await expect(g.report({ ...passed, output: {} })).rejects.toMatchObject({
      kind: 'CONFLICT',
      reason: 'GATE_REPORTED',
    });
    await expect(g.report(failed)).rejects.toThrow(`reported already, and otherwise: it is PASSED: ${summary}`);
    expect(await g.judgements()).toEqual(once);
  });

  it('may repeat what was answered at once', async () => {
    g.validator.answer = () => ({ status: 200, body: failed });
    await g.run();
    expect(await g.report(failed)).toMatchObject(failed);
    await expect(g.report(passed)).rejects.toMatchObject({ reason: 'GATE_REPORTED' });
    expect(await g.judgements()).toEqual(once);
  });

  it('of which two come at once: one wins', async () => {
    await g.run();
    const answers = await Promise.allSettled([g.report(passed), g.report(failed), g.report(passed), g.report(failed)]);
    const won = answers.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { reason: 'GATE_REPORTED' } },
      { reason: { reason: 'GATE_REPORTED' } },
    ]);
    expect(won).toMatchObject([{ value: { status: (await g.current()).status } }, {}]);
    expect(await g.judgements()).toEqual(once);
  });

  it.each([
    ['a wrong token', () => `impr_${'x'.repeat(43)}`],
    ['no token', () => ''],
  ])('are refused with %s', async (_what, wrong) => {
    await g.run();
    await expect(g.report(passed, wrong())).rejects.toMatchObject({ kind: 'UNAUTHENTICATED' });
    expect(await g.current()).toMatchObject({ status: 'RUNNING' });
  });

  it('are refused with the token of another run, as for a run that does not exist', async () => {
    await g.run();
    const refusalFor = (run: string) => g.reports.authenticate(run, g.token).catch((error: Error) => error.message);
    const other = await g.t.request(await g.t.trained(await g.t.model()));
    const [otherRun] = await g.gates.ofRequests([other.id]);
    const told = await refusalFor(otherRun?.id as string);
    expect(told).toContain('the token is not that of a call for this gate run');
    for (const nothing of ['00000000-0000-7000-8000-00000000abcd', 'x', ''])
      expect(await refusalFor(nothing)).toBe(told);
  });

  it('are refused when the request was closed', async () => {
    await g.run();
    await g.t.as(g.t.scientist, () => g.t.module.get(PromotionRequests).cancel({ number: g.request.number }));
    const refused = { kind: 'FAILED_PRECONDITION', reason: 'GATE_RUN_ENDED', details: { status: 'CANCELLED' } };
    await expect(g.report(passed)).rejects.toMatchObject(refused);
    await expect(g.report({ progress: { comment: 'x' } })).rejects.toMatchObject(refused);
    expect(await g.judgements()).toEqual({ messages: 0, events: 0 });
  });

  it('are refused when they come too late, before and after the run was ended for it, once', async () => {
    await g.run();
    await g.timeIsOver();
    await expect(g.report(passed)).rejects.toMatchObject({ reason: 'REPORT_TOO_LATE' });
    await Promise.all([g.endOverdue(), g.endOverdue(), g.endOverdue()]);
    expect(await g.endOverdue()).toBe(0);
    expect(await g.current()).toMatchObject({
      status: 'ERRORED',
      summary: 'no judgement was reached: validator "fairness" reported nothing in 300 s',
      inputs: { validator: 'fairness', question: digestOf(g.validator.last().data.question) },
    });
    await expect(g.report(passed)).rejects.toMatchObject({ reason: 'GATE_RUN_ENDED', details: { status: 'ERRORED' } });
    expect(await g.judgements()).toEqual(once);
  });

  it('and the end of their time exclude one another', async () => {
    await g.run();
    const answers = await Promise.allSettled([g.report(passed), g.timeIsOver().then(() => g.endOverdue())]);
    const { status } = await g.current();
    expect(status).toBe(answers[0].status === 'fulfilled' ? 'PASSED' : 'ERRORED');
    expect(await g.judgements()).toEqual(once);
  });

  it('need a call that they answer', async () => {
    await expect(g.t.as(worker, () => g.reports.report(g.id, passed))).rejects.toMatchObject({
      reason: 'NOTHING_TO_REPORT',
    });
  });

  it('of progress become lines of the log, in whatever order they come, and are bounded in number', async () => {
    await g.run();
    await Promise.all(
      [1, 2, 3, 4, 5].map((part) => g.report({ progress: { percent: part * 20, comment: `part ${part}` } })),
    );
    expect(await g.log()).toEqual(expect.arrayContaining(['20 %: part 1', '100 %: part 5']));
    expect(await g.report({ progress: { percent: 99.5, comment: 'nearly' } })).toMatchObject({ progress: 99 });
    await g.report({ progress: { comment: 'almost' } });
    expect((await g.log()).at(-1)).toBe('almost');
    expect(await g.current()).toMatchObject({ status: 'RUNNING', progress: 99 });
    await g.t.db.execute(sql`INSERT INTO gate_logs (gate_run_id, line, text)
      SELECT ${g.id}::uuid, line, 'x' FROM generate_series(100, 600) AS line`);
    await expect(g.report({ progress: { comment: 'once more' } })).rejects.toMatchObject({
      reason: 'TOO_MUCH_PROGRESS',
    });
    expect(await g.report(passed)).toMatchObject(passed);
  });

  it('change nothing when they are wrong', async () => {
    await g.run();
    await expect(g.report({ ...passed, verdict: 'x' })).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    expect(await g.current()).toMatchObject({ status: 'RUNNING' });
  });
});
