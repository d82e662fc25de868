import fc from 'fast-check';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../../test/support/module.js';
import { jsonProblem } from './json-problem.js';

const bounds = { maxBytes: 100_000, maxDepth: 50 };

describe('jsonProblem', () => {
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([]);
  });
  afterAll(() => t.close());

  const stored = async (value: unknown): Promise<unknown> => {
    const row = await t.db.first<{ value: unknown }>(sql`SELECT ${JSON.stringify(value)}::jsonb AS value`);
    return row?.value;
  };

  it('lets through what PostgreSQL gives back as it was', async () => {
    // Of UTF-16: halves of surrogate pairs and NUL among them.
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const anything = fc.jsonValue({ stringUnit: unit }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        if (jsonProblem(value, bounds) === undefined) expect(await stored(value)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['NUL in a text', '{"a":["\\u0000"]}'],
    ['NUL in a key', '{"\\u0000":1}'],
    ['half of a surrogate pair', '["\\udc00"]'],
  ])('finds %s, which PostgreSQL refuses', async (_what, text) => {
    const value: unknown = JSON.parse(text);
    expect(jsonProblem(value, bounds)).toBe('holds a text with NUL or half of a surrogate pair');
    await expect(stored(value)).rejects.toThrow();
  });

  it('finds numbers that JSON.parse made infinite, and what is no JSON', () => {
    expect(jsonProblem(JSON.parse('[1e999]'), bounds)).toBe('holds a number that is too large');
    expect(jsonProblem({ a: undefined }, bounds)).toBe('is no JSON value');
    expect(jsonProblem(1n, bounds)).toBe('is no JSON value');
  });

  it('counts depth and bytes', () => {
    expect(jsonProblem([[]], { maxBytes: 4, maxDepth: 2 })).toBeUndefined();
    expect(jsonProblem([[[]]], { maxBytes: 100, maxDepth: 2 })).toBe('is nested deeper than 2');
    expect(jsonProblem('é', { maxBytes: 4, maxDepth: 0 })).toBeUndefined();
    expect(jsonProblem('éa', { maxBytes: 4, maxDepth: 0 })).toBe('has 5 bytes as JSON, at most 4 are allowed');
  });
});
