import { AccessSnapshots, type Securable } from '@app/access';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest, worker } from '../../../../test/support/promotion.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import type { PromotionRequest } from '../promotion-request.js';

/** Approvals count by the rights of now: lost and regained, each has its effect without anybody asking. */
describe('a reviewer’s right', () => {
  let t: PromotionTest;
  let model: Securable;
  let request: PromotionRequest;
  let lead: TestPrincipal;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog);
    [lead] = t.leads;
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    await t.policy(model, { approvals: [], waitSeconds: 3600 }, 'wait');
    request = await t.request(await t.trained(model));
    await t.decide(lead, request);
    expect((await t.decide(t.leads[1], request)).state).toBe('APPROVED');
  });

  const leave = async () => {
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${lead.id}::uuid`);
    await t.as(worker, () => t.module.get(AccessSnapshots).changed());
  };
  /** One round of the reconciler over this request. */
  const bringOn = () =>
    t.as(worker, async () => {
      const progress = t.module.get(PromotionProgress);
      const due = (await progress.due()).filter(({ id }) => id === request.id);
      for (const work of due) await progress.bringOn(work);
      return due.map(({ work }) => work);
    });
  /** The wait is over, and the job that applies comes. */
  const apply = async () => {
    const past = sql`UPDATE promotion_requests SET apply_after = now() - interval '1 minute' WHERE id = ${request.id}::uuid`;
    await t.db.execute(past);
    await t.as(worker, () => t.module.get(PromotionProgress).apply(request.id));
  };

  it('lost during the wait takes the request back, and regained brings it on again', async () => {
    await leave();
    await apply();
    expect((await t.again(request)).state).toBe('AWAITING_APPROVAL');
    // Looked at once for each change of rights, not in every round.
    await bringOn();
    expect(await bringOn()).toEqual([]);
    expect((await t.again(request)).state).toBe('AWAITING_APPROVAL');

    await t.make.member(t.leadGroup.id, lead.id);
    expect(await bringOn()).toEqual(['REVIEW']);
    expect((await t.again(request)).state).toBe('APPROVED');
    expect(await bringOn()).toEqual([]);
    await apply();
    expect((await t.again(request)).state).toBe('APPLIED');
    expect(await t.holderOf(model)).toBe(1);
  });

  it('given to somebody else changes nothing', async () => {
    await leave();
    await apply();
    await bringOn();
    await t.make.member(t.leadGroup.id, (await t.make.user()).id);
    expect(await bringOn()).toEqual(['REVIEW']);
    expect((await t.again(request)).state).toBe('AWAITING_APPROVAL');
    await t.make.member(t.leadGroup.id, lead.id);
  });
});
