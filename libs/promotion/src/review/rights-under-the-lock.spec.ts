import type { Securable } from '@app/access';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { behindTheLock } from '../../../../test/support/locks.js';
import { champion, createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import { BreakGlass } from '../exceptions/break-glass.service.js';
import { GateWaivers } from '../exceptions/gate-waivers.service.js';

/** Whoever loses a right while he waits for his turn has lost it: the rights of the moment of the change decide. */
describe('a right that is lost behind the lock', () => {
  let t: PromotionTest;
  let model: Securable;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog);
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
  });

  const revoke = (who: TestPrincipal) => async () => {
    await t.db.execute(sql`DELETE FROM grants WHERE principal_id = ${who.id}::uuid`);
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${who.id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
  };

  it('decides nothing', async () => {
    const [, lead] = t.leads;
    const request = await t.request(await t.trained(model));
    await t.decide(t.leads[0], request);
    const outcome = await behindTheLock(t, model, () => t.decide(lead, request), revoke(lead));
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'MISSING_PRIVILEGE' } });
    expect(await t.again(request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    await t.make.member(t.leadGroup.id, lead.id);
  });

  it('lets nobody else’s approval stand for it', async () => {
    const [first, second] = t.leads;
    const request = await t.request(await t.trained(model));
    await t.decide(first, request);
    const outcome = await behindTheLock(t, model, () => t.decide(second, request), revoke(first));
    expect(outcome).toMatchObject({ status: 'fulfilled', value: { state: 'AWAITING_APPROVAL' } });
    expect(await t.holderOf(model)).toBeUndefined();
    await t.make.member(t.leadGroup.id, first.id);
  });

  it('goes past no policy', async () => {
    const onCall = await t.make.user();
    await t.make.grant(onCall, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'BREAK_GLASS');
    const { number: version } = await t.trained(model);
    const past = { model: model.fullName, version, target: champion, justification: 'it burns' };
    const promote = () => t.as(onCall, () => t.module.get(BreakGlass).promote(past));
    const outcome = await behindTheLock(t, model, promote, revoke(onCall));
    expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'NOT_FOUND' } });
    expect(await t.holderOf(model)).toBeUndefined();
  });

  it('waives no gate', async () => {
    const strict = await t.model();
    await t.policy(strict, { gates: [{ key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } }] });
    const [proposer, second] = [await t.make.user(), await t.make.user()];
    for (const who of [proposer, second]) {
      await t.make.grant(who, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'WAIVE_GATE');
    }
    const request = await t.runGates(await t.request(await t.trained(strict, { auc: 0.5 })));
    const waivers = t.module.get(GateWaivers);
    const [gate] = request.effectivePolicy.gates.map(({ key }) => key) as [string];
    const { id } = await t.as(proposer, () => waivers.propose({ number: request.number, gate, reason: 'small data' }));
    const outcome = await behindTheLock(t, strict, () => t.as(second, () => waivers.confirm({ id })), revoke(second));
    expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'NOT_FOUND' } });
    expect((await t.again(request)).state).toBe('BLOCKED');
  });
});
