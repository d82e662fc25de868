import type { Securable } from '@app/access';
import { Validators } from '@app/policy';
import type { PromotionRequest } from '@app/promotion';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest, worker } from '../../../../test/support/promotion.js';
import { passed, TestValidator } from '../../../../test/support/validator.js';
import type { GateRun } from '../gate-run.js';
import { GateRuns } from '../gate-runs.service.js';
import { digestOf } from './gate-report.js';

const parameters = { groups: ['age', 'sex'], atLeast: 0.9 };
const gate = {
  key: 'fairness',
  type: 'EXTERNAL',
  config: { validator: 'fairness', parameters, metrics: ['auc', 'none'] },
  attempts: 2,
};

describe('an EXTERNAL gate', () => {
  let t: PromotionTest;
  let admin: TestPrincipal;
  let validator: TestValidator;
  let model: Securable;
  let request: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest({ OUTBOUND_ALLOW: '127.0.0.1' });
    admin = await t.make.admin();
    validator = await TestValidator.start();
    await validator.register(t, admin, 'fairness');
    await t.policy(t.catalog, { gates: [gate] });
  });
  afterAll(async () => {
    await t.close();
    await validator.close();
  });
  beforeEach(async () => {
    validator.asked.length = 0;
    validator.answer = () => ({ status: 200, body: passed });
    model = await t.model();
    request = await t.request(await t.trained(model, { auc: 0.95 }));
  });

  const validators = () => t.module.get(Validators);
  const current = async (): Promise<GateRun> => (await t.module.get(GateRuns).ofRequests([request.id]))[0] as GateRun;
  const run = async () => {
    const { id } = await current();
    await t.db.execute(sql`UPDATE gate_runs SET retry_at = now() - interval '1 minute' WHERE id = ${id}::uuid`);
    return t.as(worker, () => t.module.get(GateRuns).run(id));
  };
  const log = async () => {
    const { id } = await current();
    const lines = await t.db.query<{ text: string }>(
      sql`SELECT text FROM gate_logs WHERE gate_run_id = ${id}::uuid ORDER BY line`,
    );
    return lines.map(({ text }) => text);
  };

  it('is judged by the answer, which becomes part of the evidence with the digests of question and answer', async () => {
    const now = await t.runGates(request);
    const { question } = validator.last().data;
    const inputs = { validator: 'fairness', question: digestOf(question), answer: digestOf(passed) };
    expect(await current()).toMatchObject({ ...passed, inputs, attempt: 1 });
    expect(now).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(now.evidence?.gates).toMatchObject([{ key: 'prod/fairness', ...passed, inputs }]);
    expect((await log())[1]).toMatch(/^validator "fairness" answered 200 after \d+ ms$/);
  });

  it('tells the validator what it needs, and where to report', async () => {
    await run();
    const { id, requestId } = await current();
    const { number } = request;
    const event = validator.last();
    expect(event).toMatchObject({
      id,
      messageId: `gate-run-${id}`,
      type: 'imprimatur.gate.requested',
      subject: `promotion-requests/${number}`,
      data: { attempt: 1, gateRunId: Buffer.from(`GateRun:${id}`).toString('base64url') },
    });
    expect(event.data.question).toEqual({
      request: { number, target: { kind: 'ALIAS', name: 'champion' } },
      model: model.fullName,
      candidate: {
        version: 1,
        artifactDigest: request.artifactDigest,
        runId: expect.any(String),
        metrics: [{ key: 'auc', value: 0.95, step: 0, dataset: { name: 'holdout', digest: null } }],
      },
      incumbent: null,
      gate: 'prod/fairness',
      parameters,
    });
    expect(event.data.report.url).toBe(`${event.source}/api/gates/v1/runs/${id}/report`);
    expect(event.data.report.token).toMatch(/^impr_[\w-]{43}$/);
    const kept = await t.db.query(sql`SELECT * FROM validator_calls c JOIN gate_runs g ON g.id = c.gate_run_id
      WHERE g.request_id = ${requestId}::uuid`);
    expect(JSON.stringify(kept)).not.toContain(event.data.report.token);
  });

  it('tells of the incumbent too', async () => {
    await t.runGates(request);
    for (const lead of t.leads.slice(0, 2)) await t.decide(lead, request);
    expect(await t.holderOf(model)).toBe(1);
    request = await t.request(await t.trained(model, { auc: 0.97 }));
    await run();
    expect(validator.last().data.question).toMatchObject({
      candidate: { version: 2, metrics: [{ value: 0.97 }] },
      incumbent: { version: 1, metrics: [{ value: 0.95 }] },
    });
  });

  it.each([
    ['FAILED', { status: 'FAILED', summary: 'parity is 0.4' }],
    ['ERRORED', { status: 'ERRORED', summary: 'the model does not load' }],
  ])('is %s when the validator says so, and is not tried again', async (status, body) => {
    validator.answer = () => ({ status: 200, body });
    expect(await run()).toMatchObject({ status });
    expect(await run()).toBeUndefined();
    expect(await current()).toMatchObject({ ...body, output: {} });
    expect(validator.asked).toHaveLength(1);
  });

  it('is asked again after trouble of the validator, with the same message and question, and another token', async () => {
    validator.answer = () => ({ status: 503, body: 'busy' });
    expect(await run()).toBeUndefined();
    expect(await current()).toMatchObject({ status: 'QUEUED', attempt: 1 });
    expect((await log()).at(-1)).toBe('the validator answered 503: busy');
    validator.answer = () => ({ status: 200, body: passed });
    expect(await run()).toMatchObject({ status: 'PASSED' });
    const [first, second] = validator.asked;
    expect(second).toMatchObject({ id: first?.id, messageId: first?.messageId, data: { attempt: 2 } });
    expect(second?.data.question).toEqual(first?.data.question);
    expect(second?.data.report.token).not.toBe(first?.data.report.token);
  });

  it('is ERRORED when its attempts are used up', async () => {
    validator.answer = () => ({ status: 500 });
    await run();
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    expect((await current()).summary).toBe('no judgement was reached in 2 attempts: the validator answered 500');
  });

  it('is tried again when the validator cannot be reached', async () => {
    const gone = await TestValidator.start();
    const { url } = gone;
    await gone.close();
    await t.as(admin, () => validators().update({ name: 'fairness', url }));
    expect(await run()).toBeUndefined();
    expect(await current()).toMatchObject({ status: 'QUEUED' });
    await t.as(admin, () => validators().update({ name: 'fairness', url: validator.url }));
    expect(await run()).toMatchObject({ status: 'PASSED' });
  });

  it.each([
    ['a refusal', { status: 422, body: 'no such group' }, 'the validator answered 422: no such group'],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      'the validator answered 307, and redirects are not followed',
    ],
    [
      'what is no judgement',
      { status: 200, body: '<html>' },
      'the answer of the validator is no judgement: it is not JSON: <html>',
    ],
    [
      'too much',
      { status: 200, body: { ...passed, output: { a: 'x'.repeat(400_000) } } },
      'the answer of the validator is no judgement: it is too long',
    ],
  ])('is ERRORED at once by %s', async (_what, answer, why) => {
    validator.answer = () => answer;
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    expect((await current()).summary).toContain(`no judgement was reached: ${why}`);
    expect(validator.asked).toHaveLength(1);
  });

  it('is ERRORED at once when the address may not be called', async () => {
    await t.as(admin, () => validators().update({ name: 'fairness', url: 'https://10.0.0.1/judge' }));
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    await t.as(admin, () => validators().update({ name: 'fairness', url: validator.url }));
    expect((await current()).summary).toMatch(/^no judgement was reached: https:\/\/10\.0\.0\.1 may not be called: /);
    expect(validator.asked).toEqual([]);
  });

  it('is ERRORED while its validator is disabled', async () => {
    await t.as(admin, () => validators().disable('fairness'));
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    await t.as(admin, () => validators().enable('fairness'));
    expect((await current()).summary).toBe(
      'no judgement was reached: validator "fairness" is disabled, or was deleted',
    );
    expect(validator.asked).toEqual([]);
  });

  it('signs with both secrets for a while after a rotation, and then with the new one only', async () => {
    const old = validator.secret;
    const rotate = (graceHours: number) =>
      t.as(admin, () => validators().rotateSecret({ name: 'fairness', graceHours }));
    const { secret } = await rotate(24);
    await run();
    expect(validator.asked).toHaveLength(1);
    validator.secret = secret;
    request = await t.request(await t.trained(model));
    await run();
    expect(validator.asked).toHaveLength(2);
    validator.secret = (await rotate(0)).secret;
    request = await t.request(await t.trained(model));
    await run();
    expect(validator.asked).toHaveLength(3);
    validator.secret = old;
    request = await t.request(await t.trained(model));
    expect(await run()).toMatchObject({ status: 'ERRORED' });
    validator.secret = (await rotate(0)).secret;
  });
});
