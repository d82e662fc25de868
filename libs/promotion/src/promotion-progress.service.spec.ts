import { type Securable } from '@app/access';
import { GateRuns } from '@app/gates';
import { runInContext } from '@app/platform';
import { Policies } from '@app/policy';
import { type VersionView } from '@app/registry';
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

describe('PromotionProgress', () => {
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
  const setMetric = (value: number) =>
    t.db.execute(
      sql`UPDATE latest_metrics SET value = ${value}::float8 WHERE run_id = ${version.runId} AND key = 'auc'`,
    );

  it('waits for every gate, and lets only the required ones stand in the way', async () => {
    const request = await create();
    const [first, second] = await t.module.get(GateRuns).ofRequests([request.id]);
    await t.as(worker, () => t.module.get(GateRuns).run(first?.id as string));
    await t.as(worker, () => t.module.get(PromotionProgress).evaluate(request.id));
    expect(await t.again(request)).toMatchObject({ state: 'VALIDATING', evidenceDigest: null });
    await t.as(worker, () => t.module.get(GateRuns).run(second?.id as string));
    await t.as(worker, () => t.module.get(PromotionProgress).evaluate(request.id));
    expect(await t.again(request)).toMatchObject({
      state: 'AWAITING_APPROVAL',
      stateReason: 'the required gate has passed',
      evidence: {
        artifactDigest: version.artifactDigest,
        incumbent: null,
        gates: [
          { key: 'prod/auc', status: 'PASSED', output: { value: 0.95, min: 0.9 } },
          { key: 'prod/speed', status: 'ERRORED' },
        ],
      },
    });
  });

  it('gives the same evidence the same digest', async () => {
    await setMetric(0.5);
    const first = await t.runGates(await create());
    const again = await t.as(t.scientist, () => requests.rerunGates({ number: first.number }));
    expect((await t.runGates(again)).evidenceDigest).toBe(first.evidenceDigest);
    await setMetric(0.51);
    const third = await t.as(t.scientist, () => requests.rerunGates({ number: first.number }));
    expect((await t.runGates(third)).evidenceDigest).not.toBe(first.evidenceDigest);
  });

  it('expires when nobody decides in time, and is cancelled when its version is deleted', async () => {
    const hasty = await t.model();
    await t.policy(hasty, { expiresAfterSeconds: 1000 }, 'hasty');
    version = await t.trained(hasty, { auc: 0.95 });
    const expiring = await create({ model: hasty.fullName });
    expect(expiring.expiresAt?.getTime()).toBe(expiring.createdAt.getTime() + 1_000_000);
    version = await t.trained(model, { auc: 0.95 });
    const orphan = await create();
    await t.db.execute(
      sql`UPDATE promotion_requests SET expires_at = now() - interval '1 minute' WHERE id = ${expiring.id}::uuid`,
    );
    await t.db.execute(sql`DELETE FROM model_versions WHERE id = ${version.id}::uuid`);
    const progress = t.module.get(PromotionProgress);
    const due = await t.as(worker, () => progress.due());
    expect(due.filter(({ id }) => [expiring.id, orphan.id].includes(id)).map(({ work }) => work)).toEqual([
      'CLOSE',
      'CLOSE',
    ]);
    await t.as(worker, async () => {
      for (const work of due) await progress.bringOn(work);
    });
    expect(await t.again(expiring)).toMatchObject({ state: 'EXPIRED' });
    expect(await t.again(orphan)).toMatchObject({
      state: 'CANCELLED',
      stateReason: expect.stringContaining('was deleted'),
    });
    expect(await t.as(worker, () => progress.due())).toEqual([]);
  });

  it('is due for evaluation when the message of its last gate was lost', async () => {
    const request = await create();
    await t.as(worker, async () => {
      for (const { id } of await t.module.get(GateRuns).ofRequests([request.id])) await t.module.get(GateRuns).run(id);
      expect(await t.module.get(PromotionProgress).due()).toEqual([{ id: request.id, work: 'EVALUATE' }]);
      await t.module.get(PromotionProgress).bringOn({ id: request.id, work: 'EVALUATE' });
    });
    expect(await t.again(request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  });

  describe('of requests whose gates have finished at the same moment', () => {
    /** Two requests for one model, and one for another, with their gates finished and nobody told. */
    const finished = async () => {
      const other = await t.trained(await t.model(), { auc: 0.95 });
      const seen = [await create(), await t.request(await t.trained(model, { auc: 0.95 })), await t.request(other)];
      await t.as(worker, async () => {
        for (const { id } of await t.module.get(GateRuns).ofRequests(seen.map(({ id }) => id)))
          await t.module.get(GateRuns).run(id);
      });
      return seen as [PromotionRequest, PromotionRequest, PromotionRequest];
    };
    const evaluate = ({ id }: PromotionRequest) =>
      runInContext({ requestId: `of ${id}`, address: null, caller: worker, memo: {} }, () =>
        t.module.get(PromotionProgress).evaluate(id),
      );

    it('looks at each once, under the id of what caused it', async () => {
      const seen = await finished();
      await Promise.all([...seen, ...seen].map(evaluate));
      for (const request of seen) {
        expect(await t.again(request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
        expect(
          await t.db.query(sql`SELECT request_id AS by FROM audit_events
            WHERE object_id = ${request.id} AND action = 'promotion_request.awaiting_approval'`),
        ).toEqual([{ by: `of ${request.id}` }]);
      }
    });

    it('lets one that cannot be looked at keep none of the others', async () => {
      const [first, broken, other] = await finished();
      const policy = sql`(SELECT effective_policy FROM promotion_requests WHERE id = ${broken.id}::uuid)`;
      const [kept] = await t.db.query<{ kept: unknown }>(sql`SELECT ${policy} AS kept`);
      const setPolicy = (value: unknown) =>
        t.db.execute(
          sql`UPDATE promotion_requests SET effective_policy = ${JSON.stringify(value)}::jsonb WHERE id = ${broken.id}::uuid`,
        );
      await setPolicy({});
      const answers = await Promise.allSettled([other, first, broken].map(evaluate));
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      await setPolicy(kept?.kept);
      expect(await t.again(first)).toMatchObject({ state: 'AWAITING_APPROVAL' });
      expect(await t.again(broken)).toMatchObject({ state: 'VALIDATING' });
      await evaluate(broken);
      expect(await t.again(broken)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    });
  });

  it('takes policies that only try out for what they are: no protection, no obstacle', async () => {
    const dry = await t.model();
    const rules = { protects: { aliases: ['trial'] }, dryRun: true, gates: [{ key: 'sig', type: 'SIGNATURE' }] };
    await t.policy(dry, rules, 'trial');
    version = await t.trained(dry, { auc: 0.95 }, { MLmodel: 'flavors: {}' });
    await expect(create({ model: dry.fullName, target: { kind: 'ALIAS', name: 'trial' } })).rejects.toMatchObject({
      reason: 'TARGET_NOT_PROTECTED',
    });
    const live = await t.policy(dry, { protects: { aliases: ['trial'] } }, 'live');
    const request = await create({ model: dry.fullName, target: { kind: 'ALIAS', name: 'trial' } });
    expect(await t.runGates(request)).toMatchObject({
      state: 'AWAITING_APPROVAL',
      evidence: { gates: [{ key: 'trial/sig', required: false, status: 'FAILED' }] },
    });
    await t.as(t.governor, () => t.module.get(Policies).retire({ id: live.id, reason: 'over' }));
  });
});
