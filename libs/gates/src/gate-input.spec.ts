import type { Securable } from '@app/access';
import type { PromotionRequest } from '@app/promotion';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { mlmodelText } from '../../../test/support/registry.js';

const gates = [
  { key: 'card', type: 'MODEL_CARD', config: { tags: ['tier'], sections: ['Intended use'] } },
  { key: 'files', type: 'ARTIFACT_INTEGRITY', config: { requiredPaths: ['*.pkl'] } },
  { key: 'lineage', type: 'LINEAGE' },
  { key: 'scan', type: 'ARTIFACT_SCAN' },
];
const benign = '(dp0\nS"weights"\np1\n(lp2\nF0.5\nas.';
const hostile = "cos\nsystem\n(S'echo hostile'\ntR.";
const card = '# Scorer\n\n## Intended use\nFinds fraud.\n';

describe('what gates read', () => {
  let t: PromotionTest;
  let model: Securable;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog, { gates });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
  });

  const judged = async (request: PromotionRequest) => {
    const { state, evidence } = await t.runGates(request);
    const runs = evidence?.gates as { key: string; status: string; summary: string; output: Record<string, unknown> }[];
    return { state, gates: Object.fromEntries(runs.map(({ key, ...run }) => [key.replace('prod/', ''), run])) };
  };
  const version = async (pickle: string) =>
    t.trained(model, {}, { MLmodel: mlmodelText, 'model.pkl': pickle, 'README.md': card });

  it('is what the version, its model, its run and its files are', async () => {
    const made = await version(benign);
    await t.db.execute(sql`INSERT INTO datasets (id, experiment_id, name, digest, source_type, source)
      VALUES (gen_random_uuid(), 0, ${`train-${model.id}`}, 'd1', 'local', 'x')`);
    await t.db.execute(sql`INSERT INTO run_inputs (run_id, dataset_id, tags)
      SELECT ${made.runId}, id, '[{"key": "mlflow.data.context", "value": "training"}]'::jsonb FROM datasets WHERE name = ${`train-${model.id}`}`);
    await t.db.execute(
      sql`INSERT INTO run_tags (run_id, key, value) VALUES (${made.runId}, 'mlflow.source.git.commit', 'c0ffee')`,
    );
    await t.db.execute(sql`UPDATE securables SET description = 'Finds fraud' WHERE id = ${model.id}::uuid`);
    await t.db.execute(
      sql`INSERT INTO securable_tags (securable_id, key, value) VALUES (${model.id}::uuid, 'tier', '1')`,
    );

    const { state, gates } = await judged(await t.request(made));
    expect(gates).toMatchObject({
      card: { status: 'PASSED', output: { descriptionLength: 11, file: 'README.md' } },
      files: { status: 'PASSED' },
      lineage: {
        status: 'PASSED',
        output: {
          datasets: [{ name: `train-${model.id}`, digest: 'd1', context: 'training' }],
          sourceCommit: 'c0ffee',
        },
      },
      scan: { status: 'PASSED', output: { files: 3, pickles: 1, findings: [] } },
    });
    expect(state).toBe('AWAITING_APPROVAL');
  });

  it('is nothing where nothing was logged, and a file that nobody should load', async () => {
    const { state, gates } = await judged(await t.request(await version(hostile)));
    expect(gates).toMatchObject({
      card: { status: 'FAILED', output: { missingTags: ['tier'], missingSections: [] } },
      files: { status: 'PASSED' },
      lineage: { status: 'FAILED', output: { datasets: [], sourceCommit: null } },
      scan: {
        status: 'FAILED',
        summary: '1 findings in 3 files, 1 pickles in them: model.pkl at 0 imports os:system, which can run any code',
      },
    });
    expect(state).toBe('BLOCKED');
  });
});
