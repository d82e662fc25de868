import type { Securable } from '@app/access';
import { Policies, type Policy } from '@app/policy';
import { Targets } from '@app/registry';
import sql from 'sql-template-tag';
import { behindTheLock } from '../../../test/support/locks.js';
import { champion, createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { PromotionProgress } from './promotion-progress.service.js';
import type { PromotionRequest } from './promotion-request.js';
import { PromotionRequests } from './promotion-requests.service.js';
import { Decisions } from './review/decisions.service.js';

/** What was right when it was looked at, and is not any more when its turn comes. */
describe('requests that change between the look and the lock', () => {
  let t: PromotionTest;
  let model: Securable;
  let policy: Policy;

  beforeAll(async () => {
    t = await createPromotionTest();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    policy = await t.policy(model, { waitSeconds: 3600 });
  });

  const opened = async () => t.request(await t.trained(model));
  const approved = async () => {
    const request = await opened();
    await t.decide(t.leads[0], request);
    return t.decide(t.leads[1], request);
  };
  const progress = () => t.module.get(PromotionProgress);
  const set = (request: PromotionRequest, column: 'apply_after' | 'expires_at', from: string) =>
    t.db.execute(
      column === 'apply_after'
        ? sql`UPDATE promotion_requests SET apply_after = now() + ${from}::interval WHERE id = ${request.id}::uuid`
        : sql`UPDATE promotion_requests SET expires_at = now() + ${from}::interval WHERE id = ${request.id}::uuid`,
    );
  const revise = () =>
    t.as(t.governor, () =>
      t.module.get(Policies).revise({ id: policy.id, rules: { ...policy.rules, waitSeconds: 0 }, reason: 'no wait' }),
    );
  const cancel = ({ number }: PromotionRequest) =>
    t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number }));
  const apply = ({ id }: PromotionRequest) => t.as(worker, () => progress().apply(id));
  const close = ({ id }: PromotionRequest) => t.as(worker, () => progress().bringOn({ id, work: 'CLOSE' }));

  it('a wait that begins anew is waited for', async () => {
    const request = await approved();
    await set(request, 'apply_after', '-1 minute');
    await behindTheLock(
      t,
      model,
      () => apply(request),
      () => set(request, 'apply_after', '1 hour'),
    );
    expect(await t.again(request)).toMatchObject({ state: 'APPROVED' });
    await apply(request);
    expect(await t.holderOf(model)).toBeUndefined();
  });

  it('a cancelled request is not applied, and an applied one is not cancelled', async () => {
    const request = await approved();
    await set(request, 'apply_after', '-1 minute');
    const [, cancelled] = await Promise.allSettled([apply(request), cancel(request)]);
    const { state } = await t.again(request);
    expect([state, await t.holderOf(model)]).toEqual(
      cancelled?.status === 'fulfilled' ? ['CANCELLED', undefined] : ['APPLIED', 1],
    );
  });

  it('a request that was approved, decided on or is not due yet does not expire', async () => {
    const waiting = await approved();
    await set(waiting, 'expires_at', '-1 minute');
    await close(waiting);
    expect(await t.again(waiting)).toMatchObject({ state: 'APPROVED' });
    await cancel(waiting);
    await close(waiting);
    expect(await t.again(waiting)).toMatchObject({ state: 'CANCELLED' });
    const young = await opened();
    await set(young, 'expires_at', '1 hour');
    await close(young);
    expect(await t.again(young)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  });

  it('an approval that comes after the expiry is not counted', async () => {
    const request = await opened();
    await t.decide(t.leads[0], request);
    await set(request, 'expires_at', '-1 minute');
    const outcome = await behindTheLock(
      t,
      model,
      () => t.decide(t.leads[1], request),
      () =>
        t.db.execute(
          sql`UPDATE promotion_requests SET state = 'EXPIRED', closed_at = now() WHERE id = ${request.id}::uuid`,
        ),
    );
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'NOT_PENDING' } });
  });

  it('an approval of evidence that is replaced meanwhile is a conflict', async () => {
    const request = await opened();
    const outcome = await behindTheLock(
      t,
      model,
      () => t.decide(t.leads[0], request),
      () =>
        t.db.execute(
          sql`UPDATE promotion_requests SET evidence_digest = 'sha256:newer' WHERE id = ${request.id}::uuid`,
        ),
    );
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'STALE_EVIDENCE' } });
    expect(await t.db.query(sql`SELECT 1 FROM decisions WHERE request_id = ${request.id}::uuid`)).toEqual([]);
  });

  it('a policy that is revised while a request is opened is met by no request', async () => {
    const version = await t.trained(model);
    const outcome = await behindTheLock(t, model, () => t.request(version), revise);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'POLICY_CHANGED' } });
    expect(await t.db.query(sql`SELECT 1 FROM promotion_requests WHERE model_id = ${model.id}::uuid`)).toEqual([]);
  });

  it('a rollback leads to the version that held the target directly before, also when that changes meanwhile', async () => {
    for (const version of [await t.trained(model), await t.trained(model)]) {
      await t.as(t.owner, () =>
        t.module.get(Targets).move({ model, target: champion, version, archiveIncumbent: false }),
      );
    }
    const third = await t.trained(model);
    const back = { model: model.fullName, target: champion, justification: 'it went wrong' };
    const outcome = await behindTheLock(
      t,
      model,
      () => t.as(t.scientist, () => t.module.get(PromotionRequests).rollback(back)),
      () =>
        t.db.execute(sql`UPDATE model_aliases SET version_id = ${third.id}::uuid WHERE model_id = ${model.id}::uuid`),
    );
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'NOT_THE_PREVIOUS_HOLDER' } });
  });

  it('a policy that is revised during the wait blocks the request, where a withdrawal changes nothing more', async () => {
    const request = await approved();
    await revise();
    await set(request, 'apply_after', '-1 minute');
    await apply(request);
    expect(await t.again(request)).toMatchObject({ state: 'BLOCKED', approvedAt: null, applyAfter: null });
    const { number } = request;
    expect(await t.as(t.leads[0], () => t.module.get(Decisions).withdraw({ number }))).toMatchObject({
      state: 'BLOCKED',
    });
  });
});
