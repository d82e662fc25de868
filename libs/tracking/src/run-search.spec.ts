import { TransactionalPool } from '@app/platform';
import sql, { raw } from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Experiments } from './experiment.service.js';
import { Runs } from './run.service.js';
import type { Condition, Ordering } from './search.js';
import { TrackingModule } from './tracking.module.js';

const count = 3000;

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** What a search asks for must not cost what lies around it. */
describe('a search of runs among many', () => {
  let t: TestModule;
  let ada: TestPrincipal;
  let experimentId: string;

  beforeAll(async () => {
    t = await createTestModule([TrackingModule]);
    ada = await new Factories(t.db).user('ada');
    const create = (name: string) => t.as(ada, () => t.module.get(Experiments).create({ name }));
    experimentId = (await create('large')).experimentId;
    await fill(experimentId, 'a');
    // The same metrics in another experiment: its runs must not be walked through.
    await fill((await create('beside it')).experimentId, 'b');
    await t.db.execute(sql`ANALYZE`);
  });
  afterAll(() => t.close());

  /** Runs with a metric that grows with their number; every thousandth has a param and a tag of its own, the first has NaN. */
  async function fill(experiment: string, prefix: string): Promise<void> {
    const id = sql`${prefix}::text || n`;
    const all = sql`generate_series(1, ${count}::int4) AS n`;
    await t.db.execute(sql`INSERT INTO runs (id, experiment_id, name, user_id, start_time, artifact_uri)
      SELECT ${id}, ${experiment}::int8, 'run', 'ada', n, 'mlflow-artifacts:/' FROM ${all}`);
    await t.db.execute(sql`INSERT INTO latest_metrics (run_id, experiment_id, key, value, is_nan, timestamp, step)
      SELECT ${id}, ${experiment}::int8, 'acc', CASE WHEN n > 2 THEN n ELSE 0 END, n = 2, 0, 0 FROM ${all} WHERE n > 1`);
    for (const table of [raw('run_params'), raw('run_tags')]) {
      await t.db.execute(sql`INSERT INTO ${table} (run_id, key, value)
        SELECT ${id}, 'lr', CASE WHEN n % 1000 = 0 THEN repeat('x', 99) || n ELSE 'value' END FROM ${all}`);
    }
  }

  const search = (filter: Condition[], orderBy: Ordering[], first = 10, after?: string) =>
    t.as(ada, () =>
      t.module.get(Runs).search({
        experimentIds: [experimentId],
        viewType: 'ACTIVE_ONLY',
        filter,
        orderBy,
        page: { first, after: after ?? null },
      }),
    );
  const byMetric = (ascending: boolean): Ordering[] => [{ entity: 'metric', key: 'acc', ascending }];
  const metric = (operator: string, value: number): Condition => ({ entity: 'metric', key: 'acc', operator, value });
  const text = (entity: string, value: string): Condition => ({ entity, key: 'lr', operator: '=', value });
  const rare = `${'x'.repeat(99)}2000`;
  const names = (page: Awaited<ReturnType<typeof search>>) => page.edges.map(({ node }) => node.id);

  /** Rows that a search read of runs and latest_metrics, and its statements. */
  async function effort(work: () => Promise<unknown>): Promise<{ statements: number; rows: number }> {
    const pool = t.module.get(TransactionalPool);
    const query = jest.spyOn(pool, 'query');
    await work();
    const statements = query.mock.calls
      .map(([statement]) => statement)
      .filter(({ text }) => text.includes('FROM runs r'));
    query.mockRestore();
    let rows = 0;
    for (const { text: asked, values } of statements) {
      const { rows: explained } = await pool.query({ text: `EXPLAIN (ANALYZE, FORMAT JSON) ${asked}`, values });
      for (const node of nodes(explained[0]['QUERY PLAN'][0].Plan)) {
        if (!['runs', 'latest_metrics'].includes(node['Relation Name'] ?? '')) continue;
        rows += (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
      }
    }
    return { statements: statements.length, rows };
  }

  it.each<[string, Condition[], Ordering[]]>([
    ['the latest', [], []],
    ['by a metric, the greatest', [], byMetric(false)],
    ['by a metric, the least', [], byMetric(true)],
    ['with a rare value of a metric', [metric('>', count - 3)], []],
    ['with a rare param', [text('param', rare)], []],
    ['with a rare tag', [text('tag', rare)], []],
  ])('reads a few rows, in one statement: %s', async (_what, filter, orderBy) => {
    const { statements, rows } = await effort(() => search(filter, orderBy));
    expect(statements).toBe(1);
    expect(rows).toBeLessThan(100);
  });

  it('goes on in the middle of an order at no greater cost', async () => {
    const first = await search([], byMetric(false), count / 2);
    const after = first.edges.at(-1)?.cursor;
    expect(names(await search([], byMetric(false), 1, after))).toEqual([`a${count / 2}`]);
    expect((await effort(() => search([], byMetric(false), 10, after))).rows).toBeLessThan(100);
  });

  it('shows what has no number behind all that has, whatever the page size', async () => {
    const whole = names(await search([], byMetric(true), count));
    expect([whole.slice(0, 2), whole.slice(-2)]).toEqual([
      ['a3', 'a4'],
      ['a2', 'a1'],
    ]);
    const walked: string[] = [];
    let after: string | undefined;
    do {
      const page = await search([], byMetric(true), count / 2 - 1, after);
      walked.push(...names(page));
      after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;
    } while (after);
    expect(walked).toEqual(whole);
    // The page ends with the last number, and there is more.
    expect((await search([], byMetric(true), count - 2)).hasNextPage).toBe(true);
  });

  it.each([rare, 'x'.repeat(99), 'x'.repeat(100), 'value'])(
    'finds the whole of a param, and no more: %s',
    async (value) => {
      const expected = value === rare ? ['a2000'] : value === 'value' ? count - count / 1000 : [];
      const found = names(await search([text('param', value)], [], count));
      expect(Array.isArray(expected) ? found : found.length).toEqual(expected);
    },
  );
});
