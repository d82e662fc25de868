import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';

describe('gates and comparisons over GraphQL', () => {
  let t: TestApp;
  let scientist: TestPrincipal;
  let lead: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    [scientist, lead] = [await t.make.user(), await t.make.user()];
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    const catalog = { id: schema.catalogId as string };
    await t.make.grant(
      scientist,
      catalog,
      'USE_CATALOG',
      'USE_SCHEMA',
      'EXECUTE',
      'CREATE_MODEL',
      'CREATE_MODEL_VERSION',
    );
    await t.make.grant(lead, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'MANAGE_POLICY');
    await graphql(
      t,
      scientist.token,
      `mutation { modelCreate(input: { fullName: "${model}" }) { errors { message } } }`,
    );
    const call = async (route: string, body: object) =>
      (await t.call('POST', `/api/2.0/mlflow/${route}`, { token: scientist.token, body })).body;
    const { experiment_id } = await call('experiments/create', { name: 'fraud' });
    for (const auc of [0.9, 0.95]) {
      const { run } = await call('runs/create', { experiment_id });
      const run_id = run.info.run_id;
      await call('runs/log-metric', { run_id, key: 'auc', value: auc, timestamp: 1 });
      await call('runs/log-parameter', { run_id, key: 'auc', value: String(auc) });
      const source: string = run.info.artifact_uri;
      const file = `${source.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts')}/requirements.txt`;
      await t.call('PUT', file, { token: scientist.token, body: `numpy==${auc}` });
      await call('model-versions/create', { name: model, source, run_id });
    }
  });
  afterAll(() => t.close());

  const compare = (who: TestPrincipal, head = 2) =>
    graphql(
      t,
      who.token,
      `query($base: ModelVersionRef!, $head: ModelVersionRef!) { modelVersionCompare(base: $base, head: $head) {
        base { number files } head { number }
        metrics { name base head delta verdict direction sameDataset }
        params { name base head } requirements { name base head } files { path base head }
        signature { compatible changes { path kind breaking } } sameCommit sameDatasets omitted } }`,
      { base: { model, number: 1 }, head: { model, number: head } },
    );

  it('compares two versions for who may read them', async () => {
    const { data } = await compare(lead);
    expect(data.modelVersionCompare).toMatchObject({
      base: { number: 1, files: 1 },
      head: { number: 2 },
      metrics: [{ name: 'auc', base: 0.9, head: 0.95, verdict: 'CHANGED', direction: null, sameDataset: null }],
      params: [{ name: 'auc', base: '0.9', head: '0.95' }],
      requirements: [{ name: 'numpy', base: 'numpy==0.9', head: 'numpy==0.95' }],
      files: [{ path: 'requirements.txt', base: 10, head: 11 }],
      signature: { compatible: true, changes: [] },
      omitted: 0,
    });
  });

  it('answers a stranger as if there were none, and so for what is none', async () => {
    const [hidden, absent] = [await compare(await t.make.user()), await compare(lead, 99)];
    expect(hidden.data).toEqual({ modelVersionCompare: null });
    expect(absent.data).toEqual({ modelVersionCompare: null });
  });

  const create = (name: string, gate: string) =>
    graphql(
      t,
      lead.token,
      `mutation { policyCreate(input: { on: { kind: CATALOG, fullName: "prod" }, name: "${name}", rules: {
        protects: { aliases: ["champion"] }, gates: [${gate}] } }) {
          policy { rules { gates { type
            metricRegression { metric direction maxAbsolute maxRelative sameDataset withoutIncumbent }
            signature { requiredParts compatibleWithIncumbent } artifactScan { allow unknownFormats } } } }
          errors { __typename message path } } }`,
    );

  it('shows the configuration of a gate under the field of its type, with what was left out', async () => {
    const { data } = await create(
      'gates',
      `{ key: "auc", type: METRIC_REGRESSION, metricRegression: { metric: "auc", direction: HIGHER_IS_BETTER, maxRelative: 0.01 } },
       { key: "signature", type: SIGNATURE }, { key: "scan", type: ARTIFACT_SCAN, artifactScan: { allow: ["ours:*"] } }`,
    );
    expect(data.policyCreate.errors).toEqual([]);
    expect(data.policyCreate.policy.rules.gates).toEqual([
      {
        type: 'METRIC_REGRESSION',
        metricRegression: {
          metric: 'auc',
          direction: 'HIGHER_IS_BETTER',
          maxAbsolute: null,
          maxRelative: 0.01,
          sameDataset: true,
          withoutIncumbent: 'PASS',
        },
        signature: null,
        artifactScan: null,
      },
      {
        type: 'SIGNATURE',
        metricRegression: null,
        signature: { requiredParts: [], compatibleWithIncumbent: true },
        artifactScan: null,
      },
      {
        type: 'ARTIFACT_SCAN',
        metricRegression: null,
        signature: null,
        artifactScan: { allow: ['ours:*'], unknownFormats: 'FAIL' },
      },
    ]);
  });

  it.each([
    [
      'without the configuration that it needs',
      '{ key: "auc", type: METRIC_REGRESSION }',
      'input.rules.gates.0.metricRegression.metric',
    ],
    [
      'with that of another type',
      '{ key: "x", type: SIGNATURE, artifactScan: {} }',
      'input.rules.gates.0.artifactScan',
    ],
    [
      'with a wrong value',
      '{ key: "x", type: ARTIFACT_SCAN, artifactScan: { deny: ["os"] } }',
      'input.rules.gates.0.artifactScan.deny.0',
    ],
  ])('refuses a gate %s', async (_what, gate, path) => {
    const { data } = await create('wrong', gate);
    expect(data.policyCreate).toMatchObject({ policy: null, errors: [{ __typename: 'ValidationError' }] });
    expect(data.policyCreate.errors[0].path.join('.')).toBe(path);
  });
});
