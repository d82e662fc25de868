import { GateReports, type GateRun, GateRuns } from '@app/gates';
import type { PromotionRequest } from '@app/promotion';
import sql from 'sql-template-tag';
import { eventually, startWorker, type TestProcess } from '../../../test/support/processes.js';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { passed, TestValidator } from '../../../test/support/validator.js';

const patience = 120_000;

describe('external gates in the worker', () => {
  let t: PromotionTest;
  let validator: TestValidator;
  let worker: TestProcess | undefined;
  let request: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest({ OUTBOUND_ALLOW: '127.0.0.1' });
    validator = await TestValidator.start();
    await validator.register(t, await t.make.admin(), 'fairness');
    const external = { type: 'EXTERNAL', config: { validator: 'fairness' } };
    await t.policy(t.catalog, {
      gates: [
        { key: 'fairness', ...external },
        { key: 'signature', type: 'SIGNATURE' },
      ],
    });
    const hasty = { protects: { aliases: ['hasty'] }, gates: [{ key: 'fairness', ...external, timeoutSeconds: 1 }] };
    await t.policy(t.catalog, hasty, 'hasty');
  });
  afterAll(async () => {
    await t.close();
    await validator.close();
  });
  beforeEach(async () => {
    validator.asked.length = 0;
    request = await t.request(await t.trained(await t.model()));
  });
  afterEach(async () => {
    await worker?.stop('SIGKILL');
  });

  // One place: a gate that held it while it waits would keep the other one from running.
  const start = async () => {
    worker = await startWorker({ ...t.env, RECONCILE_SECONDS: '0.5', GATE_CONCURRENCY: '1', LOG_LEVEL: 'error' });
  };
  const gate = async (): Promise<GateRun> => {
    const runs = await t.module.get(GateRuns).ofRequests([request.id]);
    return runs.find(({ type }) => type === 'EXTERNAL') as GateRun;
  };
  const asked = (times: number) =>
    eventually(
      async () => validator.asked.length,
      (calls) => calls >= times,
      patience,
    );
  const isAwaited = () => eventually(gate, ({ status, leaseUntil }) => status === 'RUNNING' && !leaseUntil, patience);
  const reaches = (state: string) =>
    eventually(
      () => t.again(request),
      (now) => now.state === state,
      patience,
    );
  const report = async (body: unknown = passed) => {
    const { token } = validator.last().data.report;
    const reports = t.module.get(GateReports);
    return reports.reportAsValidator(await reports.authenticate((await gate()).id, token), body);
  };
  const judgements = async () => {
    const { id } = await gate();
    return t.db.query(sql`SELECT 1 FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${id}`);
  };

  it('wait for a report without a worker, and go on with it', async () => {
    validator.answer = () => ({ status: 202 });
    await start();
    await isAwaited();
    await worker?.stop('SIGKILL');
    expect(await report()).toMatchObject({ status: 'PASSED' });
    await start();
    await reaches('AWAITING_APPROVAL');
    expect(await gate()).toMatchObject({ ...passed, attempt: 1 });
    expect(validator.asked).toHaveLength(1);
    expect(await judgements()).toHaveLength(1);
  }, 600_000);

  it('keep the report that came while the worker was killed in the middle of the call', async () => {
    validator.answer = () => new Promise(() => undefined);
    await start();
    await asked(1);
    await worker?.stop('SIGKILL');
    expect(await report()).toMatchObject({ status: 'PASSED' });
    await start();
    await reaches('AWAITING_APPROVAL');
    expect(validator.asked).toHaveLength(1);
    expect(await judgements()).toHaveLength(1);
  }, 600_000);

  it('ask again when the worker was killed in the middle of the call, with the same message', async () => {
    validator.answer = () => new Promise(() => undefined);
    await start();
    await asked(1);
    await worker?.stop('SIGKILL');
    validator.answer = () => ({ status: 200, body: passed });
    await start();
    await reaches('AWAITING_APPROVAL');
    const [first, second] = validator.asked;
    expect(second).toMatchObject({ messageId: first?.messageId, data: { attempt: 2 } });
    expect(await judgements()).toHaveLength(1);
  }, 600_000);

  it('are ERRORED when no report comes in time, and block the request', async () => {
    validator.answer = () => ({ status: 202 });
    request = await t.request(await t.trained(await t.model()), { kind: 'ALIAS', name: 'hasty' });
    await start();
    const blocked = await reaches('BLOCKED');
    expect(blocked.stateReason).toContain('validator "fairness" reported nothing in 1 s');
    expect(await judgements()).toHaveLength(1);
    await expect(report()).rejects.toMatchObject({ reason: 'GATE_RUN_ENDED' });
  }, 600_000);
});
