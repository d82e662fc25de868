import { PermissionDenied, type Securable } from '@app/access';
import { GateRuns } from '@app/gates';
import { NotFound } from '@app/platform';
import { Registrations, VersionNotReady, type VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { champion, createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { PromotionProgress } from './promotion-progress.service.js';
import type { PromotionRequest } from './promotion-request.js';
import { type NewRequest, PromotionRequests } from './promotion-requests.service.js';

const gates = [
  { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } },
  { key: 'speed', type: 'METRIC_THRESHOLD', config: { metric: 'ms', max: 50 }, required: false },
];

describe('PromotionRequests', () => {
  let t: PromotionTest;
  let requests: PromotionRequests;
  let model: Securable;
  let version: VersionView;

  beforeAll(async () => {
    t = await createPromotionTest();
    requests = t.module.get(PromotionRequests);
    await t.policy(t.catalog, { gates });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model, { auc: 0.95 });
  });

  const create = (change: Partial<NewRequest> = {}, who: TestPrincipal = t.scientist) =>
    t.as(who, () =>
      requests.create({
        model: model.fullName,
        version: version.number,
        target: champion,
        justification: 'it is better',
        ...change,
      }),
    );
  const count = async () => (await t.db.first<{ n: number }>(sql`SELECT count(*) AS n FROM promotion_requests`))?.n;
  const setMetric = (value: number) =>
    t.db.execute(
      sql`UPDATE latest_metrics SET value = ${value}::float8 WHERE run_id = ${version.runId} AND key = 'auc'`,
    );
  const expectsNothingNew = async (refused: () => Promise<unknown>, error: unknown) => {
    const before = await count();
    await expect(refused()).rejects.toMatchObject(error as object);
    expect(await count()).toBe(before);
  };

  it('pins policies and incumbent, queues a gate run for each gate and one message for each', async () => {
    const request = await create({ expectedIncumbent: null });
    expect(request).toMatchObject({
      state: 'VALIDATING',
      round: 1,
      incumbentVersionNumber: null,
      artifactDigest: version.artifactDigest,
      effectivePolicy: { policies: [{ name: 'prod', revision: 1, on: 'catalog prod' }] },
      evidence: null,
      evidenceDigest: null,
    });
    const runs = await t.module.get(GateRuns).ofRequests([request.id]);
    expect(runs.map(({ key, status, required }) => [key, status, required])).toEqual([
      ['prod/auc', 'QUEUED', true],
      ['prod/speed', 'QUEUED', false],
    ]);
    const messages = await t.db.query<{ payload: { gateRunId: string; urgent: boolean } }>(
      sql`SELECT payload FROM outbox WHERE event = 'gate_run.queued' ORDER BY id DESC LIMIT 2`,
    );
    expect(messages.map(({ payload }) => payload.gateRunId).sort()).toEqual(runs.map(({ id }) => id).sort());
    expect(messages.map(({ payload }) => payload.urgent)).toEqual([false, false]);
  });

  it('blocks a request whose metric is too low, and takes it up when the gates run again', async () => {
    await setMetric(0.62);
    const request = await t.runGates(await create());
    expect(request).toMatchObject({
      state: 'BLOCKED',
      stateReason: 'gate "prod/auc" FAILED: auc is 0.62, below the bound: at least 0.9',
    });
    await expect(t.decide(t.leads[0], request)).rejects.toMatchObject({ reason: 'GATES_NOT_PASSED' });
    await setMetric(0.95);
    const again = await t.as(t.scientist, () => requests.rerunGates({ number: request.number }));
    expect(again).toMatchObject({ state: 'VALIDATING', round: 2, evidenceDigest: null });
    await expect(t.as(t.scientist, () => requests.rerunGates({ number: request.number }))).rejects.toMatchObject({
      reason: 'WRONG_STATE',
    });
    expect(await t.runGates(again)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    const kept = await t.db.query(sql`SELECT round, key, status FROM gate_runs WHERE request_id = ${request.id}::uuid
      AND required ORDER BY round`);
    expect(kept).toEqual([
      { round: 1, key: 'prod/auc', status: 'FAILED' },
      { round: 2, key: 'prod/auc', status: 'PASSED' },
    ]);
  });

  it('refuses what cannot be promoted, and writes nothing', async () => {
    await expectsNothingNew(() => create({ target: { kind: 'ALIAS', name: 'blue' } }), {
      kind: 'FAILED_PRECONDITION',
      reason: 'TARGET_NOT_PROTECTED',
      message: `target: no policy protects alias "blue" of ${model.fullName}: it needs no request, set it directly`,
    });
    await expectsNothingNew(() => create({ target: { kind: 'ALIAS', name: 'v1' } }), { path: ['target.name'] });
    await expectsNothingNew(() => create({ target: { kind: 'STAGE', name: 'Prod' } }), { path: ['target.name'] });
    await expectsNothingNew(() => create({ justification: ' ' }), { path: ['justification'] });
    await expectsNothingNew(() => create({ version: 0 }), { kind: 'INVALID_ARGUMENT' });
    await expectsNothingNew(() => create({ version: 99 }), { kind: 'NOT_FOUND' });
    await expectsNothingNew(() => create({ expectedIncumbent: 7 }), {
      kind: 'CONFLICT',
      reason: 'INCUMBENT_CHANGED',
      details: { incumbent: null },
    });
  });

  it('refuses a version that is not READY, or whose files are not in the store', async () => {
    await t.db.execute(sql`UPDATE model_versions SET status = 'PENDING_REGISTRATION' WHERE id = ${version.id}::uuid`);
    await expect(create()).rejects.toThrow(VersionNotReady);
    const outside = await t.as(t.scientist, () =>
      t.module.get(Registrations).register({ model: model.fullName, source: 's3://elsewhere/model' }),
    );
    await expectsNothingNew(() => create({ version: outside.number }), { reason: 'NO_ARTIFACT_DIGEST' });
  });

  it('opens one request for a version and a target at a time, also when two are asked for at once', async () => {
    const answers = await Promise.allSettled([create(), create(), create()]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(create()).rejects.toMatchObject({ reason: 'REQUEST_ALREADY_OPEN' });
    const [opened] = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    await t.as(t.scientist, () => requests.cancel({ number: (opened as PromotionRequest).number }));
    expect(await create()).toMatchObject({ state: 'VALIDATING' });
  });

  it('refuses the version that holds the target already', async () => {
    const request = await t.runGates(await create());
    await t.decide(t.leads[0], request);
    await t.decide(t.leads[1], request);
    await expectsNothingNew(create, { reason: 'ALREADY_HOLDS_TARGET' });
  });

  it('asks for REQUEST_PROMOTION, and hides the model from strangers and other tenants', async () => {
    const [stranger, reader] = [await t.make.user(), await t.make.user()];
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    await expectsNothingNew(() => create({}, stranger), { kind: 'NOT_FOUND' });
    await expect(create({}, reader)).rejects.toThrow(PermissionDenied);
    const request = await create();
    const doings = [
      () => requests.cancel({ number: request.number }),
      () => requests.rerunGates({ number: request.number }),
      () => requests.resubmit({ number: request.number, comment: 'x' }),
    ];
    for (const doing of doings) {
      await expect(t.as(stranger, doing)).rejects.toThrow(NotFound);
      await expect(t.as(reader, doing)).rejects.toThrow(PermissionDenied);
    }
    expect(await t.again(request)).toMatchObject({ state: 'VALIDATING' });
  });

  it('says when it is opened that a rule can be filled by nobody', async () => {
    const lonely = await t.model();
    const approvals = [{ name: 'the board', count: 1, principalIds: [t.scientist.id] }];
    await t.policy(lonely, { approvals }, 'board');
    version = await t.trained(lonely, { auc: 0.95 });
    const request = await create({ model: lonely.fullName });
    expect(request.stateReason).toBe(
      'the gates have not all finished; rule "the board" needs 1 to approve, and only 0 could',
    );
  });

  it('is cancelled by its requester or a manager, which ends its gates; and once only', async () => {
    const request = await create();
    const cancelled = await t.as(t.owner, () => requests.cancel({ number: request.number, reason: 'not now' }));
    expect(cancelled).toMatchObject({ state: 'CANCELLED', stateReason: 'not now', closedAt: expect.any(Date) });
    const runs = await t.module.get(GateRuns).ofRequests([request.id]);
    expect(runs.map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(await t.runGates(request)).toMatchObject({ state: 'CANCELLED' });
    await expect(t.as(t.scientist, () => requests.cancel({ number: request.number }))).rejects.toMatchObject({
      reason: 'REQUEST_CLOSED',
    });
  });

  it('awaits approval again after the changes that were asked for are answered', async () => {
    const request = await t.runGates(await create());
    await t.decide(t.leads[0], request);
    expect(await t.decide(t.leads[1], request, 'REQUEST_CHANGES', 'describe it')).toMatchObject({
      state: 'CHANGES_REQUESTED',
      stateReason: 'describe it',
    });
    await t.decide(t.leads[2], request);
    expect(await t.again(request)).toMatchObject({ state: 'CHANGES_REQUESTED' });
    const resubmitted = await t.as(t.scientist, () =>
      requests.resubmit({ number: request.number, comment: 'described' }),
    );
    // The two approvals still stand: the worker reads the bytes, and applies it.
    expect(resubmitted).toMatchObject({ state: 'APPROVED' });
    await t.as(worker, () => t.module.get(PromotionProgress).apply(request.id));
    expect(await t.again(request)).toMatchObject({ state: 'APPLIED' });
  });
});
