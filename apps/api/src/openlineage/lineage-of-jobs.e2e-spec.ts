import { METASTORE_ID } from '@app/access';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';
import { data, runEvent, sent } from '../../../../test/support/openlineage.js';
import { createRegistryDoor, type RegistryDoor } from '../../../../test/support/registry-door.js';

interface Graph {
  nodes: { id: string; displayName: string; kind: string; entity: { __typename: string } }[];
  edges: { source: string; target: string; kind: string; context: string; observedAt: string }[];
}

/** Spark writes features from raw data, in a namespace of its own; a run of MLflow trains on the features, and makes a version. */
describe('the lineage of jobs', () => {
  let d: RegistryDoor;
  let engineer: TestPrincipal;
  let scientist: TestPrincipal;
  let experimentId: string;
  const job = 'features.write';

  beforeAll(async () => {
    d = await createRegistryDoor();
    scientist = d.owner;
    engineer = await d.t.make.user();
    const name = await d.model('prod.fraud.scorer');
    experimentId = (await d.post('experiments/create', { name: '/lab' })).body.experiment_id;
    const { run } = (await d.post('runs/create', { experiment_id: experimentId, run_name: 'fit' })).body;
    const run_id = run.info.run_id;
    const dataset = { name: 'features', digest: 'd1', source_type: 's3', source: '{"uri": "s3a://lake/features/"}' };
    expect((await d.post('runs/log-inputs', { run_id, datasets: [{ dataset }] })).status).toBe(200);
    expect((await d.post('model-versions/create', { name, source: 's3://bucket/m', run_id })).status).toBe(200);
    for (const event of [
      runEvent('ingest', 'raw.load', { outputs: [data('s3://lake/raw')] }),
      runEvent('spark', job, { inputs: [data('s3://lake/raw')], outputs: [data('s3://lake/features')] }),
    ]) {
      expect((await sent(d.t, engineer, event)).status).toBe(201);
    }
  });
  afterAll(() => d.close());

  const experiment = async (name: string) =>
    (await d.t.db.first<{ id: string }>(
      sql`SELECT id FROM securables WHERE kind = 'EXPERIMENT' AND name = ${name}`,
    )) as {
      id: string;
    };
  const graphOf = async (who: TestPrincipal, root: string, direction: string, maxDepth = 10): Promise<Graph> => {
    const { data: answer, errors } = await graphql(
      d.t,
      who.token,
      `{ root: ${root} { lineage(direction: ${direction}, maxDepth: ${maxDepth}) {
        nodes { id displayName kind redacted hiddenUpstreamCount entity { __typename } } edges { source target kind context observedAt } } } }`,
    );
    expect(errors).toBeUndefined();
    return answer.root?.lineage;
  };
  const edgesOf = ({ nodes, edges }: Graph): string[] => {
    const name = (wanted: string) => nodes.find(({ id }) => id === wanted)?.displayName;
    return edges.map(({ source, target, kind }) => `${name(source)} -${kind}-> ${name(target)}`).sort();
  };
  const version = 'modelVersion(fullName: "prod.fraud.scorer", number: 1)';
  const jobNamed = (namespace: string, name: string) => `job(namespace: "${namespace}", name: "${name}")`;

  const alone = ['features -DATASET_INPUT-> fit', 'fit -REGISTERED-> prod.fraud.scorer/1'];
  const whole = [
    'features -DATASET_INPUT-> fit',
    'features -SAME_DATA-> features',
    'features.write -DATASET_OUTPUT-> features',
    'fit -REGISTERED-> prod.fraud.scorer/1',
    'raw -DATASET_INPUT-> features.write',
    'raw -SAME_DATA-> raw',
    'raw.load -DATASET_OUTPUT-> raw',
  ];

  it('leads from a version to the raw data, through experiments that the viewer may read', async () => {
    expect(edgesOf(await graphOf(scientist, version, 'UPSTREAM'))).toEqual(alone);
    await d.t.make.grant(scientist, await experiment('spark'), 'READ');
    expect(edgesOf(await graphOf(scientist, version, 'UPSTREAM'))).toEqual(whole.slice(0, 5));
    await d.t.make.grant(scientist, await experiment('ingest'), 'READ');
    const graph = await graphOf(scientist, version, 'UPSTREAM');
    expect(edgesOf(graph)).toEqual(whole);
    const types = graph.nodes.filter(({ kind }) => kind === 'JOB').map(({ entity }) => entity.__typename);
    expect(types).toEqual(['Job', 'Job']);
  });

  it('leads from a job to the versions that were made of its data', async () => {
    await d.t.make.grant(scientist, await experiment('ingest'), 'READ');
    await d.t.make.grant(scientist, await experiment('spark'), 'READ');
    expect(edgesOf(await graphOf(scientist, jobNamed('ingest', 'raw.load'), 'DOWNSTREAM'))).toEqual(whole);
    const { data: answer } = await graphql(
      d.t,
      scientist.token,
      `{ ${jobNamed('ingest', 'raw.load')} { outputs(first: 1) { nodes { impact(first: 5) { nodes { displayName } } } } } }`,
    );
    expect(answer.job.outputs.nodes[0].impact.nodes).toEqual([{ displayName: 'prod.fraud.scorer/1' }]);
    const { edges } = await graphOf(scientist, jobNamed('spark', job), 'BOTH', 1);
    expect(edges).toHaveLength(2);
    for (const edge of edges) {
      expect(edge.context).toBe('019c0000-0000-7000-8000-000000000001');
      // The service's own clock, and not the producer's.
      expect(Date.now() - Date.parse(edge.observedAt)).toBeLessThan(600_000);
    }
  });

  it('tells nobody who may not read the experiment of a job of it, its data, or their number', async () => {
    const reader = await d.t.make.user();
    await d.t.make.grant(reader, await experiment('/lab'), 'READ');
    await d.t.make.grant(reader, await experiment('ingest'), 'READ');
    const before = await graphOf(reader, jobNamed('ingest', 'raw.load'), 'DOWNSTREAM');
    expect(edgesOf(before)).toEqual(['raw.load -DATASET_OUTPUT-> raw']);
    expect((await sent(d.t, engineer, runEvent('secret', 'spy', { inputs: [data('s3://lake/raw')] }))).status).toBe(
      201,
    );
    expect(await graphOf(reader, jobNamed('ingest', 'raw.load'), 'DOWNSTREAM')).toEqual(before);
    const { data: answer } = await graphql(
      d.t,
      reader.token,
      `{ hidden: ${jobNamed('secret', 'spy')} { id } absent: ${jobNamed('nowhere', 'spy')} { id } }`,
    );
    expect(answer).toEqual({ hidden: null, absent: null });
  });

  it('lets those send events who may write runs there, and nobody else', async () => {
    const [stranger, reader, writer] = [d.stranger, await d.t.make.user(), await d.t.make.user()];
    await d.t.make.grant(reader, await experiment('spark'), 'READ');
    await d.t.make.grant(writer, await experiment('spark'), 'EDIT');
    const event = runEvent('spark', 'forged');
    // As for whoever makes an experiment: its name is taken.
    expect(await sent(d.t, stranger, event)).toMatchObject({
      status: 409,
      body: { message: 'Experiment "spark" already exists' },
    });
    expect(await sent(d.t, reader, event)).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
    expect((await sent(d.t, { ...stranger, token: 'imp_none' }, event)).status).toBe(401);
    expect((await sent(d.t, writer, event)).status).toBe(201);
  });

  it('makes no experiment for those who may make none, and tells them nothing of those that are there', async () => {
    await d.t.db.execute(
      sql`DELETE FROM grants WHERE privilege = 'CREATE_EXPERIMENT' AND securable_id = ${METASTORE_ID}::uuid`,
    );
    await d.t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    const [made, ...answers] = [
      await d.post('experiments/create', { name: 'nowhere' }, d.stranger),
      await sent(d.t, d.stranger, runEvent('spark', 'x')),
      await sent(d.t, d.stranger, runEvent('nowhere', 'x')),
    ];
    expect(made.status).toBe(404);
    for (const { status, body } of answers) expect([status, body.message]).toEqual([404, made.body.message]);
  });

  it('refuses a deleted experiment', async () => {
    const { experiment_id } = (await d.get('experiments/get-by-name', { experiment_name: 'ingest' }, engineer)).body
      .experiment;
    expect((await d.post('experiments/delete', { experiment_id }, engineer)).status).toBe(200);
    expect(await sent(d.t, engineer, runEvent('ingest', 'raw.load'))).toMatchObject({ status: 422 });
  });
});
