import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import { mlmodelText } from '../../../../test/support/registry.js';
import { Comparisons } from './comparisons.service.js';
import { comparisonOf } from './evidence.js';

const files = (requirement: string) => ({
  MLmodel: mlmodelText,
  'model.pkl': requirement,
  'requirements.txt': requirement,
});
const gates = [
  { key: 'auc', type: 'METRIC_REGRESSION', config: { metric: 'auc', direction: 'HIGHER_IS_BETTER', maxAbsolute: 0.1 } },
  { key: 'signature', type: 'SIGNATURE' },
];

describe('Comparisons', () => {
  let t: PromotionTest;
  let comparisons: Comparisons;

  beforeAll(async () => {
    t = await createPromotionTest();
    comparisons = t.module.get(Comparisons);
    await t.policy(t.catalog, { gates });
  });
  afterAll(() => t.close());

  it('is part of the evidence, against whoever held the target when the gates were set going', async () => {
    const model = await t.model();
    const first = await t.runGates(await t.request(await t.trained(model, { auc: 0.9 }, files('numpy==1'))));
    expect(first.state).toBe('AWAITING_APPROVAL');
    expect(first.evidence).toHaveProperty('comparison', null);
    expect(first.evidence?.gates).toMatchObject([{ output: { verdict: 'NO_INCUMBENT' } }, { status: 'PASSED' }]);
    await t.decide(t.leads[0], first);
    await t.decide(t.leads[1], first);
    expect(await t.holderOf(model)).toBe(1);

    const second = await t.runGates(await t.request(await t.trained(model, { auc: 0.85 }, files('numpy==2'))));
    expect(second.evidence?.gates).toMatchObject([
      { output: { verdict: 'WITHIN_ALLOWANCE' } },
      { summary: "a signature is present: inputs, outputs; compatible with the incumbent's, 0 changes" },
    ]);
    expect(comparisonOf(second)).toMatchObject({
      base: { number: 1 },
      head: { number: 2 },
      metrics: [
        { name: 'auc', base: 0.9, head: 0.85, direction: 'HIGHER_IS_BETTER', verdict: 'REGRESSED', sameDataset: true },
      ],
      requirements: [{ name: 'numpy', base: 'numpy==1', head: 'numpy==2' }],
      files: [{ path: 'model.pkl' }, { path: 'requirements.txt' }],
      signature: { compatible: true, changes: [] },
    });
  });

  it('judges nothing against an incumbent that was deleted since', async () => {
    const model = await t.model();
    const [gone, candidate] = [await t.trained(model, { auc: 0.9 }), await t.trained(model, { auc: 0.9 })];
    const request = await t.request(candidate);
    await t.db.execute(
      sql`UPDATE gate_runs SET incumbent_version_id = ${gone.id}::uuid WHERE request_id = ${request.id}::uuid`,
    );
    await t.db.execute(sql`DELETE FROM model_versions WHERE id = ${gone.id}::uuid`);
    const { state, evidence } = await t.runGates(request);
    expect(state).toBe('BLOCKED');
    expect(evidence?.gates).toMatchObject([
      { status: 'ERRORED' },
      { status: 'ERRORED', summary: expect.stringContaining('the incumbent was deleted') },
    ]);
  });

  it('compares any two versions for who may read both, and knows them from no others', async () => {
    const [model, other] = [await t.model(), await t.model('prod.fraud.other')];
    const [one, two] = [await t.trained(model, { auc: 0.9 }), await t.trained(other, { auc: 0.8 })];
    const compare = (who: PromotionTest['scientist']) =>
      t.as(who, () =>
        comparisons.compare(
          { model: model.fullName, number: one.number },
          { model: other.fullName, number: two.number },
        ),
      );
    expect(await compare(t.scientist)).toMatchObject({ metrics: [{ verdict: 'CHANGED', direction: null }] });

    const [stranger, half, tenant] = [await t.make.user(), await t.make.user(), await t.make.user()];
    await t.make.grant(half, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(half, model, 'EXECUTE');
    const elsewhere = await t.make.schema('tenant.own', tenant);
    await t.make.grant(tenant, { id: elsewhere.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    for (const who of [stranger, half, tenant]) await expect(compare(who)).rejects.toThrow(NotFound);
    await t.make.grant(half, other, 'EXECUTE');
    expect(await compare(half)).toMatchObject({ base: { number: 1 } });
  });
});
