import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../../test/support/module.js';
import { currentContext, runInContext } from '../context/request-context.js';
import { type Batched, Batcher } from './batcher.js';
import { Transaction } from './database.js';
import { DatabaseUnavailable } from './database-errors.js';

const as = <T>(requestId: string, work: () => T): T =>
  runInContext({ requestId, address: null, caller: null, memo: {} }, work);

describe('Batcher', () => {
  let t: TestModule;
  let transaction: Transaction;
  beforeAll(async () => {
    t = await createTestModule([]);
    transaction = t.module.get(Transaction);
  });
  afterAll(() => t.close());

  /** Doubles numbers in the database, refuses those that are below zero, and notes its batches. */
  const doubler = () => {
    const batches: number[][] = [];
    const batcher = new Batcher(async (batch: readonly Batched<number>[]) => {
      const numbers = batch.map(({ item }) => item);
      batches.push(numbers);
      const rows = await t.db.query<{ doubled: number }>(
        sql`SELECT (sqrt(n) * sqrt(n) * 2)::int4 AS doubled FROM unnest(${numbers}::int4[]) WITH ORDINALITY AS u(n, i) ORDER BY i`,
      );
      return rows.map(({ doubled }) => doubled);
    });
    return { batcher, batches };
  };

  it('does the first at once and what comes meanwhile together, and answers each', async () => {
    const { batcher, batches } = doubler();
    expect(await Promise.all([1, 2, 3, 4].map((number) => batcher.add(number)))).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual([[1], [2, 3, 4]]);
    expect(await batcher.add(5)).toBe(10);
  });

  it('makes no batch larger than a hundred', async () => {
    const { batcher, batches } = doubler();
    await Promise.all(Array.from({ length: 250 }, (_, number) => batcher.add(number)));
    expect(batches.map(({ length }) => length)).toEqual([1, 100, 100, 49]);
  });

  it('lets one that cannot be done fail alone, and goes on', async () => {
    const { batcher, batches } = doubler();
    const answers = await Promise.allSettled([1, 2, -3, 4].map((number) => batcher.add(number)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(batches).toEqual([[1], [2, -3, 4], [2], [-3], [4]]);
    expect(await batcher.add(5)).toBe(10);
  });

  it('tries none of them again while the database is away', async () => {
    let asked = 0;
    const batcher = new Batcher(async () => {
      asked++;
      throw new DatabaseUnavailable(new Error('away'));
    });
    const answers = await Promise.allSettled([batcher.add(1), batcher.add(2), batcher.add(3)]);
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(asked).toBe(2);
  });

  it('works in nobody’s name, and for each caller in his, inside its own transaction', async () => {
    const seen: unknown[] = [];
    const batcher = new Batcher((batch: readonly Batched<string>[]) =>
      transaction.run(async () => {
        seen.push(currentContext()?.requestId);
        const connection = currentContext()?.transaction;
        return batch.map(({ item, asCaller }) =>
          asCaller(() => [item, currentContext()?.requestId, currentContext()?.transaction === connection]),
        );
      }),
    );
    const answers = await Promise.all(['one', 'two', 'three'].map((id) => as(id, () => batcher.add(id))));
    expect(answers).toEqual(['one', 'two', 'three'].map((id) => [id, id, true]));
    expect(seen).toEqual(['-', '-']);
  });

  it('is no part of a caller’s transaction', async () => {
    const { batcher } = doubler();
    await expect(transaction.run(async () => batcher.add(1))).rejects.toThrow('outside of Transaction.run');
  });

  it('tells when nothing is left to do', async () => {
    const { batcher, batches } = doubler();
    await batcher.settled();
    const added = Promise.allSettled([batcher.add(1), batcher.add(-2)]);
    await batcher.settled();
    expect(batches).toEqual([[1], [-2]]);
    await added;
  });
});
