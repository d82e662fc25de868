import { ConsumerLog } from '@app/lineage';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../../test/support/registry-door.js';
import { countStatements } from '../../../../../test/support/statements.js';

const commit = 'c'.repeat(40);

/** Made through MLflow's routes, and read through GraphQL. */
describe('lineage', () => {
  let d: RegistryDoor;
  let name: string;
  let parent: string;
  let runId: string;
  let loggedModelId: string;

  const ask = (query: string, who: TestPrincipal = d.owner) => graphql(d.t, who.token, query);
  const made = async (path: string, body: object) => {
    const answer = await d.post(path, body);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body;
  };
  const run = async (experiment_id: string, run_name: string, tags: Record<string, string> = {}): Promise<string> => {
    const given = Object.entries(tags).map(([key, value]) => ({ key, value }));
    return (await made('runs/create', { experiment_id, run_name, tags: given })).run.info.run_id;
  };
  const dataset = (data: string, context: string) => ({
    dataset: { name: data, digest: 'd1', source_type: 'local', source: '{"uri": "x"}', profile: '{"rows": 3}' },
    tags: [{ key: 'mlflow.data.context', value: context }],
  });

  beforeAll(async () => {
    d = await createRegistryDoor();
    name = await d.model('prod.fraud.scorer');
    const { experiment_id } = await made('experiments/create', { name: '/lab' });
    parent = await run(experiment_id, 'sweep');
    runId = await run(experiment_id, 'fit', {
      'mlflow.parentRunId': parent,
      'mlflow.source.name': 'train.py',
      'mlflow.source.type': 'LOCAL',
      'mlflow.source.git.commit': commit,
      'mlflow.source.git.repoURL': 'https://git.example/lab.git',
    });
    await made('runs/log-inputs', { run_id: runId, datasets: [dataset('sales', 'training'), dataset('old', 'eval')] });
    const logged = { experiment_id, name: 'model', source_run_id: runId };
    loggedModelId = (await made('logged-models', logged)).model.info.model_id;
    await made('runs/outputs', { run_id: runId, models: [{ model_id: loggedModelId, step: 1 }] });
    await made('model-versions/create', { name, source: 's3://bucket/m', run_id: runId });
    await made('model-versions/create', { name, source: 's3://bucket/m', run_id: runId });
  });
  afterAll(() => d.close());

  it('shows of a run its data, models and code, and the runs that it is nested between', async () => {
    const { data, errors } = await ask(`{ run(runId: "${runId}") {
      datasetInputs { context dataset { id name digest sourceType sourceUri profile schema experiment { name } } }
      modelInputs { loggedModelId } modelOutputs { loggedModelId name step }
      sourceCode { name type commit branch repositoryUrl entryPoint }
      parent { runId sourceCode { name } children(first: 5) { nodes { runId } totalCount } } } }`);
    expect(errors).toBeUndefined();
    expect(data.run).toMatchObject({
      datasetInputs: [
        {
          context: 'training',
          dataset: { name: 'sales', digest: 'd1', sourceType: 'local', schema: null, experiment: { name: '/lab' } },
        },
        { context: 'eval', dataset: { name: 'old' } },
      ],
      modelInputs: [],
      modelOutputs: [{ loggedModelId, name: 'model', step: 1 }],
      sourceCode: {
        name: 'train.py',
        type: 'LOCAL',
        commit,
        branch: null,
        repositoryUrl: 'https://git.example/lab.git',
        entryPoint: null,
      },
      parent: { runId: parent, sourceCode: null, children: { nodes: [{ runId }], totalCount: 1 } },
    });
  });

  it('shows of a dataset the versions that were trained on it, to whoever may see them', async () => {
    const inputs = await ask(`{ run(runId: "${runId}") { datasetInputs { dataset { id } } } }`);
    const { id } = inputs.data.run.datasetInputs[0].dataset;
    const impact = (first: number, after?: string) => `{ node(id: "${id}") { ... on Dataset {
      name runs(first: 5) { nodes { name } totalCount }
      versions(first: ${first}${after ? `, after: "${after}"` : ''}) { nodes { displayName } totalCount pageInfo { endCursor hasNextPage } } } } }`;
    const page = (await ask(impact(1))).data.node;
    expect(page).toMatchObject({
      name: 'sales',
      runs: { nodes: [{ name: 'fit' }], totalCount: 1 },
      versions: { nodes: [{ displayName: `${name}/2` }], totalCount: 2, pageInfo: { hasNextPage: true } },
    });
    const next = (await ask(impact(1, page.versions.pageInfo.endCursor))).data.node;
    expect(next.versions).toMatchObject({ nodes: [{ displayName: `${name}/1` }], pageInfo: { hasNextPage: false } });
    // Who may load the model may still not see the experiment.
    expect((await ask(impact(1), d.reader)).data.node).toBeNull();
  });

  const graph = (args: string) => `{ modelVersion(fullName: "${name}", number: 1) { id lineage(${args}) {
    root { id displayName } isPartial truncatedBy
    nodes { id kind displayName reference depth redacted hiddenUpstreamCount hiddenDownstreamCount
      entity { __typename ... on Run { name } ... on Dataset { name } ... on ModelVersion { displayName } } }
    edges { source target kind context } } } }`;

  it('walks upstream from a version', async () => {
    const { data, errors } = await ask(graph('direction: UPSTREAM, maxDepth: 3'));
    expect(errors).toBeUndefined();
    const { lineage, id } = data.modelVersion;
    expect(lineage).toMatchObject({ root: { id, displayName: `${name}/1` }, isPartial: false, truncatedBy: [] });
    expect(lineage.nodes).toMatchObject([
      { displayName: `${name}/1`, depth: 0, entity: { __typename: 'ModelVersion' } },
      { displayName: 'fit', reference: runId, depth: 1, hiddenDownstreamCount: 2, entity: { name: 'fit' } },
      { kind: 'DATASET', displayName: 'sales', depth: 2, entity: { __typename: 'Dataset', name: 'sales' } },
      { kind: 'DATASET', displayName: 'old' },
      { displayName: 'sweep', kind: 'RUN', depth: 2 },
      { displayName: commit, kind: 'SOURCE_CODE', entity: null },
    ]);
    const names = new Map(
      lineage.nodes.map((node: { id: string; displayName: string }) => [node.id, node.displayName]),
    );
    const edges = lineage.edges.map((edge: Record<'source' | 'target' | 'kind' | 'context', string>) =>
      [names.get(edge.source), edge.kind, names.get(edge.target), edge.context].join(' '),
    );
    expect(edges.sort()).toEqual([
      `${commit} SOURCE_CODE fit `,
      `fit REGISTERED ${name}/1 `,
      'old DATASET_INPUT fit eval',
      'sales DATASET_INPUT fit training',
      'sweep PARENT fit ',
    ]);
  });

  it('redacts for a reader what stands in an experiment that he may not see', async () => {
    const { data } = await ask(graph('direction: BOTH, maxDepth: 3'), d.reader);
    const { nodes, isPartial, truncatedBy } = data.modelVersion.lineage;
    expect({ isPartial, truncatedBy }).toEqual({ isPartial: true, truncatedBy: ['PERMISSION'] });
    expect(nodes.slice(1)).toEqual([
      {
        id: expect.any(String),
        kind: 'RUN',
        displayName: null,
        reference: null,
        depth: 1,
        redacted: true,
        hiddenUpstreamCount: 0,
        hiddenDownstreamCount: 0,
        entity: null,
      },
    ]);
    expect((await ask(graph('direction: BOTH'), d.stranger)).data.modelVersion).toBeNull();
  });

  it('refuses bounds that are too wide, and a graph that costs too much', async () => {
    const codes = async (query: string) => (await ask(query)).errors?.map(({ extensions }) => extensions.code);
    expect(await codes(graph('direction: BOTH, maxDepth: 11'))).toEqual(['BAD_USER_INPUT']);
    expect(await codes(graph('direction: BOTH, maxNodes: 0'))).toEqual(['BAD_USER_INPUT']);
    const nested = `{ modelVersion(fullName: "${name}", number: 1) { lineage(direction: BOTH) { nodes { entity {
      ... on Run { lineage(direction: BOTH) { nodes { id } } } } } } } }`;
    expect(await codes(nested)).toEqual(['COST_LIMIT']);
    // All plain values of as many nodes as there may be are no more than a request may cost.
    const plain = graph('direction: BOTH, maxNodes: 1000').replace(/entity \{.*?\} \} \}/s, '}');
    expect(await codes(plain)).toBeUndefined();
  });

  it('walks from a run and from a dataset as well', async () => {
    const { data } = await ask(
      `{ run(runId: "${parent}") { lineage(direction: DOWNSTREAM, maxDepth: 5) { nodes { displayName } } } }`,
    );
    const names = data.run.lineage.nodes.map(({ displayName }: { displayName: string }) => displayName);
    expect(names).toEqual(['sweep', 'fit', 'model', ...[1, 2].map((number) => `${name}/${number}`)]);
    const ofData = await ask(`{ run(runId: "${runId}") { datasetInputs { dataset {
      lineage(direction: DOWNSTREAM, maxDepth: 2) { nodes { displayName } } } } } }`);
    expect(ofData.data.run.datasetInputs[0].dataset.lineage.nodes).toHaveLength(5);
  });

  it('reads what many runs have read and made with a constant number of statements', async () => {
    const query = (first: number) => `{ experiment(name: "/lab") { runs(first: ${first}) { nodes {
      datasetInputs { dataset { name experiment { name } } } modelInputs { name } modelOutputs { name }
      sourceCode { name } parent { name } } } } }`;
    await ask(query(1));
    const counts: number[] = [];
    for (const first of [1, 2]) {
      const statements = countStatements(d.t.app);
      expect((await ask(query(first))).errors).toBeUndefined();
      counts.push(statements.stop().length);
    }
    expect(counts[0]).toBe(counts[1]);
  });

  describe('consumers', () => {
    const use = `consumers(first: 5) { nodes { principal { name } loads days lastAt } totalCount }
      usage { loads consumers lastAt days { day loads consumers } }`;
    const version = `{ modelVersion(fullName: "prod.fraud.scorer", number: 2) { ${use} } }`;
    const model = `{ model(fullName: "prod.fraud.scorer") { ${use} } }`;

    it('are who asked where to download a version from, on every path of it', async () => {
      const load = (number: string, who: TestPrincipal) =>
        d.get('model-versions/get-download-uri', { name, version: number }, who);
      const statements = countStatements(d.t.app);
      await load('2', d.reader);
      const texts = statements.stop();
      expect(texts.filter((text) => text.includes('model_version_consumers'))).toEqual([]);
      await load('2', d.reader);
      await d.t.call('GET', `/ajax-api/2.0/mlflow/model-versions/get-download-uri?name=${name}&version=2`, {
        token: d.owner.token,
      });
      // Not a load: what is refused, what is not there, and what only reads.
      expect((await load('2', d.stranger)).status).toBe(404);
      expect((await load('9', d.reader)).status).toBe(404);
      await d.get('model-versions/get', { name, version: '2' }, d.reader);
      await d.t.app.get(ConsumerLog, { strict: false }).flush();

      const day = new Date().toISOString().slice(0, 10);
      const usage = { loads: 3, consumers: 2, lastAt: expect.any(String), days: [{ day, loads: 3, consumers: 2 }] };
      const seen = (await ask(version)).data.modelVersion;
      expect(seen.usage).toEqual(usage);
      expect(seen.consumers.totalCount).toBe(2);
      expect(seen.consumers.nodes).toEqual(
        expect.arrayContaining([
          { principal: { name: d.reader.name }, loads: 2, days: 1, lastAt: expect.any(String) },
          { principal: { name: d.owner.name }, loads: 1, days: 1, lastAt: expect.any(String) },
        ]),
      );
      expect((await ask(model)).data.model).toEqual(seen);
      // Who may load it himself sees how much it is used, and not by whom.
      expect((await ask(version, d.reader)).data.modelVersion).toEqual({ consumers: null, usage });
      expect((await ask(model, d.reader)).data.model).toEqual({ consumers: null, usage });
    });

    it('stand downstream of the version, for whoever may know their names', async () => {
      const query = `{ modelVersion(fullName: "${name}", number: 2) { lineage(direction: DOWNSTREAM) {
        nodes { kind displayName hiddenDownstreamCount entity { __typename } } } } }`;
      const nodes = async (who: TestPrincipal) => (await ask(query, who)).data.modelVersion.lineage.nodes;
      const consumer = { kind: 'CONSUMER', entity: { __typename: 'Principal' } };
      expect((await nodes(d.owner)).slice(1)).toMatchObject([consumer, consumer]);
      expect(await nodes(d.reader)).toMatchObject([{ displayName: `${name}/2`, hiddenDownstreamCount: 0 }]);
    });

    it('are kept after their principal is gone', async () => {
      const robot = await d.t.make.principal('SERVICE_PRINCIPAL');
      const admin = await d.t.make.admin();
      const grant = `mutation { grantCreate(input: { securable: { kind: CATALOG, fullName: "prod" }, principal: "${robot.name}", privilege: ALL_PRIVILEGES }) { errors { message } } }`;
      expect((await ask(grant)).data.grantCreate.errors).toEqual([]);
      expect((await d.get('model-versions/get-download-uri', { name, version: '1' }, robot)).status).toBe(200);
      const gone = await ask(
        `mutation { principalDelete(input: { name: "${robot.name}" }) { errors { message } } }`,
        admin,
      );
      expect(gone.data.principalDelete.errors).toEqual([]);
      await d.t.app.get(ConsumerLog, { strict: false }).flush();
      const { data } = await ask(version.replace('number: 2', 'number: 1'));
      expect(data.modelVersion.consumers.nodes).toMatchObject([{ principal: null, loads: 1 }]);
    });
  });
});
