import { Policies } from '@app/policy';
import type { PromotionRequest } from '@app/promotion';
import { RegisteredModels } from '@app/registry';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';

describe('the policies of a promotion', () => {
  let t: PromotionTest;
  beforeAll(async () => {
    t = await createPromotionTest();
  });
  afterAll(() => t.close());

  const approve = async (request: PromotionRequest) => {
    await t.decide(t.leads[0], request);
    return t.decide(t.leads[1], request);
  };

  it('are those of every stage that it moves: a lax one is no way out of a strict one', async () => {
    const model = await t.model();
    await t.policy(model, { protects: { stages: ['Production'] } }, 'strict');
    const serving = await t.trained(model);
    const first = await t.runGates(await t.request(serving, { kind: 'STAGE', name: 'Production' }));
    expect(await approve(first)).toMatchObject({ state: 'APPLIED' });

    await t.policy(model, { protects: { stages: ['Archived'] }, approvals: [] }, 'lax');
    const out = await t.runGates(await t.request(serving, { kind: 'STAGE', name: 'Archived' }));
    expect(out.effectivePolicy.policies.map(({ name }) => name)).toEqual(['lax', 'strict']);
    expect(out).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(await approve(out)).toMatchObject({ state: 'APPLIED' });
  });

  it('are those of the stage to which the former holder is archived', async () => {
    const model = await t.model();
    await t.policy(model, { protects: { stages: ['Production'] } }, 'lax');
    const first = await t.runGates(await t.request(await t.trained(model), { kind: 'STAGE', name: 'Production' }));
    expect(await approve(first)).toMatchObject({ state: 'APPLIED' });
    await t.policy(model, { protects: { stages: ['Archived'] } }, 'strict');
    const next = await t.request(await t.trained(model), { kind: 'STAGE', name: 'Production' });
    expect(next.effectivePolicy.policies.map(({ name }) => name)).toEqual(['lax', 'strict']);
  });

  it('let a version leave a protected stage for one that nothing protects', async () => {
    const model = await t.model();
    await t.policy(model, { protects: { stages: ['Production'] } }, 'strict');
    const serving = await t.trained(model);
    await approve(await t.runGates(await t.request(serving, { kind: 'STAGE', name: 'Production' })));
    const out = await t.runGates(await t.request(serving, { kind: 'STAGE', name: 'Archived' }));
    expect(await approve(out)).toMatchObject({ state: 'APPLIED' });
  });

  it('keep the model that they hang on from being deleted and made again', async () => {
    const model = await t.model();
    const policy = await t.policy(model, {}, 'kept');
    const models = t.module.get(RegisteredModels);
    const remove = () => t.as(t.owner, () => models.delete(model.fullName));
    await expect(remove()).rejects.toThrow('has the policy "kept": retire it');
    await t.as(t.governor, () => t.module.get(Policies).retire({ id: policy.id, reason: 'the model goes' }));
    await remove();
  });
});
