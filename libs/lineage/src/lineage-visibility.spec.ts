import type { VersionView } from '@app/registry';
import type { Experiment } from '@app/tracking';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createLineageTest, edgesOf, type LineageTest, namesOf } from '../../../test/support/lineage.js';

describe('Lineage of what is partly hidden', () => {
  let t: LineageTest;
  let lab: Experiment;
  let model: string;
  let viewer: TestPrincipal;
  let other: TestPrincipal;
  let secret: Experiment;
  beforeAll(async () => {
    t = await createLineageTest();
    lab = await t.experiment(t.owner, 'lab');
    model = (await t.model('prod.fraud.scorer')).fullName;
    viewer = await t.make.user();
    other = await t.make.user();
    await t.make.grant(viewer, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    secret = await t.experiment(other, 'secret');
  });
  afterAll(() => t.close());

  it('redacts the run of a version, and ends there', async () => {
    const run = await t.run(other, secret, { name: 'secret run', commit: 'b'.repeat(40), datasets: { secret: 'x' } });
    const version = await t.registered(model, { run });
    const graph = await t.walk(version, 'UPSTREAM', { maxDepth: 10, maxNodes: 200, who: viewer });
    expect(graph.nodes.slice(1)).toEqual([{ kind: 'RUN', key: run.id, name: null, depth: 1, redacted: true }]);
    expect(edgesOf(graph)).toEqual([`hidden RUN -REGISTERED-> ${model}/${version.number}`]);
    expect(graph.truncatedBy).toEqual(['PERMISSION']);
    expect([...(await graph.hiddenCounts()).values()]).toEqual([
      { upstream: 0, downstream: 0 },
      { upstream: 0, downstream: 0 },
    ]);
    expect(edgesOf(await t.walk(version, 'UPSTREAM'))).toEqual(edgesOf(graph));
  });

  it('tells a hidden original from a deleted one nowhere', async () => {
    const hiddenModel = await t.make.schema('vault.safe', t.owner).then(() => t.model('vault.safe.source'));
    const [one, two] = [await t.registered(hiddenModel.fullName, {}), await t.registered(hiddenModel.fullName, {})];
    const copies = [await t.copied(one, model), await t.copied(two, model)];
    await t.db.execute(sql`DELETE FROM model_versions WHERE id = ${two.id}::uuid`);
    const graphs = await Promise.all(
      copies.map((copy) => t.walk(copy, 'BOTH', { maxDepth: 5, maxNodes: 50, who: viewer })),
    );
    const told = graphs.map(({ nodes, truncatedBy }) => [nodes.slice(1).map(({ key, ...node }) => node), truncatedBy]);
    expect(told[0]).toEqual([[{ kind: 'MODEL_VERSION', name: null, depth: 1, redacted: true }], ['PERMISSION']]);
    expect(told[1]).toEqual(told[0]);
  });

  it('knows nothing of what was made downstream out of sight', async () => {
    const run = await t.run(t.owner, lab, { name: 'shared' });
    const made = await t.logged(t.owner, lab, run);
    const version = await t.registered(model, { run, logged: made });
    await t.make.grant(viewer, lab, 'READ');
    const before = await t.walk(version, 'BOTH', { maxDepth: 5, maxNodes: 50, who: viewer });
    await t.make.grant(other, lab, 'READ');
    const theirs = await t.run(other, secret, { name: 'theirs', parent: run.id, reads: [made.id] });
    await t.copied(version, (await t.model('vault.safe.copy')).fullName);
    await t.loaded(other, version);
    const after = await t.walk(version, 'BOTH', { maxDepth: 5, maxNodes: 50, who: viewer });
    expect(after.nodes).toEqual(before.nodes);
    expect(after.edges).toEqual(before.edges);
    expect([...(await after.hiddenCounts())]).toEqual([...(await before.hiddenCounts())]);
    expect(after.truncatedBy).toEqual(before.truncatedBy);
    // Its owner sees who loads it, and the copy; and the other sees his own run.
    expect(namesOf(await t.walk(version, 'DOWNSTREAM')).join()).toContain('vault.safe.copy/1');
    expect(namesOf(await t.walk(version, 'DOWNSTREAM'))).toContain(`1 ${other.name}`);
    expect(namesOf(await t.walk(run, 'DOWNSTREAM', { maxDepth: 5, maxNodes: 50, who: other }))).toContain('1 theirs');
    expect(theirs.name).toBe('theirs');
  });

  it('names no run by a tag that its reader could not see', async () => {
    const parent = await t.run(other, secret, { name: 'hidden parent' });
    const children = [parent.id, 'f'.repeat(32)].map((id) => t.run(t.owner, lab, { parent: id }));
    for (const child of await Promise.all(children)) expect((await t.walk(child, 'BOTH')).nodes).toHaveLength(1);
  });

  it('counts what is hidden for those that name it alone', async () => {
    const source = await t.registered((await t.model('vault.safe.base')).fullName, {});
    const [tuned, copy] = [await t.registered(model, {}), await t.copied(source, model)];
    const trainedFrom = async (of: VersionView, from: VersionView) =>
      t.db.execute(sql`INSERT INTO model_version_tags (version_id, key, value)
        VALUES (${of.id}::uuid, 'trained_from', ${`models:/${from.modelFullName}/${from.number}`})`);
    await trainedFrom(tuned, source);
    await trainedFrom(copy, tuned);
    const counts = await (await t.walk(tuned, 'DOWNSTREAM', { who: viewer })).hiddenCounts();
    // A copy names its original. A tag does not, whoever else does.
    expect([...counts]).toEqual([
      [`MODEL_VERSION:${tuned.id}`, { upstream: 0, downstream: 0 }],
      [`MODEL_VERSION:${copy.id}`, { upstream: 1, downstream: 0 }],
    ]);
  });

  it('has no root that the caller may not see', async () => {
    const run = await t.run(other, secret);
    const version = await t.registered(model, { run });
    for (const root of [run, version]) {
      await expect(t.walk(root, 'BOTH', { who: await t.make.user() })).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    }
  });
});
