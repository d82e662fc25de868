import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Securable } from '@app/access';
import { Config } from '@app/platform';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';

/** Starting processes takes its time on a machine that is busy with other tests. */
jest.setTimeout(180_000);

const fixtures = path.join(__dirname, '../../../../test/fixtures/holdout');
const fixture = (name: string): Buffer => fs.readFileSync(path.join(fixtures, name));
const files = {
  MLmodel:
    'flavors: { onnx: { data: model.onnx, onnx_version: 1.20.0 }, python_function: { loader_module: mlflow.onnx } }',
  'model.onnx': fixture('classifier.onnx'),
};
const dataset = '0/holdouts/artifacts/holdout.csv';

/** From the policy to the evidence of a request, on a real database and a real artifact store. */
describe('a HOLDOUT_EVALUATION gate', () => {
  let t: PromotionTest;
  let model: Securable;

  beforeAll(async () => {
    t = await createPromotionTest();
    const experiment = await t.db.first<{ id: string }>(sql`SELECT securable_id AS id FROM experiments WHERE id = 0`);
    await t.make.grant(t.governor, experiment as { id: string }, 'READ');
    t.folder(path.dirname(dataset), { 'holdout.csv': fixture('holdout.csv') });
    const config = {
      dataset: `mlflow-artifacts:/${dataset}`,
      datasetDigest: `sha256:${createHash('sha256').update(fixture('holdout.csv')).digest('hex')}`,
      format: 'CSV',
      label: 'label',
      task: 'CLASSIFICATION',
    };
    const gate = (key: string, bounds: object[]) => ({
      key,
      type: 'HOLDOUT_EVALUATION',
      config: { ...config, bounds },
      required: key === 'good',
    });
    const gates = [
      gate('good', [{ metric: 'roc_auc', min: 0.9 }]),
      gate('better', [{ metric: 'roc_auc', min: 0.99999 }]),
    ];
    await t.policy(t.catalog, { gates });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
  });

  const judged = async () => {
    const { state, evidence } = await t.runGates(await t.request(await t.trained(model, {}, files)));
    const runs = evidence?.gates as { key: string; status: string; summary: string }[];
    return { state, gates: Object.fromEntries(runs.map(({ key, ...run }) => [key.replace('prod/', ''), run])) };
  };

  it('judges a version by what it answers, and its measurements are evidence', async () => {
    const { state, gates } = await judged();
    expect(gates).toMatchObject({
      good: {
        status: 'PASSED',
        summary: expect.stringMatching(/^roc_auc is 0\.9\d+, within the bound: at least 0.9 \(60 rows, ONNX\)$/),
        output: { rows: 60, runtime: 'ONNX', metrics: { accuracy: expect.any(Number) }, latencyMs: { calls: 60 } },
        inputs: { dataset: `mlflow-artifacts:/${dataset}`, artifactDigest: expect.stringMatching(/^sha256:/) },
      },
      better: {
        status: 'FAILED',
        summary: expect.stringMatching(/^roc_auc is 0\.9\d+, below the bound: at least 0.99999/),
      },
    });
    expect(state).toBe('AWAITING_APPROVAL');
    const log = await t.db.query<{ text: string }>(sql`SELECT text FROM gate_logs ORDER BY gate_run_id, line`);
    expect(log.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^score the model: isolation /));
  });

  it('is ERRORED, and blocks, when the dataset is not what the policy has pinned', async () => {
    const file = path.join(t.module.get(Config).artifactRoot, dataset);
    fs.appendFileSync(file, '0,0,0,1\n');
    const { state, gates } = await judged();
    expect(gates.good).toMatchObject({
      status: 'ERRORED',
      summary: expect.stringMatching(
        /^no judgement was reached: the dataset mlflow-artifacts:\/0\/holdouts.* has the digest/,
      ),
    });
    expect(state).toBe('BLOCKED');
  });
});
