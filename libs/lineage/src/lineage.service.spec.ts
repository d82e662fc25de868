import { TransactionalPool } from '@app/platform';
import type { VersionView } from '@app/registry';
import type { Experiment } from '@app/tracking';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createLineageTest, edgesOf, type LineageTest, namesOf } from '../../../test/support/lineage.js';
import { type LineageGraph, pointId } from './lineage-graph.js';

const commit = 'a'.repeat(40);

describe('Lineage', () => {
  let t: LineageTest;
  let lab: Experiment;
  let model: string;
  beforeAll(async () => {
    t = await createLineageTest();
    lab = await t.experiment(t.owner, 'lab');
    model = (await t.model('prod.fraud.scorer')).fullName;
  });
  afterAll(() => t.close());

  const hidden = async (graph: LineageGraph) => {
    const counts = await graph.hiddenCounts();
    return Object.fromEntries(graph.nodes.map((node) => [node.name, Object.values(counts.get(pointId(node)) ?? {})]));
  };

  describe('of a chain of versions', () => {
    let base: VersionView;
    let tuned: VersionView;
    let copy: VersionView;
    let consumer: TestPrincipal;
    beforeAll(async () => {
      const sweep = await t.run(t.owner, lab, { name: 'sweep' });
      const fit = await t.run(t.owner, lab, { name: 'fit', commit, parent: sweep.id, datasets: { sales: 'training' } });
      const first = await t.logged(t.owner, lab, fit, 'first');
      base = await t.registered(model, { run: fit, logged: first });
      const tune = await t.run(t.owner, lab, { name: 'tune', datasets: { fresh: 'training' }, reads: [first.id] });
      const second = await t.logged(t.owner, lab, tune, 'second');
      tuned = await t.registered(model, { run: tune, logged: second });
      await t.run(t.owner, lab, { name: 'judge', datasets: { holdout: 'eval' }, reads: [second.id] });
      copy = await t.copied(tuned, (await t.model('prod.fraud.live')).fullName);
      consumer = await t.make.user('batch');
      await t.loaded(consumer, copy);
    });

    it('goes upstream over runs, data, code, logged models and originals', async () => {
      const graph = await t.walk(copy, 'UPSTREAM');
      expect(edgesOf(graph)).toEqual([
        `${commit} -SOURCE_CODE-> fit`,
        'first -REGISTERED-> prod.fraud.scorer/1',
        'first -TRAINED_FROM-> tune',
        'fit -OUTPUT-> first',
        'fit -REGISTERED-> prod.fraud.scorer/1',
        'fresh -DATASET_INPUT-> tune',
        'prod.fraud.scorer/1 -TRAINED_FROM-> tune',
        'prod.fraud.scorer/2 -COPIED-> prod.fraud.live/1',
        'sales -DATASET_INPUT-> fit',
        'second -REGISTERED-> prod.fraud.live/1',
        'second -REGISTERED-> prod.fraud.scorer/2',
        'sweep -PARENT-> fit',
        'tune -OUTPUT-> second',
        'tune -REGISTERED-> prod.fraud.live/1',
        'tune -REGISTERED-> prod.fraud.scorer/2',
      ]);
      expect(namesOf(graph).slice(0, 5)).toEqual([
        '0 prod.fraud.live/1',
        '1 second',
        '1 prod.fraud.scorer/2',
        '1 tune',
        '2 fresh',
      ]);
      expect(graph.edges.find(({ kind }) => kind === 'DATASET_INPUT')?.context).toBe('training');
      expect(graph.truncatedBy).toEqual([]);
      expect(await hidden(graph)).toMatchObject({
        second: [0, 1],
        'prod.fraud.scorer/2': [0, 1],
        tune: [0, 0],
        fit: [0, 0],
      });
    });

    it('goes downstream over trained and copied versions to who loads them', async () => {
      const graph = await t.walk(base, 'DOWNSTREAM');
      expect(namesOf(graph).sort()).toEqual([
        '0 prod.fraud.scorer/1',
        '1 tune',
        '2 prod.fraud.live/1',
        '2 prod.fraud.scorer/2',
        '2 second',
        '3 batch',
        '3 judge',
      ]);
      expect(edgesOf(graph)).toContain('prod.fraud.live/1 -CONSUMED-> batch');
      expect(edgesOf(graph)).toContain('second -MODEL_INPUT-> judge');
      expect(edgesOf(graph)).toContain('prod.fraud.scorer/2 -MODEL_INPUT-> judge');
    });

    it('goes both ways at once, and does not turn round', async () => {
      const graph = await t.walk(tuned, 'BOTH');
      const found = namesOf(graph).map((name) => name.slice(2));
      expect(found).toEqual(expect.arrayContaining(['fit', 'sales', 'batch', 'judge']));
      // What else was made of the same data lies neither way.
      expect(found).not.toContain('holdout');
      expect(new Set(found).size).toBe(found.length);
    });

    it('says where it was cut, and how much is beside what is shown', async () => {
      const near = await t.walk(tuned, 'UPSTREAM', { maxDepth: 1 });
      expect(namesOf(near)).toEqual(['0 prod.fraud.scorer/2', '1 second', '1 tune']);
      expect(near.truncatedBy).toEqual(['MAX_DEPTH']);
      expect(await hidden(near)).toEqual({ 'prod.fraud.scorer/2': [0, 2], second: [0, 2], tune: [3, 1] });
      const small = await t.walk(tuned, 'UPSTREAM', { maxDepth: 10, maxNodes: 2 });
      expect(small.nodes).toHaveLength(2);
      expect(small.truncatedBy).toEqual(['MAX_NODES']);
      await expect(t.walk(tuned, 'BOTH', { maxDepth: 11 })).rejects.toThrow('maxDepth: 11 is not between 1 and 10');
      await expect(t.walk(tuned, 'BOTH', { maxDepth: 1, maxNodes: 1001 })).rejects.toThrow(
        'maxNodes: 1001 is not between 1 and 1000',
      );
    });

    it('asks as many statements, however many levels', async () => {
      const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
      const statements = async (maxDepth: number) => {
        query.mockClear();
        const graph = await t.walk(copy, 'UPSTREAM', { maxDepth });
        await graph.hiddenCounts();
        return query.mock.calls.filter(([asked]) => /n\.kind|source_kind/.test(asked.text ?? '')).length;
      };
      // The root, the levels with one look beyond, the edges, and two counts.
      expect([await statements(1), await statements(3), await statements(10)]).toEqual([5, 5, 5]);
      query.mockRestore();
    });
  });

  it('ends where it has been before: models that were trained from each other, and a run that names its own as input', async () => {
    const [a, b] = [await t.run(t.owner, lab, { name: 'a' }), await t.run(t.owner, lab, { name: 'b' })];
    const [ofA, ofB] = [await t.logged(t.owner, lab, a, 'of a'), await t.logged(t.owner, lab, b, 'of b')];
    await t.db.execute(sql`INSERT INTO run_models (run_id, model_id, direction)
      VALUES (${a.id}, ${ofB.id}, 'INPUT'), (${b.id}, ${ofA.id}, 'INPUT'), (${a.id}, ${ofA.id}, 'INPUT')`);
    for (const direction of ['UPSTREAM', 'DOWNSTREAM', 'BOTH'] as const) {
      const graph = await t.walk(a, direction);
      expect(
        namesOf(graph)
          .map((name) => name.slice(2))
          .sort(),
      ).toEqual(['a', 'b', 'of a', 'of b']);
      expect(edgesOf(graph)).toEqual([
        'a -OUTPUT-> of a',
        'b -OUTPUT-> of b',
        'of a -TRAINED_FROM-> b',
        'of b -TRAINED_FROM-> a',
      ]);
      expect(graph.truncatedBy).toEqual([]);
    }
  });

  it('bounds a fan-out of a thousand, and counts the rest, with as many statements as without', async () => {
    const root = await t.run(t.owner, lab, { name: 'wide', datasets: { wide: 'training' } });
    const data = (await t.walk(root, 'UPSTREAM')).nodes.find(({ kind }) => kind === 'DATASET');
    const dataset = { id: data?.key as string, kind: 'DATASET' as const };
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    const walk = async () => {
      query.mockClear();
      const graph = await t.walk(dataset, 'DOWNSTREAM', { maxDepth: 1, maxNodes: 200 });
      const counts = await graph.hiddenCounts();
      return { graph, counts, statements: query.mock.calls.length };
    };
    const narrow = await walk();
    await t.db.execute(sql`
      INSERT INTO runs (id, experiment_id, name, user_id, start_time, artifact_uri)
      SELECT md5('wide' || n), ${lab.experimentId}::int8, 'run ' || n, 'u', n, 'x' FROM generate_series(1, 1000) n`);
    await t.db.execute(sql`
      INSERT INTO run_inputs (run_id, dataset_id) SELECT md5('wide' || n), ${dataset.id}::uuid FROM generate_series(1, 1000) n`);
    const { graph, counts, statements } = await walk();
    expect(graph.nodes).toHaveLength(200);
    expect(graph.edges).toHaveLength(199);
    expect(graph.truncatedBy).toEqual(['MAX_NODES']);
    expect(counts.get(`DATASET:${dataset.id}`)).toEqual({ upstream: 0, downstream: 1001 - 199 });
    expect(statements).toBeLessThanOrEqual(narrow.statements);
    expect((await walk()).graph.nodes).toEqual(graph.nodes);
    query.mockRestore();
  });
});
