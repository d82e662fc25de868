import { runInContext } from '@app/platform';
import { Policies } from '@app/policy';
import { Registrations } from '@app/registry';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../support/app.js';
import type { TestPrincipal } from '../support/factories.js';
import { graphql } from '../support/graphql.js';
import { eventually } from '../support/processes.js';

/** A protected target moves by promotion requests only, at every door, and who tried otherwise is on record. */
describe('a protected target', () => {
  let t: TestApp;
  let owner: TestPrincipal;
  const model = 'prod.fraud.scorer';
  beforeAll(async () => {
    t = await createTestApp();
    owner = await t.make.user('owner');
    const schema = await t.make.schema('prod.fraud', owner);
    await t.make.schema('prod.other', owner);
    await t.make.schema('free.place', owner);
    for (const name of [model, 'free.place.champion']) await t.make.securable('REGISTERED_MODEL', name, owner);
    await t.make.grant(owner, { id: schema.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE', 'MANAGE_POLICY');
    const as = <T>(work: () => Promise<T>) =>
      runInContext({ requestId: 'test', address: null, caller: owner, memo: {} }, work);
    for (const [name, source] of [
      [model, 's3://elsewhere/1'],
      [model, 's3://elsewhere/2'],
      ['free.place.champion', 's3://elsewhere/3'],
    ] as const) {
      await as(() => t.app.get(Registrations, { strict: false }).register({ model: name, source }));
    }
    const free = { name: 'free.place.champion', alias: 'champion', version: '1' };
    await t.call('POST', '/api/2.0/mlflow/registered-models/alias', { token: owner.token, body: free });
    const move = await t.call('POST', '/api/2.0/mlflow/model-versions/transition-stage', {
      token: owner.token,
      body: { name: model, version: '1', stage: 'Production' },
    });
    expect(move.status).toBe(200);
    const alias = { name: model, alias: 'champion', version: '1' };
    await t.call('POST', '/api/2.0/mlflow/registered-models/alias', { token: owner.token, body: alias });
    const rules = { protects: { stages: ['Production'], aliases: ['champ*'] } };
    const on = { kind: 'CATALOG', fullName: 'prod' } as const;
    await as(() => t.app.get(Policies, { strict: false }).create({ on, name: 'production', rules }));
  });
  afterAll(() => t.close());

  const holders = () =>
    t.db.query(
      sql`SELECT s.full_name AS model, v.number, v.stage, a.alias FROM model_versions v JOIN securables s ON s.id = v.model_id
        LEFT JOIN model_aliases a ON a.version_id = v.id WHERE v.stage <> 'None' OR a.alias IS NOT NULL ORDER BY 1, 2`,
    );
  const refusals = async () => {
    const rows = await t.db.query<{ reason: string }>(
      sql`SELECT reason FROM audit_events WHERE outcome = 'REFUSED' AND actor_id = ${owner.id}::uuid ORDER BY occurred_at, id`,
    );
    return rows.map(({ reason }) => reason);
  };

  const mlflow = 'api/2.0/mlflow';
  const named = { name: model };
  it.each([
    ['POST', 'registered-models/alias', { ...named, alias: 'champion', version: '2' }],
    ['POST', 'registered-models/alias', { ...named, alias: 'Champion', version: '2' }],
    ['DELETE', 'registered-models/alias', { ...named, alias: 'champion' }],
    ['POST', 'model-versions/transition-stage', { ...named, version: '2', stage: 'production' }],
    [
      'POST',
      'model-versions/transition-stage',
      { ...named, version: '2', stage: 'Production', archive_existing_versions: true },
    ],
    ['POST', 'model-versions/transition-stage', { ...named, version: '1', stage: 'Archived' }],
    // The way out of a protected stage, by a stage that nothing protects.
    [
      'POST',
      'model-versions/transition-stage',
      { ...named, version: '1', stage: 'Staging', archive_existing_versions: true },
    ],
    // Out of the policy's reach, within it, and into it with a champion that was set outside.
    ['POST', 'registered-models/rename', { ...named, new_name: 'free.place.scorer' }],
    ['POST', 'registered-models/rename', { ...named, new_name: 'prod.other.scorer' }],
    ['POST', 'registered-models/rename', { name: 'free.place.champion', new_name: 'prod.fraud.champion' }],
    ['DELETE', 'model-versions/delete', { ...named, version: '1' }],
    ['DELETE', 'registered-models/delete', named],
  ])('MLflow: %s %s %j is refused, and recorded', async (method, path, body) => {
    const [before, recorded] = [await holders(), (await refusals()).length];
    const answer = await t.call(method, `/${mlflow}/${path}`, { token: owner.token, body });
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    expect(answer.body.message).toContain('promotionRequestCreate');
    expect(await holders()).toEqual(before);
    const after = await eventually(refusals, ({ length }) => length > recorded);
    expect(after.slice(recorded)).toEqual([expect.stringContaining('is protected by policy "production"')]);
  });

  it.each([
    `modelAliasSet(input: { model: "${model}", alias: "champion", number: 2 })`,
    `modelAliasDelete(input: { model: "${model}", alias: "champion" })`,
    `modelVersionStageTransition(input: { model: "${model}", number: 2, stage: PRODUCTION })`,
    `modelVersionStageTransition(input: { model: "${model}", number: 1, stage: NONE })`,
    `modelVersionDelete(input: { model: "${model}", number: 1 })`,
    `modelDelete(input: { fullName: "${model}" })`,
    `modelRename(input: { fullName: "${model}", newFullName: "free.place.scorer" })`,
    `modelRename(input: { fullName: "free.place.champion", newFullName: "prod.fraud.champion" })`,
  ])('GraphQL: %s is refused, and recorded', async (mutation) => {
    const [before, recorded] = [await holders(), (await refusals()).length];
    const errors = 'errors { __typename message ... on ProtectedTargetError { policies { name revision on } } }';
    const { data } = await graphql(t, owner.token, `mutation { answer: ${mutation} { ${errors} } }`);
    expect(data.answer.errors).toMatchObject([
      { __typename: 'ProtectedTargetError', policies: [{ name: 'production', revision: 1, on: 'catalog prod' }] },
    ]);
    expect(await holders()).toEqual(before);
    const after = await eventually(refusals, ({ length }) => length > recorded);
    expect(after).toHaveLength(recorded + 1);
  });

  // What is allowed, and moves no target by the way.
  it.each([
    ['POST', 'registered-models/set-tag', { ...named, key: 'mlflow.registered_model.alias.champion', value: '2' }],
    ['POST', 'model-versions/set-tag', { ...named, version: '2', key: 'alias', value: 'champion' }],
    ['POST', 'model-versions/set-tag', { ...named, version: '2', key: 'stage', value: 'Production' }],
    ['POST', 'model-versions/set-tag', { ...named, version: '2', key: 'approval', value: 'Approved' }],
    [
      'PATCH',
      'model-versions/update',
      { ...named, version: '2', description: 'x', stage: 'Production', alias: 'champion' },
    ],
    [
      'PATCH',
      'registered-models/update',
      { ...named, description: 'x', aliases: [{ alias: 'champion', version: '2' }], latest_versions: [] },
    ],
    [
      'POST',
      'model-versions/create',
      { ...named, source: 's3://elsewhere/4', stage: 'Production', aliases: ['champion'] },
    ],
    // A copy comes without what the original holds, wherever it goes.
    ['POST', 'model-versions/create', { ...named, source: `models:/${model}/1` }],
    ['POST', 'model-versions/create', { name: 'free.place.champion', source: `models:/${model}/1` }],
  ])('MLflow: %s %s %j moves nothing', async (method, path, body) => {
    const before = await holders();
    const answer = await t.call(method, `/${mlflow}/${path}`, { token: owner.token, body });
    expect([200, 400]).toContain(answer.status);
    expect(await holders()).toEqual(before);
  });

  it('is not reached by a deletion and a model of the same name, nor by emptying its schema and catalog', async () => {
    const before = await holders();
    for (const mutation of [
      'schemaDelete(input: { fullName: "prod.fraud" })',
      'catalogDelete(input: { name: "prod" })',
      `modelCreate(input: { fullName: "${model}" })`,
      `modelCreate(input: { fullName: "PROD.Fraud.SCORER" })`,
    ]) {
      const { data } = await graphql(t, owner.token, `mutation { answer: ${mutation} { errors { code } } }`);
      expect([mutation, data.answer.errors]).toEqual([mutation, [{ code: expect.any(String) }]]);
    }
    expect(await holders()).toEqual(before);
  });

  it('is as protected under another name in its schema, and so is a new model of the old name', async () => {
    const call = (path: string, body: object) => t.call('POST', `/${mlflow}/${path}`, { token: owner.token, body });
    const renamed = 'prod.fraud.renamed';
    expect((await call('registered-models/rename', { ...named, new_name: renamed })).status).toBe(200);
    expect((await call('registered-models/create', named)).status).toBe(200);
    expect((await call('model-versions/create', { ...named, source: 's3://elsewhere/5' })).status).toBe(200);
    const before = await holders();
    for (const [name, version] of [
      [renamed, '2'],
      [model, '1'],
    ]) {
      const alias = await call('registered-models/alias', { name, alias: 'champion', version });
      const stage = await call('model-versions/transition-stage', { name, version, stage: 'Production' });
      expect([alias.status, stage.status]).toEqual([403, 403]);
      expect(alias.body.message).toContain('promotionRequestCreate');
    }
    expect(await holders()).toEqual(before);
  });
});
