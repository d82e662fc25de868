import { Access } from '@app/access';
import { runInContext, TransactionalPool } from '@app/platform';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { ModelVersions } from './model-version.service.js';
import { RegisteredModels } from './registered-model.service.js';
import { Targets } from './target.service.js';

const manyVersions = 5000;

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** The reads that every load of a model makes: one statement each, whatever the number of versions. */
describe('the hot reads', () => {
  let t: RegistryTest;
  let reader: TestPrincipal;
  const fullName = 'prod.fraud.large';

  beforeAll(async () => {
    t = await createRegistryTest();
    reader = await t.make.user();
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    const model = await t.model(fullName);
    // All in one stage: to find that nobody is in the others must not mean to look at every version.
    await t.db.execute(sql`
      INSERT INTO model_versions (id, model_id, number, status, stage, source)
      SELECT gen_random_uuid(), ${model.id}::uuid, n, 'READY', 'None', 's3://b/' || n
      FROM generate_series(1, ${manyVersions}::int) n`);
    await t.db.execute(sql`UPDATE registered_models SET last_version = ${manyVersions} WHERE id = ${model.id}::uuid`);
    await t.as(t.owner, () => t.module.get(Targets).setAlias(fullName, 'champion', 17));
    await t.db.execute(sql`ANALYZE`);
  });
  afterAll(() => t.close());

  const reads: [string, () => Promise<unknown>][] = [
    ['registered-models/get', () => t.module.get(RegisteredModels).view(fullName)],
    ['version by alias', () => t.module.get(ModelVersions).byAlias(fullName, 'champion')],
    ['version by number, download URI', () => t.module.get(ModelVersions).get(fullName, 4999)],
    ['latest versions', () => t.module.get(ModelVersions).latestByStage(fullName)],
    ['newest version', () => t.module.get(ModelVersions).newest(fullName)],
  ];

  it.each(reads)('%s is one statement that reads a few rows through indexes', async (_what, read) => {
    const statements: { text: string; values: unknown[] }[] = [];
    const pool = t.module.get(TransactionalPool);
    // As the door leaves it: authenticated, the access version known, and the rights of the caller in memory.
    const { version: accessVersion } = (await t.db.first(sql`SELECT version FROM access_version`)) as {
      version: number;
    };
    await runInContext({ requestId: 'test', address: null, caller: reader, memo: { accessVersion } }, async () => {
      await t.module.get(Access).where('EXECUTE', 'REGISTERED_MODEL', 's');
      const query = jest.spyOn(pool, 'query');
      await read();
      statements.push(...query.mock.calls.map(([statement]) => statement));
      query.mockRestore();
    });
    expect(statements).toHaveLength(1);

    const { text, values } = statements[0] as (typeof statements)[0];
    const explained = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
    const onVersions = nodes(explained.rows[0]['QUERY PLAN'][0].Plan).filter(
      (node) => node['Relation Name'] === 'model_versions',
    );
    expect(onVersions.length).toBeGreaterThan(0);
    for (const node of onVersions) {
      expect(node['Node Type']).toMatch(/^Index/);
      const touched = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
      expect(touched * node['Actual Loops']).toBeLessThanOrEqual(4);
    }
  });

  it('shares a statement among those who ask at the same moment, and answers each for himself', async () => {
    await t.model('prod.fraud.empty');
    const versions = t.module.get(ModelVersions);
    const asked = [fullName, 'prod.fraud.empty', 'prod.fraud.absent', fullName.toUpperCase(), fullName];
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    const outcomes = await t.as(reader, () =>
      Promise.allSettled(asked.map((name, index) => versions.byAlias(name, index === 4 ? 'none' : 'Champion'))),
    );
    const statements = query.mock.calls.filter(([{ text }]) => text.includes('model_aliases'));
    query.mockRestore();
    expect(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value?.number : outcome.reason.message)),
    ).toEqual([17, undefined, expect.stringContaining('"prod.fraud.absent" does not exist'), 17, undefined]);
    expect(statements).toHaveLength(2);
  });
});
