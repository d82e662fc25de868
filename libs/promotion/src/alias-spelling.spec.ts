import type { Securable } from '@app/access';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { PromotionRequests } from './promotion-requests.service.js';

const spelled = (name: string) => ({ kind: 'ALIAS', name }) as const;

describe('a request for an alias in another case', () => {
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

  const approve = async (request: Parameters<PromotionTest['decide']>[1]) => {
    await t.decide(t.leads[0], request);
    return t.decide(t.leads[1], request);
  };

  it('is for the same target: it is superseded when the other one is applied', async () => {
    const first = await t.request(await t.trained(model), spelled('champion'));
    const rival = await t.request(await t.trained(model), spelled('CHAMPION'));
    expect(await approve(first)).toMatchObject({ state: 'APPLIED' });
    expect(await t.again(rival)).toMatchObject({ state: 'SUPERSEDED', supersededByNumber: first.number });
  });

  it('is refused while one for the version is open, and when the version holds the alias', async () => {
    const version = await t.trained(model);
    const open = await t.request(version, spelled('champion'));
    await expect(t.request(version, spelled('Champion'))).rejects.toMatchObject({ reason: 'REQUEST_ALREADY_OPEN' });
    await approve(open);
    await expect(t.request(version, spelled('Champion'))).rejects.toMatchObject({ reason: 'ALREADY_HOLDS_TARGET' });
  });

  it('replaces the holder of the alias, which has one', async () => {
    await approve(await t.request(await t.trained(model), spelled('champion')));
    const second = await t.request(await t.trained(model), spelled('Champion'));
    expect(second).toMatchObject({ incumbentVersionNumber: 1 });
    expect(await approve(second)).toMatchObject({ state: 'APPLIED' });
    expect([await t.holderOf(model, 'champion'), await t.holderOf(model, 'Champion')]).toEqual([undefined, 2]);
    const back = await t.as(t.scientist, () =>
      t.module.get(PromotionRequests).rollback({
        model: model.fullName,
        target: spelled('champion'),
        justification: 'it went wrong',
      }),
    );
    expect(back).toMatchObject({ versionNumber: 1, incumbentVersionNumber: 2 });
  });
});
