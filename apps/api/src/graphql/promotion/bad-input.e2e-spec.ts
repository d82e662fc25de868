import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

const model = 'prod.fraud.scorer';

/** The refusals of the promotion mutations as clients see them: in the payload, with nothing changed. */
describe('a promotion that cannot be', () => {
  let t: TestApp;
  let scientist: TestPrincipal;
  let lead: TestPrincipal;
  let made = 0;

  beforeAll(async () => {
    t = await createTestApp();
    [scientist, lead] = [await t.make.user(), await t.make.user()];
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    const catalog = { id: schema.catalogId as string };
    const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;
    await t.make.grant(scientist, catalog, ...usage, 'CREATE_MODEL', 'CREATE_MODEL_VERSION', 'REQUEST_PROMOTION');
    await t.make.grant(lead, catalog, ...usage, 'APPROVE_PROMOTION', 'MANAGE_POLICY');
    await mutate(scientist, 'modelCreate', 'ModelCreateInput', { fullName: model });
    await mutate(lead, 'policyCreate', 'PolicyCreateInput', {
      on: { kind: 'CATALOG', fullName: 'prod' },
      name: 'production',
      rules: {
        protects: { aliases: ['champion'] },
        gates: [],
        approvals: [{ name: 'lead', count: 1, approvers: [lead.name] }],
      },
    });
  });
  afterAll(() => t.close());

  async function mutate(who: TestPrincipal, name: string, type: string, input: object, fields = '') {
    const document = `mutation($input: ${type}!) { ${name}(input: $input) { ${fields} errors { __typename code message } } }`;
    const { data } = await graphql(t, who.token, document, { input });
    return data[name];
  }

  async function register(): Promise<number> {
    const call = async (route: string, body: object) =>
      (await t.call('POST', `/api/2.0/mlflow/${route}`, { token: scientist.token, body })).body;
    const { experiment_id } = await call('experiments/create', { name: `experiment ${++made}` });
    const { run } = await call('runs/create', { experiment_id });
    const source: string = run.info.artifact_uri;
    const file = `${source.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts')}/model.bin`;
    await t.call('PUT', file, { token: scientist.token, body: 'weights' });
    const { model_version } = await call('model-versions/create', { name: model, source, run_id: run.info.run_id });
    return Number(model_version.version);
  }

  const open = (version: number) =>
    mutate(
      scientist,
      'promotionRequestCreate',
      'PromotionRequestCreateInput',
      { model, version, target: { kind: 'ALIAS', name: 'champion' }, justification: 'better' },
      'promotionRequest { number state evidenceDigest }',
    );
  const decide = (number: number, evidenceDigest: string, verdict = 'APPROVE') =>
    mutate(
      lead,
      'promotionRequestDecide',
      'PromotionRequestDecideInput',
      { number, evidenceDigest, verdict, comment: 'seen' },
      'promotionRequest { state }',
    );
  const traces = () =>
    t.db.first(sql`SELECT (SELECT count(*) FROM promotion_requests) AS requests, (SELECT count(*) FROM decisions) AS decisions,
      (SELECT count(*) FROM stage_transitions) AS transitions, (SELECT count(*) FROM model_aliases) AS aliases`);

  it.each(['PENDING_REGISTRATION', 'FAILED_REGISTRATION'])('is refused for a version that is %s', async (status) => {
    const version = await register();
    await t.db.execute(sql`UPDATE model_versions SET status = ${status} WHERE number = ${version}`);
    const before = await traces();
    const { promotionRequest, errors } = await open(version);
    expect(promotionRequest).toBeNull();
    expect(errors).toMatchObject([{ __typename: 'PreconditionError', message: expect.stringContaining(status) }]);
    expect(await traces()).toEqual(before);
  });

  it('is refused for a version that does not exist', async () => {
    const before = await traces();
    expect((await open(999)).errors).toMatchObject([{ __typename: 'NotFoundError' }]);
    expect((await open(0)).errors).toMatchObject([{ __typename: 'ValidationError' }]);
    expect(await traces()).toEqual(before);
  });

  it('takes no decision on other evidence, and none once it is applied', async () => {
    const { promotionRequest } = await open(await register());
    expect(promotionRequest).toMatchObject({ state: 'AWAITING_APPROVAL' });
    const { number, evidenceDigest } = promotionRequest;
    const opened = await traces();
    expect((await decide(number, 'sha256:other')).errors).toMatchObject([{ __typename: 'ConflictError' }]);
    expect(await traces()).toEqual(opened);

    expect(await decide(number, evidenceDigest)).toMatchObject({ promotionRequest: { state: 'APPLIED' }, errors: [] });
    const applied = await traces();
    for (const verdict of ['APPROVE', 'REJECT', 'REQUEST_CHANGES']) {
      expect(await decide(number, evidenceDigest, verdict)).toMatchObject({
        promotionRequest: null,
        errors: [{ __typename: 'PreconditionError', message: expect.stringContaining('APPLIED') }],
      });
    }
    expect(await traces()).toEqual(applied);
  });
});
