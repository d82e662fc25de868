import { PromotionRequestReader } from '@app/promotion';
import sql from 'sql-template-tag';
import { createDossierTest, type DossierTest } from '../../../test/support/dossier.js';
import { Dossiers } from './dossiers.service.js';

describe('who sees what of a dossier', () => {
  let t: DossierTest;
  beforeAll(async () => {
    t = await createDossierTest();
  });
  afterAll(() => t.close());

  it('leaves out what the viewer may not see, and does not let it be guessed', async () => {
    const requester = await t.make.user();
    await t.make.grant(requester, t.scorer, 'REQUEST_PROMOTION');
    await t.make.grant(requester, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    const dossier = await t.of(requester, t.applied);
    expect(dossier.notShown.map(({ section }) => section).sort()).toEqual([
      'events',
      'lineage',
      'statement',
      'training',
      'version',
    ]);
    expect(dossier.notShown.find(({ section }) => section === 'events')?.why).toBe(
      `needs READ_AUDIT on ${t.scorer.fullName}`,
    );
    expect([dossier.version, dossier.training, dossier.lineage, dossier.statement, dossier.events]).toEqual(
      Array(5).fill(null),
    );
    expect(dossier.approvals[0]?.counted).toBeNull();
    const hidden = dossier.completeness.items.filter(({ state }) => state === 'NOT_SHOWN').map(({ item }) => item);
    expect(hidden).toEqual(expect.arrayContaining(['INTENDED_USE', 'TRAINING_DATA', 'STATEMENT', 'AUDIT_EVENTS']));
    // The same, whatever is behind it.
    const other = await t.of(
      requester,
      await t.as(t.scientist, () => t.module.get(PromotionRequestReader).byNumber(1)),
    );
    expect(other.completeness.items.filter(({ state }) => state === 'NOT_SHOWN').map(({ item }) => item)).toEqual(
      hidden,
    );
  });

  it('hides the rules of a policy that hangs on what the viewer does not know', async () => {
    const watcher = await t.make.user();
    await t.make.grant(watcher, t.scorer, 'READ_AUDIT');
    const dossier = await t.of(watcher, t.applied);
    expect(dossier.policies).toMatchObject([{ name: 'prod', on: 'catalog prod', text: null }]);
    expect(dossier.gates).toMatchObject([{ key: 'prod/auc', configuration: null }]);
    expect(dossier.approvals).toMatchObject([{ rule: 'prod/two leads', named: null, counted: null }]);
    expect(dossier.notShown.map(({ section }) => section)).toContain('policies');
    expect(t.stateOf(dossier, 'POLICY_REASONS')).toBe('NOT_SHOWN');
    expect(dossier.events?.entries.length).toBeGreaterThan(0);
  });

  it('shows the run, and all of its origin, to who may READ its experiment', async () => {
    const runId = (await t.of(t.auditor, t.applied)).version?.runId as string;
    await t.db.execute(sql`WITH made AS (
        INSERT INTO datasets (id, experiment_id, name, digest, source_type, source)
        VALUES (gen_random_uuid(), 0, 'train', 'd1', 'local', '/train') RETURNING id)
      INSERT INTO run_inputs (run_id, dataset_id, tags) SELECT ${runId}, id, '[]' FROM made`);
    const scientist = await t.make.user();
    await t.make.grant(scientist, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    const hidden = await t.of(scientist, t.applied);
    expect(hidden.training).toBeNull();
    expect(JSON.stringify(hidden)).not.toContain('"/train"');
    expect(hidden.lineage?.nodes.filter(({ name }) => name === null)).toMatchObject([{ kind: 'RUN', depth: 1 }]);
    const [experiment] = await t.db.query<{ id: string }>(sql`SELECT securable_id AS id FROM experiments WHERE id = 0`);
    await t.make.grant(scientist, experiment as { id: string }, 'READ');
    const dossier = await t.of(scientist, t.applied);
    expect(dossier.training).toMatchObject({
      run: { id: runId },
      metrics: [{ name: 'auc', value: 0.95, dataset: { name: 'holdout' } }, { value: 'NaN' }],
      datasets: [{ name: 'train', digest: 'd1', source: '/train' }],
    });
    expect(dossier.lineage?.nodes.map(({ kind, depth }) => [kind, depth])).toEqual([
      ['MODEL_VERSION', 0],
      ['RUN', 1],
      ['DATASET', 2],
    ]);
    expect(dossier.lineage?.edges.map(({ kind }) => kind).sort()).toEqual(['DATASET_INPUT', 'REGISTERED']);
    expect(t.stateOf(dossier, 'TRAINING_DATA')).toBe('PRESENT');
  });

  it('is for nobody who may not see the request', async () => {
    const stranger = await t.make.user();
    for (const number of [t.applied.number, 99_999]) {
      await expect(t.as(stranger, () => t.module.get(Dossiers).ofRequest(number))).rejects.toMatchObject({
        kind: 'NOT_FOUND',
        message: expect.stringContaining(String(number)),
      });
    }
  });
});
