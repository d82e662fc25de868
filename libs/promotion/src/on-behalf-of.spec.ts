import type { Securable } from '@app/access';
import type { VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import { ExternalGateTest } from '../../../test/support/external-gate.js';
import { createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { passed } from '../../../test/support/validator.js';
import { PromotionProgress } from './promotion-progress.service.js';
import type { PromotionRequest } from './promotion-request.js';

const recorded = (t: PromotionTest, { id }: Securable) =>
  t.db.query<{ told: string }>(sql`
    SELECT action || ': ' || actor_name || COALESCE(' for ' || on_behalf_of, '') AS told FROM audit_events
    WHERE securable_id = ${id}::uuid AND action ~ '^(promotion_request|gate_run|model_alias)' ORDER BY id`);

describe('on whose behalf the service acts', () => {
  let t: PromotionTest;
  let model: Securable;
  let version: VersionView;
  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog, { gates: [{ key: 'sig', type: 'SIGNATURE', required: false }], waitSeconds: 3600 });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model);
  });

  const told = async () => (await recorded(t, model)).map(({ told }) => told);
  const bringOn = (request: PromotionRequest, work: 'CLOSE' | 'APPLY') =>
    t.as(worker, () => {
      const progress = t.module.get(PromotionProgress);
      return work === 'APPLY' ? progress.apply(request.id) : progress.bringOn({ id: request.id, work });
    });

  it('is the requester’s, from the end of the gates to the move; a judgement is the service’s own, a decision a person’s', async () => {
    const request = await t.runGates(await t.request(version));
    for (const lead of t.leads.slice(0, 2)) await t.decide(lead, request);
    await t.db.execute(sql`UPDATE promotion_requests SET apply_after = now() - interval '1 minute'`);
    await bringOn(request, 'APPLY');
    expect(await told()).toEqual([
      'promotion_request.created: scientist',
      'gate_run.finished: imprimatur-gates',
      'promotion_request.awaiting_approval: imprimatur-gates for scientist',
      `promotion_request.decided: ${t.leads[0].name}`,
      `promotion_request.decided: ${t.leads[1].name}`,
      `promotion_request.approved: ${t.leads[1].name}`,
      'model_alias.set: imprimatur-gates for scientist',
      'promotion_request.applied: imprimatur-gates for scientist',
    ]);
  });

  it('is nobody’s where time is over: that was asked for by no one', async () => {
    const request = await t.runGates(await t.request(version));
    await t.db.execute(
      sql`UPDATE promotion_requests SET expires_at = now() - interval '1 minute' WHERE id = ${request.id}::uuid`,
    );
    await bringOn(request, 'CLOSE');
    expect((await told()).at(-1)).toBe('promotion_request.expired: imprimatur-gates');
  });
});

describe('on whose behalf an external judgement is written down', () => {
  let e: ExternalGateTest;
  beforeAll(async () => {
    e = await ExternalGateTest.create();
  });
  afterAll(() => e.close());
  beforeEach(() => e.open());

  const told = async () =>
    (
      await e.t.db.query<{ told: string }>(sql`
      SELECT actor_name || ' for ' || on_behalf_of AS told FROM audit_events
      WHERE action = 'gate_run.finished' AND object_id = ${e.id}`)
    ).map(({ told }) => told);

  it.each(['at once', 'later'])('is the validator’s, when he answers %s', async (when) => {
    if (when === 'at once') e.validator.answer = () => ({ status: 200, body: passed });
    await e.run();
    if (when === 'later') await e.report(passed);
    expect(await told()).toEqual(['imprimatur-gates for validator fairness']);
  });
});
