import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a holdout evaluation over GraphQL', () => {
  let t: TestApp;
  let lead: TestPrincipal;
  let stranger: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    [lead, stranger] = [await t.make.user(), await t.make.user()];
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    for (const governor of [lead, stranger]) {
      await t.make.grant(governor, { id: schema.catalogId as string }, 'USE_CATALOG', 'MANAGE_POLICY');
    }
    const experiment = await t.db.first<{ id: string }>(sql`SELECT securable_id AS id FROM experiments WHERE id = 0`);
    await t.make.grant(lead, experiment as { id: string }, 'READ');
  });
  afterAll(() => t.close());

  const create = async (name: string, change: object = {}, who = lead, experiment = 0) => {
    const holdoutEvaluation = {
      dataset: `mlflow-artifacts:/${experiment}/r/artifacts/holdout.csv`,
      datasetDigest: digest,
      format: 'CSV',
      label: 'is_fraud',
      task: 'CLASSIFICATION',
      bounds: [{ metric: 'roc_auc', min: 0.9, max: null }],
      ...change,
    };
    const gates = [{ key: 'holdout', type: 'HOLDOUT_EVALUATION', holdoutEvaluation }];
    const input = {
      on: { kind: 'CATALOG', fullName: 'prod' },
      name,
      rules: { protects: { aliases: ['champion'] }, gates },
    };
    const { data } = await graphql(
      t,
      who.token,
      `mutation ($input: PolicyCreateInput!) { policyCreate(input: $input) {
        policy { rules { gates { type metricThreshold { metric } holdoutEvaluation {
          dataset datasetDigest format label features task bounds { metric min max } maxLatencyMs latencyPercentile runtime maxRows } } } }
        errors { __typename message path } } }`,
      { input },
    );
    return data.policyCreate;
  };

  it('is shown as it was written, with what was left out', async () => {
    const { policy, errors } = await create('shown', { features: null, maxLatencyMs: 12.5 });
    expect(errors).toEqual([]);
    expect(policy.rules.gates).toEqual([
      {
        type: 'HOLDOUT_EVALUATION',
        metricThreshold: null,
        holdoutEvaluation: {
          dataset: 'mlflow-artifacts:/0/r/artifacts/holdout.csv',
          datasetDigest: digest,
          format: 'CSV',
          label: 'is_fraud',
          features: null,
          task: 'CLASSIFICATION',
          bounds: [{ metric: 'roc_auc', min: 0.9, max: null }],
          maxLatencyMs: 12.5,
          latencyPercentile: 95,
          runtime: 'AUTO',
          maxRows: 100_000,
        },
      },
    ]);
  });

  it('is refused with the field that is wrong, and what would be right', async () => {
    const { policy, errors } = await create('wrong', { bounds: [{ metric: 'auc', min: 0.9 }] });
    expect(policy).toBeNull();
    expect(errors).toEqual([
      {
        __typename: 'ValidationError',
        path: ['input', 'rules', 'gates', '0', 'holdoutEvaluation', 'bounds', '0', 'metric'],
        message: expect.stringContaining('there are accuracy, precision, recall, f1, roc_auc, log_loss'),
      },
    ]);
  });

  it('tells who may not read the dataset no more than that there is none', async () => {
    const [hidden, absent] = [await create('hidden', {}, stranger), await create('absent', {}, stranger, 4711)];
    expect(hidden).toMatchObject({ policy: null, errors: [{ __typename: 'NotFoundError' }] });
    expect(hidden.errors[0].message.replace('/0/', '/4711/')).toBe(absent.errors[0].message);
  });
});
