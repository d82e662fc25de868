import fs from 'node:fs';
import path from 'node:path';
import { runInContext, TransactionalPool } from '@app/platform';
import { Registrations } from '@app/registry';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

describe('the registry over GraphQL', () => {
  let t: TestApp;
  let owner: TestPrincipal;
  let catalogId: string;
  const model = 'prod.fraud.scorer';

  beforeAll(async () => {
    t = await createTestApp();
    owner = await t.make.user('owner');
    const schema = await t.make.schema('prod.fraud', owner);
    catalogId = schema.catalogId as string;
  });
  afterAll(() => t.close());

  const run = (who: TestPrincipal, query: string, variables = {}) => graphql(t, who.token, query, variables);

  /** A version with files of its own, and a run with a metric. */
  async function register(name: string): Promise<void> {
    const storagePath = `0/models/m-${Math.random().toString(16).slice(2)}/artifacts`;
    const folder = path.join(t.env.DATA_DIR as string, 'artifacts', storagePath);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(
      path.join(folder, 'MLmodel'),
      'flavors: {}\nsignature:\n  inputs: \'[{"type": "double", "name": "x"}]\'\n',
    );
    const runId = storagePath.replace(/\W/g, '').slice(0, 32);
    await t.db.execute(sql`INSERT INTO runs (id, experiment_id, name, user_id, principal_id, start_time, artifact_uri)
      VALUES (${runId}, 0, 'run', 'owner', ${owner.id}::uuid, 1, 'mlflow-artifacts:/0')`);
    await t.db.execute(
      sql`INSERT INTO latest_metrics (run_id, experiment_id, key, value, timestamp, step) VALUES (${runId}, 0, 'auc', 0.9, 1, 0)`,
    );
    const registrations = t.app.get(Registrations, { strict: false });
    const registration = { model: name, source: `mlflow-artifacts:/${storagePath}`, storagePath, runId };
    await runInContext({ requestId: 'test', address: null, caller: owner, memo: {} }, () =>
      registrations.register(registration),
    );
  }

  it('creates, reads, tags, describes, renames and deletes', async () => {
    const create =
      'mutation($n: String!) { modelCreate(input: { fullName: $n, tags: [{ key: "team", value: "risk" }] }) { model { fullName tags { key value } owner { name } } errors { __typename message } } }';
    expect((await run(owner, create, { n: model })).data.modelCreate).toEqual({
      model: { fullName: model, tags: [{ key: 'team', value: 'risk' }], owner: { name: 'owner' } },
      errors: [],
    });
    expect((await run(owner, create, { n: 'PROD.Fraud.SCORER' })).data.modelCreate.errors[0].__typename).toBe(
      'AlreadyExistsError',
    );
    for (const wrong of ['prod.fraud.a/b', 'prod.fraud', 'flat', 'a.b.c.d', 'prod.fraud. x', 'prod..x']) {
      expect((await run(owner, create, { n: wrong })).data.modelCreate.errors[0].__typename).toBe('ValidationError');
    }
    const update = `mutation { securableUpdate(input: { securable: { kind: REGISTERED_MODEL, fullName: "${model}" }, description: "scores" }) { securable { description } errors { message } } }`;
    expect((await run(owner, update)).data.securableUpdate.securable.description).toBe('scores');
    await run(owner, create, { n: 'prod.fraud.temporary' });
    const rename =
      'mutation { modelRename(input: { fullName: "prod.fraud.temporary", newFullName: "prod.fraud.renamed" }) { model { fullName } errors { message } } }';
    expect((await run(owner, rename)).data.modelRename.model.fullName).toBe('prod.fraud.renamed');
    const remove =
      'mutation { modelDelete(input: { fullName: "prod.fraud.renamed" }) { deletedFullName errors { message } } }';
    expect((await run(owner, remove)).data.modelDelete.errors).toEqual([]);
    expect((await run(owner, '{ model(fullName: "prod.fraud.renamed") { id } }')).data.model).toBeNull();
  });

  it('registers from a source, moves aliases and stages, and keeps the history', async () => {
    await register(model);
    await register(model);
    const alias = `mutation { modelAliasSet(input: { model: "${model}", alias: "blue", number: 2 }) { alias { name protected version { number } setBy { name } } errors { message } } }`;
    expect((await run(owner, alias)).data.modelAliasSet.alias).toMatchObject({
      name: 'blue',
      protected: false,
      version: { number: 2 },
    });
    const stage = `mutation { modelVersionStageTransition(input: { model: "${model}", number: 1, stage: STAGING }) { modelVersion { stage } errors { message } } }`;
    expect((await run(owner, stage)).data.modelVersionStageTransition.modelVersion.stage).toBe('STAGING');
    const copy = `mutation { modelVersionRegister(input: { model: "${model}", source: "models:/${model}/1" }) { modelVersion { number status artifactDigest } errors { message } } }`;
    const copied = (await run(owner, copy)).data.modelVersionRegister.modelVersion;
    expect(copied).toMatchObject({
      number: 3,
      status: 'READY',
      artifactDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const read = `{ model(fullName: "${model}") {
      versionByAlias(alias: "blue") { number } versionByStage(stage: STAGING) { number } none: version(number: 99) { number }
      versions(last: 2) { totalCount nodes { number displayName signature files { path size sha256 } } }
      transitions(first: 5) { totalCount nodes { target { kind name } versionNumber actor { name } promotionRequest { number } } } } }`;
    const { data } = await run(owner, read);
    expect(data.model).toMatchObject({
      versionByAlias: { number: 2 },
      versionByStage: { number: 1 },
      none: null,
      versions: { totalCount: 3 },
      transitions: {
        totalCount: 2,
        nodes: [{ target: { kind: 'STAGE', name: 'Staging' } }, { target: { kind: 'ALIAS', name: 'blue' } }],
      },
    });
    expect(data.model.versions.nodes[0].files).toHaveLength(1);
  });

  it.each([0, -1])('refuses the version number %s', async (number) => {
    const { errors } = await run(owner, `{ modelVersion(fullName: "${model}", number: ${number}) { id } }`);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  it('shows a viewer with BROWSE the name, description and tags, and nothing else', async () => {
    const browser = await t.make.user('browser');
    await t.make.grant(browser, { id: catalogId }, 'BROWSE');
    const { data, errors } = await run(
      browser,
      `{ model(fullName: "${model}") { fullName description tags { key } viewerCan aliases { name }
        versions(first: 5) { totalCount } version(number: 1) { id } versionByAlias(alias: "blue") { id } transitions(first: 5) { totalCount } }
        modelVersion(fullName: "${model}", number: 1) { id } }`,
    );
    // A query for the version itself is a refusal of its own: the viewer sees the model, and lacks EXECUTE.
    expect(errors?.[0]).toMatchObject({ path: ['modelVersion'], extensions: { code: 'FORBIDDEN' } });
    expect(data.model).toEqual({
      fullName: model,
      description: 'scores',
      tags: [{ key: 'team' }],
      viewerCan: [],
      aliases: [],
      versions: null,
      version: null,
      versionByAlias: null,
      transitions: null,
    });
  });

  it('costs a constant number of statements, whatever the number of versions', async () => {
    for (let i = 0; i < 12; i++) await register(model);
    const pool = t.app.get(TransactionalPool, { strict: false });
    const statementsOf = async (first: number) => {
      const spy = jest.spyOn(pool, 'query');
      const query = `{ model(fullName: "${model}") { versions(first: ${first}) { nodes {
        number model { fullName owner { name } } metrics { name value } aliases tags { key } signature createdBy { name } } } } }`;
      const { data, errors } = await run(owner, query);
      expect(errors).toBeUndefined();
      expect(data.model.versions.nodes).toHaveLength(first);
      const count = spy.mock.calls.length;
      spy.mockRestore();
      return count;
    };
    const few = await statementsOf(2);
    expect(await statementsOf(14)).toBe(few);
    expect(few).toBeLessThanOrEqual(12);
  });

  it('walks models forward and backward, each once, also while others are made', async () => {
    const make = (i: number) =>
      run(
        owner,
        `mutation { modelCreate(input: { fullName: "prod.fraud.walk-${String(i).padStart(2, '0')}" }) { errors { message } } }`,
      );
    for (let i = 0; i < 12; i += 2) await make(i);
    const seen: string[] = [];
    let after: string | null = null;
    for (let i = 1; ; i += 2) {
      const page = await run(
        owner,
        'query($after: String) { models(first: 2, after: $after, filter: { nameContains: "walk-" }) { nodes { name } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      seen.push(...page.data.models.nodes.map(({ name }: { name: string }) => name));
      if (!page.data.models.pageInfo.hasNextPage) break;
      after = page.data.models.pageInfo.endCursor;
      await make(i);
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (let i = 0; i < 12; i += 2) expect(seen).toContain(`walk-${String(i).padStart(2, '0')}`);
    const back = await run(
      owner,
      '{ models(last: 3, filter: { nameContains: "walk-" }) { nodes { name } pageInfo { hasPreviousPage startCursor } } }',
    );
    expect(back.data.models.nodes.map(({ name }: { name: string }) => name)).toEqual(['walk-06', 'walk-08', 'walk-10']);
    const other = await run(
      owner,
      'query($c: String) { models(first: 2, after: $c, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { name } } }',
      { c: back.data.models.pageInfo.startCursor },
    );
    expect(other.errors?.[0]?.message).toContain('belongs to the order');
  });
});
