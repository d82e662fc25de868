import { runInContext } from '@app/platform';
import { Experiments, RunData, Runs } from '@app/tracking';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';

describe('Experiments and runs through GraphQL', () => {
  let t: TestApp;
  let owner: TestPrincipal;
  let reader: TestPrincipal;
  let tagger: TestPrincipal;
  let stranger: TestPrincipal;
  const experimentIds: Record<string, string> = {};
  const runIds: string[] = [];
  const name = '/Users/ada/churn';

  const as = <T>(caller: TestPrincipal, work: () => Promise<T>) =>
    runInContext({ requestId: 'test', address: null, caller, memo: {} }, work);
  const service = <T>(type: new (...args: never[]) => T): T => t.app.get(type as never, { strict: false });

  beforeAll(async () => {
    t = await createTestApp();
    [owner, reader] = [await t.make.user('owner'), await t.make.user('reader')];
    [tagger, stranger] = [await t.make.user('tagger'), await t.make.user('stranger')];
    for (const each of [name, '/Users/ada/fraud', '/Users/ada/old', '/Users/ada/secret']) {
      const made = await as(owner, () =>
        service(Experiments).create({ name: each, tags: [{ key: 'team', value: 'x' }] }),
      );
      experimentIds[each] = made.experimentId;
      if (each.endsWith('secret')) continue;
      await t.make.grant(reader, made, 'READ');
      await t.make.grant(tagger, made, 'EDIT');
    }
    await as(owner, () => service(Experiments).delete(experimentIds['/Users/ada/old'] as string));
    for (const startTime of [1000, 3000, 2000]) {
      const made = await as(owner, () =>
        service(Runs).create({ experimentId: experimentIds[name] as string, name: `run-${startTime}`, startTime }),
      );
      runIds.push(made.id);
      await as(owner, () =>
        service(RunData).log(made.id, {
          params: [{ key: 'depth', value: String(startTime) }],
          metrics: [
            {
              key: 'auc',
              value: 0.9,
              timestamp: 1,
              step: 2 ** 40,
              modelId: null,
              datasetName: null,
              datasetDigest: null,
            },
            {
              key: 'loss',
              value: Number.NaN,
              timestamp: 1,
              step: 0,
              modelId: null,
              datasetName: null,
              datasetDigest: null,
            },
          ],
        }),
      );
    }
    await as(owner, () => service(Runs).delete(runIds[2] as string));
  });
  afterAll(() => t.close());

  const ask = async (who: TestPrincipal, query: string, variables?: Record<string, unknown>) => {
    const { data, errors } = await graphql(t, who.token, query, variables);
    expect(errors).toBeUndefined();
    return data;
  };

  it('show an experiment by name, by number and by id, with its runs, params, metrics and tags', async () => {
    const fields = `id name fullName experimentId lifecycleStage artifactLocation tags { key value } owner { name } viewerCan
      runs(first: 5) { totalCount nodes { runId name status startTime endTime userId createdBy { name }
        params { key value } metrics { name value step } experiment { name } } }`;
    const { byName, byNumber } = await ask(
      reader,
      `{ byName: experiment(name: "${name}") { ${fields} } byNumber: experiment(experimentId: "${experimentIds[name]}") { ${fields} } }`,
    );
    expect(byNumber).toEqual(byName);
    expect(byName).toMatchObject({
      name,
      fullName: name,
      experimentId: experimentIds[name],
      lifecycleStage: 'ACTIVE',
      artifactLocation: `mlflow-artifacts:/${experimentIds[name]}`,
      tags: [{ key: 'team', value: 'x' }],
      owner: { name: 'owner' },
      viewerCan: ['READ'],
    });
    expect(byName.runs).toMatchObject({
      totalCount: 2,
      nodes: [
        {
          runId: runIds[1],
          name: 'run-3000',
          status: 'RUNNING',
          startTime: '1970-01-01T00:00:03.000Z',
          endTime: null,
          createdBy: { name: 'owner' },
          params: [{ key: 'depth', value: '3000' }],
          metrics: [
            { name: 'auc', value: 0.9, step: 2 ** 40 },
            { name: 'loss', value: null, step: 0 },
          ],
          experiment: { name },
        },
        { runId: runIds[0] },
      ],
    });
    const { run } = await ask(reader, `{ run(runId: "${runIds[0]}") { id name tags { key value } } }`);
    expect(run).toMatchObject({ name: 'run-1000', tags: [{ key: 'mlflow.runName', value: 'run-1000' }] });
    const { nodes } = await ask(reader, 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', {
      ids: [byName.id, run.id],
    });
    expect(nodes).toEqual([
      { __typename: 'Experiment', id: byName.id },
      { __typename: 'Run', id: run.id },
    ]);
  });

  it('list what the caller may know of, in pages of full size, by name, age and stage', async () => {
    const list = async (who: TestPrincipal, args: string) =>
      (await ask(who, `{ experiments(${args}) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }`))
        .experiments;
    const names = ({ nodes }: { nodes: { name: string }[] }) => nodes.map((node) => node.name);
    const first = await list(reader, 'first: 1');
    expect([names(first), first.totalCount, first.pageInfo.hasNextPage]).toEqual([[name], 2, true]);
    const second = await list(reader, `first: 1, after: "${first.pageInfo.endCursor}"`);
    expect([names(second), second.pageInfo.hasNextPage]).toEqual([['/Users/ada/fraud'], false]);
    expect(names(await list(reader, 'first: 9, filter: { lifecycleStage: DELETED }'))).toEqual(['/Users/ada/old']);
    expect(names(await list(reader, 'first: 9, filter: { lifecycleStage: null, nameContains: "ADA/" }'))).toHaveLength(
      3,
    );
    const newest = 'orderBy: { field: CREATED_AT, direction: DESC }';
    expect(names(await list(owner, `first: 9, ${newest}`))).toEqual(['/Users/ada/secret', '/Users/ada/fraud', name]);
    expect(await list(stranger, 'first: 9')).toMatchObject({ totalCount: 0, nodes: [] });
    // Whoever holds another privilege sees the experiment, and not its runs.
    expect(names(await list(tagger, 'first: 9'))).toEqual([name, '/Users/ada/fraud']);
    const { experiment } = await ask(
      tagger,
      `{ experiment(name: "${name}") { name viewerCan runs(first: 1) { totalCount } } }`,
    );
    expect(experiment).toEqual({ name, viewerCan: ['EDIT'], runs: null });
  });

  it('page through the runs of an experiment', async () => {
    const runs = async (args: string) =>
      (
        await ask(
          reader,
          `{ experiment(name: "${name}") { runs(${args}) { totalCount nodes { name } pageInfo { endCursor hasNextPage } } } }`,
        )
      ).experiment.runs;
    const all = 'filter: { lifecycleStage: null }, orderBy: { field: START_TIME, direction: ASC }';
    const seen: string[] = [];
    let after = '';
    for (let more = true; more; ) {
      const page = await runs(`first: 1, ${all}${after}`);
      seen.push(page.nodes[0].name);
      after = `, after: "${page.pageInfo.endCursor}"`;
      more = page.pageInfo.hasNextPage;
      expect(page.totalCount).toBe(3);
    }
    expect(seen).toEqual(['run-1000', 'run-2000', 'run-3000']);
    expect((await runs('last: 1, orderBy: { field: NAME, direction: DESC }')).nodes).toEqual([{ name: 'run-1000' }]);
    expect((await runs('first: 9, filter: { nameContains: "RUN-3" }')).nodes).toEqual([{ name: 'run-3000' }]);
    expect((await runs('first: 9, filter: { status: FINISHED }')).totalCount).toBe(0);
  });

  it.each([
    [`experiment(name: "/Users/ada/secret") { id }`, 'experiment(name: "none") { id }'],
    ['experiment(experimentId: "%secret%") { id }', 'experiment(experimentId: "987654") { id }'],
    ['run(runId: "%run%") { id }', 'run(runId: "00000000000040008000000000000000") { id }'],
    ['run(runId: "%run%") { id }', 'run(runId: "no-id") { id }'],
  ])('%s: the hidden is answered like the absent', async (hidden, absent) => {
    const run = await as(owner, () =>
      service(Runs).create({ experimentId: experimentIds['/Users/ada/secret'] as string }),
    );
    const query = hidden.replace('%secret%', experimentIds['/Users/ada/secret'] as string).replace('%run%', run.id);
    for (const who of [reader, stranger])
      expect(await ask(who, `{ ${query} }`)).toEqual(await ask(who, `{ ${absent} }`));
    expect(Object.values(await ask(owner, `{ ${query} }`))[0]).not.toBeNull();
  });

  it('want exactly one name for an experiment', async () => {
    for (const args of ['', '(name: "a", experimentId: "1")']) {
      const { errors } = await graphql(t, reader.token, `{ experiment${args} { id } }`);
      expect(errors?.[0]).toMatchObject({
        message: 'name, experimentId: give exactly one of them',
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
  });

  it('show the run of a version to those who may read its experiment', async () => {
    await t.make.schema('prod.fraud', owner);
    const model = await t.make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
    for (const who of [owner, reader, stranger]) {
      await t.make.grant(who, { id: model.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    }
    await t.db.execute(sql`INSERT INTO model_versions (id, model_id, number, status, source, run_id)
      VALUES (gen_random_uuid(), ${model.id}::uuid, 1, 'READY', 's3://x/y', ${runIds[0]}),
        (gen_random_uuid(), ${model.id}::uuid, 2, 'READY', 's3://x/z', NULL)`);
    const query = `{ model(fullName: "prod.fraud.scorer") { versions(first: 5) { nodes { number sourceRunId run { name params { value } } } } } }`;
    const runsSeenBy = async (who: TestPrincipal) =>
      (await ask(who, query)).model.versions.nodes.map(({ run }: { run: unknown }) => run);
    expect(await runsSeenBy(reader)).toEqual([null, { name: 'run-1000', params: [{ value: '1000' }] }]);
    expect(await runsSeenBy(stranger)).toEqual([null, null]);
  });

  it('take owners, tags and grants as every securable does', async () => {
    const securable = `securable: { kind: EXPERIMENT, fullName: "/Users/ada/fraud" }`;
    const answer = await ask(
      owner,
      `mutation {
        tagSet(input: { ${securable}, key: "team", value: "risk" }) { securable { __typename tags { value } } errors { message } }
        grantCreate(input: { ${securable}, principal: "stranger", privilege: READ }) { grant { securable { kind } } errors { message } }
        securableUpdate(input: { ${securable}, owner: "tagger" }) { securable { fullName owner { name } } errors { message } }
      }`,
    );
    expect(answer).toEqual({
      tagSet: { securable: { __typename: 'Experiment', tags: [{ value: 'risk' }] }, errors: [] },
      grantCreate: { grant: { securable: { kind: 'EXPERIMENT' } }, errors: [] },
      // The former owner holds nothing on it any more.
      securableUpdate: { securable: null, errors: [] },
    });
    const count = (list: string) => `${list}(first: 9) { totalCount }`;
    const lists = ['grants', 'inheritedGrants', 'policies', 'auditEvents'].map(count).join(' ');
    const seen = `{ experiment(name: "/Users/ada/fraud") { grantsRevision viewerCan ${lists} } }`;
    expect(await ask(owner, seen)).toEqual({ experiment: null });
    expect(await ask(tagger, seen)).toMatchObject({
      experiment: {
        viewerCan: ['READ', 'EDIT', 'MANAGE'],
        grants: { totalCount: 3 },
        inheritedGrants: { totalCount: 0 },
        policies: null,
        auditEvents: { totalCount: 0 },
      },
    });
    expect(await ask(stranger, seen)).toMatchObject({ experiment: { viewerCan: ['READ'], grants: { totalCount: 1 } } });
    const refused = await ask(
      stranger,
      `mutation { tagSet(input: { ${securable}, key: "k", value: "v" }) { errors { code } } }`,
    );
    expect(refused.tagSet.errors).toEqual([{ code: 'MISSING_PRIVILEGE' }]);
  });
});
