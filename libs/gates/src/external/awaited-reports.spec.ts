import sql from 'sql-template-tag';
import { ExternalGateTest } from '../../../../test/support/external-gate.js';
import { worker } from '../../../../test/support/promotion.js';
import { passed } from '../../../../test/support/validator.js';

const failed = { status: 'FAILED', summary: 'parity is 0.4, below 0.9' };
const once = { messages: 1, events: 1 };

describe('reports that are awaited', () => {
  let g: ExternalGateTest;
  beforeAll(async () => {
    g = await ExternalGateTest.create();
  });
  afterAll(() => g.close());
  beforeEach(() => g.open());

  it('are awaited without a lease, and by no worker', async () => {
    expect(await g.run()).toBeUndefined();
    expect(await g.current()).toMatchObject({ status: 'RUNNING', leaseUntil: null, attempt: 1 });
    expect(await g.run()).toBeUndefined();
    await g.t.db.execute(sql`UPDATE outbox SET handled_at = now()`);
    await g.t.as(worker, () => g.gates.requeueStranded());
    await g.gates.release();
    expect(await g.endOverdue()).toBe(0);
    expect(await g.current()).toMatchObject({ status: 'RUNNING', leaseUntil: null, attempt: 1 });
    expect(g.calls).toBe(1);
    expect((await g.log()).at(-1)).toMatch(/^a report is awaited until 20\d\d-/);
  });

  it('come before the call itself is answered', async () => {
    g.validator.answer = async () => {
      await g.report(passed);
      return { status: 200, body: failed };
    };
    expect(await g.run()).toBeUndefined();
    expect(await g.current()).toMatchObject(passed);
    expect(await g.judgements()).toEqual(once);
  });

  it('count after the worker was lost, and during the next attempt', async () => {
    g.validator.answer = () => ({ status: 500 });
    await g.run();
    const first = g.token;
    // Put back after trouble: the answer was lost, and the validator knows nothing of that.
    expect(await g.current()).toMatchObject({ status: 'QUEUED' });
    expect(await g.report({ progress: { comment: 'loading' } }, first)).toMatchObject({ status: 'QUEUED' });
    await g.change({ status: 'QUEUED' });
    g.validator.answer = async () => {
      await g.report(passed, first);
      return { status: 202 };
    };
    expect(await g.run()).toBeUndefined();
    expect(g.token).not.toBe(first);
    expect(await g.current()).toMatchObject({ ...passed, attempt: 2 });
    expect(await g.report(passed)).toMatchObject(passed);
    expect(await g.judgements()).toEqual(once);
  });

  it('are awaited also when the worker was lost in the last attempt, until the time of its call is over', async () => {
    await g.run();
    const lost = () => g.change({ status: 'RUNNING', lease: '-1 minute', attempt: 2 });
    await lost();
    expect(await g.run()).toBeUndefined();
    expect(await g.current()).toMatchObject({ status: 'RUNNING', leaseUntil: null });
    expect(g.calls).toBe(1);
    await g.timeIsOver();
    await lost();
    expect(await g.run()).toMatchObject({ status: 'ERRORED' });
    expect((await g.current()).summary).toContain('the worker ended in the middle of each of 2 attempts');
  });

  it('count while the run waits for its next attempt, which then is not made', async () => {
    g.validator.answer = () => ({ status: 500 });
    await g.run();
    expect(await g.report(passed)).toMatchObject(passed);
    expect(await g.run()).toBeUndefined();
    expect(await g.judgements()).toEqual(once);
  });

  it('leave alone what a worker holds, whatever its call says', async () => {
    await g.run();
    await g.timeIsOver();
    await g.change({ status: 'RUNNING', lease: '1 minute' });
    expect(await g.endOverdue()).toBe(0);
    await g.change({ status: 'RUNNING' });
    expect(await g.endOverdue()).toBe(1);
  });
});
