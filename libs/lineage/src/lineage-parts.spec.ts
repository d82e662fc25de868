import { randomUUID } from 'node:crypto';
import { TransactionalPool } from '@app/platform';
import type { VersionView } from '@app/registry';
import type { Experiment } from '@app/tracking';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createLineageTest, edgesOf, type LineageTest, namesOf } from '../../../test/support/lineage.js';

/** Of a moment, of some kinds, of judgements and tags; and what is left when time runs out. */
describe('Lineage in parts', () => {
  let t: LineageTest;
  let lab: Experiment;
  let model: string;
  let version: VersionView;
  let run: { id: string };
  beforeAll(async () => {
    t = await createLineageTest();
    lab = await t.experiment(t.owner, 'lab');
    model = (await t.model('prod.fraud.scorer')).fullName;
    run = await t.run(t.owner, lab, { name: 'fit', datasets: { sales: 'training' } });
    const logged = await t.logged(t.owner, lab, run, 'model');
    version = await t.registered(model, { run, logged });
  });
  afterAll(() => t.close());

  const tag = ({ id }: VersionView, value: string) =>
    t.db.execute(
      sql`INSERT INTO model_version_tags (version_id, key, value) VALUES (${id}::uuid, 'trained_from', ${value})`,
    );

  it('is as it was: with what had been observed by then', async () => {
    const reader = await t.run(t.owner, lab, { name: 'early' });
    const [one, two] = [await t.logged(t.owner, lab, reader, 'one'), await t.registered(model, { run: reader })];
    await t.db.execute(sql`UPDATE run_models SET logged_at = '2026-01-02' WHERE run_id = ${reader.id}`);
    await t.db.execute(sql`UPDATE logged_models SET created_ms = 1767312000000 WHERE id = ${one.id}`);
    await t.db.execute(sql`UPDATE model_versions SET created_at = '2026-01-04' WHERE id = ${two.id}::uuid`);
    const names = async (day: number) =>
      namesOf(await t.walk(reader, 'DOWNSTREAM', { asOf: new Date(Date.UTC(2026, 0, day)) })).slice(1);
    expect(await names(1)).toEqual([]);
    expect(await names(2)).toEqual(['1 one']);
    expect(await names(4)).toEqual(['1 one', `1 ${model}/${two.number}`]);
    const then = await t.walk(reader, 'DOWNSTREAM', { asOf: new Date(Date.UTC(2026, 0, 2)) });
    expect(then.edges.map(({ observedAt }) => observedAt)).toEqual([new Date(Date.UTC(2026, 0, 2))]);
    expect([...(await then.hiddenCounts()).values()].map(({ downstream }) => downstream)).toEqual([0, 0]);
    const asOf = new Date(Date.now() + 60_000);
    await expect(t.walk(reader, 'BOTH', { asOf })).rejects.toThrow(/asOf: .* is still to come/);
  });

  it('takes any number for the beginning of a run', async () => {
    const [parent, child] = [await t.run(t.owner, lab), await t.run(t.owner, lab)];
    await t.db.execute(
      sql`INSERT INTO run_tags (run_id, key, value) VALUES (${child.id}, 'mlflow.parentRunId', ${parent.id})`,
    );
    for (const start of ['9223372036854775807', '-9223372036854775808']) {
      await t.db.execute(sql`UPDATE runs SET start_time = ${start}::int8 WHERE id = ${child.id}`);
      expect((await t.walk(parent, 'DOWNSTREAM')).edges).toHaveLength(1);
    }
  });

  it('shows some kinds, and leads past the others', async () => {
    const graph = await t.walk(version, 'UPSTREAM', { kinds: ['DATASET'] });
    expect(namesOf(graph)).toEqual([`0 ${model}/1`, '2 sales']);
    expect(edgesOf(graph)).toEqual([`sales -INDIRECT-> ${model}/1`]);
    // As old as the way that was whole the first: registered from the run, not from what the run had logged.
    const all = await t.walk(version, 'UPSTREAM');
    const registered = all.edges.find(({ kind }) => kind === 'REGISTERED');
    expect(graph.edges[0]?.observedAt).toEqual(registered?.observedAt);
    const runs = await t.walk(version, 'UPSTREAM', { kinds: ['RUN', 'DATASET'] });
    expect(edgesOf(runs)).toEqual([`fit -REGISTERED-> ${model}/1`, 'sales -DATASET_INPUT-> fit']);
    expect([...(await graph.hiddenCounts()).values()].every(({ upstream }) => upstream === 0)).toBe(true);
    await expect(t.walk(version, 'UPSTREAM', { kinds: [] })).rejects.toThrow(/kinds: \[\] would show nothing/);
  });

  it('answers with what it has when time is over, and says so', async () => {
    const holder = await t.module.get(TransactionalPool).checkout();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE run_inputs IN ACCESS EXCLUSIVE MODE');
      const graph = await t.walk(version, 'UPSTREAM');
      expect(graph.truncatedBy).toEqual(['TIME_BUDGET']);
      expect(namesOf(graph)).toEqual([`0 ${model}/1`, '1 model', '1 fit']);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    expect((await t.walk(version, 'UPSTREAM')).truncatedBy).toEqual([]);
  });

  it('follows the tag trained_from to a version and to a logged model, where the reader sees both ends', async () => {
    const source = await t.run(t.owner, lab, { name: 'base run' });
    const base = await t.logged(t.owner, lab, source, 'base');
    const [tuned, other] = [await t.registered(model, {}), await t.registered(model, {})];
    await tag(tuned, `models:/${model}/${version.number}`);
    await tag(other, `models:/${base.id}`);
    expect(edgesOf(await t.walk(tuned, 'UPSTREAM', { maxDepth: 1 }))).toEqual([
      `${model}/${version.number} -TRAINED_FROM-> ${model}/${tuned.number}`,
    ]);
    expect(edgesOf(await t.walk(version, 'DOWNSTREAM'))).toContain(
      `${model}/${version.number} -TRAINED_FROM-> ${model}/${tuned.number}`,
    );
    expect(edgesOf(await t.walk(source, 'DOWNSTREAM'))).toContain(`base -TRAINED_FROM-> ${model}/${other.number}`);

    const vault = (await t.model('prod.fraud.vault')).fullName;
    const secret = await t.registered(vault, {});
    const viewer = await t.make.user();
    const open = await t.model('prod.fraud.open');
    await t.make.grant(viewer, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await t.make.grant(viewer, open, 'EXECUTE');
    const values = [`models:/${vault}/${secret.number}`, `models:/${vault}/99999999999`, 'models:/x', 'base', ''];
    for (const value of values) {
      const shown = await t.registered(open.fullName, {});
      await tag(shown, value);
      expect((await t.walk(shown, 'BOTH', { who: viewer })).nodes).toHaveLength(1);
    }
  });

  describe('with judgements of gates', () => {
    let requestId: string;
    beforeAll(async () => {
      requestId = randomUUID();
      await t.db.execute(sql`INSERT INTO promotion_requests (id, model_id, model_full_name, version_id, version_number,
          target_kind, target_name, state, requester_id, justification, artifact_digest, effective_policy)
        VALUES (${requestId}::uuid, ${version.modelId}::uuid, ${model}, ${version.id}::uuid, 1, 'ALIAS', 'champion',
          'VALIDATING', ${t.owner.id}::uuid, 'x', 'x', '{}')`);
      await judged('metric', 'METRIC_THRESHOLD', 'PASSED', { datasetName: 'sales', datasetDigest: 'digest of sales' });
      await judged('regression', 'METRIC_REGRESSION', 'FAILED', {
        candidate: { datasetName: 'sales', datasetDigest: 'digest of sales' },
      });
      await judged('holdout', 'HOLDOUT_EVALUATION', 'PASSED', { dataset: '1/x.csv', datasetDigest: 'sha256:abc' });
      await judged('errored', 'HOLDOUT_EVALUATION', 'ERRORED', { dataset: '1/x.csv', datasetDigest: 'sha256:abc' });
      await judged('card', 'MODEL_CARD', 'PASSED', { artifactDigest: 'x' });
    });
    const judged = (key: string, type: string, status: string, inputs: object) =>
      t.db.execute(sql`INSERT INTO gate_runs (id, request_id, version_id, policy_revision_id, key, type, config, status, inputs, finished_at)
        VALUES (gen_random_uuid(), ${requestId}::uuid, ${version.id}::uuid, gen_random_uuid(), ${key}, ${type}, '{}', ${status},
          ${JSON.stringify(inputs)}::jsonb, now())`);

    it('shows those that were made on data, below the version and the data', async () => {
      const down = await t.walk(version, 'DOWNSTREAM', { kinds: ['EVALUATION'] });
      expect(edgesOf(down)).toEqual(['holdout', 'metric', 'regression'].map((key) => `${model}/1 -EVALUATED-> ${key}`));
      const [dataset] = (await t.walk(run, 'UPSTREAM')).nodes.filter(({ kind }) => kind === 'DATASET');
      expect(
        edgesOf(await t.walk({ id: dataset?.key as string, kind: 'DATASET' }, 'DOWNSTREAM', { maxDepth: 1 })),
      ).toEqual(['sales -DATASET_INPUT-> fit', 'sales -EVALUATED_ON-> metric', 'sales -EVALUATED_ON-> regression']);
    });

    it('leads from one to what it judged and what it judged on, which is redacted for who may not read the experiment', async () => {
      const viewer: TestPrincipal = await t.make.user();
      await t.make.grant(viewer, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
      const evaluations = (await t.walk(version, 'DOWNSTREAM', { who: viewer })).nodes.filter(
        ({ kind }) => kind === 'EVALUATION',
      );
      expect(evaluations.map(({ name }) => name).sort()).toEqual(['holdout', 'metric', 'regression']);
      const upstream = async (name: string, who: TestPrincipal) => {
        const id = evaluations.find((node) => node.name === name)?.key as string;
        return edgesOf(await t.walk({ id, kind: 'EVALUATION' }, 'UPSTREAM', { maxDepth: 1, who }));
      };
      const ofVersion = (name: string) => `${model}/1 -EVALUATED-> ${name}`;
      expect(await upstream('metric', viewer)).toEqual(['hidden DATASET -EVALUATED_ON-> metric', ofVersion('metric')]);
      expect(await upstream('metric', t.owner)).toEqual([ofVersion('metric'), 'sales -EVALUATED_ON-> metric']);
      expect(await upstream('holdout', viewer)).toEqual([ofVersion('holdout'), 'sha256:abc -EVALUATED_ON-> holdout']);
      const stranger = await t.make.user();
      await t.make.grant(stranger, lab, 'READ');
      const seen = await t.walk(run, 'DOWNSTREAM', { who: stranger });
      expect(seen.nodes.map(({ kind }) => kind)).toEqual(['RUN', 'LOGGED_MODEL']);
      await expect(upstream('metric', stranger)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    });
  });
});
