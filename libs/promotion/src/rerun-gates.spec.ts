import type { Securable } from '@app/access';
import { Policies } from '@app/policy';
import type { VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { PromotionProgress } from './promotion-progress.service.js';
import type { PromotionRequest } from './promotion-request.js';
import { PromotionRequests } from './promotion-requests.service.js';

const gates = [{ key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } }];

describe('gates that run again of a request that awaits approval', () => {
  let t: PromotionTest;
  let model: Securable;
  let version: VersionView;

  beforeAll(async () => {
    t = await createPromotionTest();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model, { auc: 0.9 });
  });

  const ready = async () => t.runGates(await t.request(version));
  const rerun = async ({ number }: PromotionRequest) =>
    t.runGates(await t.as(t.scientist, () => t.module.get(PromotionRequests).rerunGates({ number })));
  const measure = (value: number) =>
    t.db.execute(sql`UPDATE latest_metrics SET value = ${value}::float8 WHERE run_id = ${version.runId}`);

  it('give newer evidence, for which the approvals of the older count no more', async () => {
    await t.policy(model, { gates });
    const request = await ready();
    await t.decide(t.leads[0], request);
    await measure(0.95);
    const again = await rerun(request);
    expect(again).toMatchObject({ state: 'AWAITING_APPROVAL', round: 2 });
    expect(again.evidenceDigest).not.toBe(request.evidenceDigest);
    expect(await t.decide(t.leads[1], again)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(await t.decide(t.leads[0], again)).toMatchObject({ state: 'APPLIED' });
  });

  it('leave the approvals as they are where nothing has changed, and block it where a gate fails now', async () => {
    await t.policy(model, { gates });
    const request = await ready();
    await t.decide(t.leads[0], request);
    expect(await rerun(request)).toMatchObject({ evidenceDigest: request.evidenceDigest });
    expect(await t.decide(t.leads[1], request)).toMatchObject({ state: 'APPLIED' });
    version = await t.trained(model, { auc: 0.9 });
    const next = await ready();
    await measure(0.1);
    expect(await rerun(next)).toMatchObject({ state: 'BLOCKED' });
  });

  it('run under the policies of now: pinned beside the former ones, with their expiry, counted from the opening', async () => {
    const policy = await t.policy(model, { gates });
    const request = await ready();
    expect(request.expiresAt).toBeNull();
    const stricter = { ...policy.rules, expiresAfterSeconds: 600 };
    await t.as(t.governor, () =>
      t.module.get(Policies).revise({ id: policy.id, rules: stricter, reason: 'in ten minutes' }),
    );
    const again = await rerun(request);
    expect(again.effectivePolicy.policies).toMatchObject([{ revision: 2 }]);
    expect(again.expiresAt).toEqual(new Date(request.createdAt.getTime() + 600_000));
    const pinned = await t.db.query(sql`SELECT v.revision FROM promotion_request_policies p
      JOIN policy_revisions v ON v.id = p.revision_id WHERE p.request_id = ${request.id}::uuid ORDER BY v.revision`);
    expect(pinned).toEqual([{ revision: 1 }, { revision: 2 }]);
    await t.db.execute(
      sql`UPDATE promotion_requests SET created_at = now() - interval '1 day' WHERE id = ${request.id}::uuid`,
    );
    const late = await rerun(again);
    await t.as(worker, () => t.module.get(PromotionProgress).bringOn({ id: late.id, work: 'CLOSE' }));
    expect(await t.again(late)).toMatchObject({ state: 'EXPIRED' });
  });
});
