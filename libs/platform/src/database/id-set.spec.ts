import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../../test/support/module.js';
import { Transaction } from './database.js';
import { IdSet } from './id-set.js';

describe('IdSet', () => {
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([]);
  });
  afterAll(() => t.close());

  const ids = Array.from({ length: 2000 }, () => randomUUID());
  const holds = async (id: string, set: string[]) =>
    (await t.db.first<{ held: boolean }>(sql`SELECT ${id}::uuid = ANY(${new IdSet(set)}::uuid[]) AS held`))?.held;

  it('holds its ids and no other', async () => {
    expect(await holds(ids[1999] as string, ids)).toBe(true);
    expect(await holds(randomUUID(), ids)).toBe(false);
    expect(await holds(randomUUID(), [])).toBe(false);
  });

  it('holds its ids in a join too, one or none', async () => {
    for (const set of [ids, ids.slice(0, 1), []]) {
      const rows = await t.db.query<{ id: string }>(sql`SELECT unnest(${new IdSet(set)}::uuid[]) AS id`);
      expect(rows.map(({ id }) => id)).toEqual(set);
    }
  });

  it.each(['', 'x', '00000000-0000-7000-8000-00000000000g', '00000000000070008000000000000001'])(
    'refuses "%s", which is no UUID',
    async (id) => {
      await expect(holds(ids[0] as string, [id])).rejects.toThrow('is not a UUID');
    },
  );

  it('keeps its statement from being prepared, and other statements are', async () => {
    const prepared = await t.module.get(Transaction).run(async () => {
      await t.db.query(sql`SELECT 'set' WHERE ${ids[0]}::uuid = ANY(${new IdSet(ids)}::uuid[])`);
      await t.db.query(sql`SELECT 'array' WHERE ${ids[0]}::uuid = ANY(${ids}::uuid[])`);
      return t.db.query<{ statement: string }>(sql`SELECT statement FROM pg_prepared_statements`);
    });
    const statements = prepared.map(({ statement }) => statement);
    expect(statements).toContainEqual(expect.stringContaining("'array'"));
    expect(statements).not.toContainEqual(expect.stringContaining("'set'"));
  });
});
