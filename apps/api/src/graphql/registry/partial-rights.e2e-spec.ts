import { runInContext } from '@app/platform';
import { Registrations } from '@app/registry';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import { graphql } from '../../../../../test/support/graphql.js';

/** Who holds one right on a model, and not EXECUTE: he does what he may, and learns nothing else of the version. */
describe('a right without EXECUTE', () => {
  let t: TestApp;
  const model = 'prod.fraud.scorer';
  const version =
    '{ number modelVersion { number sourceUri signature files { path } metrics { name } } errors { message } }';
  const input = `model: "${model}", number: 1`;
  const holderOf = async (privilege: 'SET_ALIAS' | 'APPLY_TAG' | 'MANAGE' | 'CREATE_MODEL_VERSION') => {
    const holder = await t.make.user();
    const [catalog] = await t.db.prisma.securable.findMany({ where: { kind: 'CATALOG' } });
    await t.make.grant(holder, { id: catalog?.id as string }, 'USE_CATALOG', 'USE_SCHEMA', privilege);
    return holder;
  };

  beforeAll(async () => {
    t = await createTestApp();
    const owner = await t.make.user();
    await t.make.schema('prod.fraud', owner);
    await t.make.securable('REGISTERED_MODEL', model, owner);
    const registrations = t.app.get(Registrations, { strict: false });
    await runInContext({ requestId: 'test', address: null, caller: owner, memo: {} }, () =>
      registrations.register({ model, source: 's3://secret/place', runId: 'a-run' }),
    );
  });
  afterAll(() => t.close());

  it.each([
    ['SET_ALIAS', `modelVersionStageTransition(input: { ${input}, stage: STAGING }) ${version}`],
    ['SET_ALIAS', `modelVersionStageTransition(input: { ${input}, stage: STAGING }) ${version}`],
    ['MANAGE', `modelVersionUpdate(input: { ${input}, description: "x" }) ${version}`],
    ['APPLY_TAG', `modelVersionTagSet(input: { ${input}, key: "k", value: "v" }) ${version}`],
    ['APPLY_TAG', `modelVersionTagDelete(input: { ${input}, key: "k" }) ${version}`],
  ] as const)('%s: %s', async (privilege, mutation) => {
    const holder = await holderOf(privilege);
    const { data, errors } = await graphql(t, holder.token, `mutation { answer: ${mutation} }`);
    expect(errors).toBeUndefined();
    expect(data.answer).toEqual({ number: 1, modelVersion: null, errors: [] });
  });

  it('CREATE_MODEL_VERSION: registers, and is told the number', async () => {
    const holder = await holderOf('CREATE_MODEL_VERSION');
    const register = `mutation { answer: modelVersionRegister(input: { model: "${model}", source: "s3://mine" }) ${version} }`;
    expect((await graphql(t, holder.token, register)).data.answer).toEqual({
      number: 2,
      modelVersion: null,
      errors: [],
    });
  });

  it('MLflow: a stage is moved, and the source stays unsaid', async () => {
    const holder = await holderOf('SET_ALIAS');
    const { status, body } = await t.call('POST', '/api/2.0/mlflow/model-versions/transition-stage', {
      token: holder.token,
      body: { name: model, version: '1', stage: 'Archived' },
    });
    expect({ status, body }).toEqual({
      status: 200,
      body: { model_version: { name: model, version: '1', current_stage: 'Archived' } },
    });
  });
});
