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
    edges { id source target kind context observedAt runId } } } }`;

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

  it('shows the graph of a moment and of some kinds, with edges that keep their ids', async () => {
    const shown = async (args: string) =>
      (await ask(graph(`direction: UPSTREAM, maxDepth: 5, ${args}`))).data.modelVersion.lineage;
    const all = await shown('');
    const registered = all.edges.find(({ kind }: { kind: string }) => kind === 'REGISTERED');
    expect(registered).toMatchObject({ runId, observedAt: expect.stringMatching(/^20.*Z$/) });
    expect(new Set(all.edges.map(({ id }: { id: string }) => id)).size).toBe(all.edges.length);
    const some = await shown('kinds: [RUN]');
    expect(some.nodes.map(({ kind }: { kind: string }) => kind)).toEqual(['MODEL_VERSION', 'RUN', 'RUN']);
    expect(some.edges).toContainEqual(registered);
    expect((await shown('asOf: "2020-01-01T00:00:00Z"')).nodes).toHaveLength(1);
    const future = await ask(graph('direction: UPSTREAM, asOf: "2999-01-01T00:00:00Z"'));
    expect(future.errors?.[0]).toMatchObject({
      message: 'asOf: 2999-01-01T00:00:00.000Z is still to come: give an instant of the past',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('finds the paths from data to a version, and what the data had an effect on', async () => {
    const { data } = await ask(`{ modelVersion(fullName: "${name}", number: 2) { id }
      run(runId: "${runId}") { id datasetInputs { dataset { id impact(first: 5) { nodes { displayName } totalCount isPartial }
        held: impact(first: 5, holdsTarget: true) { totalCount } } } } }`);
    const [{ dataset: sales }] = data.run.datasetInputs;
    const versions = [2, 1].map((number) => ({ displayName: `${name}/${number}` }));
    expect(sales.impact).toEqual({ nodes: versions, totalCount: 2, isPartial: false });
    expect(sales.held).toEqual({ totalCount: 0 });
    const query = (from: string, to: string) => `{ lineagePaths(from: "${from}", to: "${to}") { isPartial truncatedBy
      paths { nodes { displayName depth hiddenDownstreamCount } edges { kind } } } }`;
    const { data: found } = await ask(query(sales.id, data.modelVersion.id));
    const nodes = [
      { displayName: 'sales', depth: 0, hiddenDownstreamCount: 0 },
      // The logged model and the other version.
      { displayName: 'fit', depth: 1, hiddenDownstreamCount: 2 },
      { displayName: `${name}/2`, depth: 2, hiddenDownstreamCount: 0 },
    ];
    const paths = [{ nodes, edges: [{ kind: 'DATASET_INPUT' }, { kind: 'REGISTERED' }] }];
    expect(found.lineagePaths).toEqual({ isPartial: false, truncatedBy: [], paths });
    // Not upstream; hidden from a reader, and from a stranger; and ids of something else.
    expect((await ask(query(data.modelVersion.id, data.run.id))).data.lineagePaths.paths).toEqual([]);
    for (const who of [d.reader, d.stranger])
      expect((await ask(query(sales.id, data.modelVersion.id), who)).data.lineagePaths).toBeNull();
    const model = (await ask(`{ model(fullName: "${name}") { id } }`)).data.model.id;
    expect((await ask(query(model, sales.id))).errors?.[0].message).toMatch(
      /^from: .* is the id of a RegisteredModel, not of a/,
    );
    const same = await ask(query(sales.id, sales.id));
    expect(same.errors?.[0].message).toBe('to: is the same as from: name two nodes');
  });

  it('begins at whatever is a LineageEntity', async () => {
    const { data } = await ask(`{ run(runId: "${runId}") { id } }`);
    const { data: found } = await ask(`{ node(id: "${data.run.id}") { __typename ... on LineageEntity { displayName
      lineage(direction: UPSTREAM) { nodes { kind } } } } }`);
    expect(found.node).toMatchObject({ __typename: 'Run', displayName: 'fit', lineage: { nodes: { length: 5 } } });
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
});
