import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { column, numbersOf, readTable } from './holdout-table.js';

const fixtures = path.join(__dirname, '../../../../test/fixtures/holdout');

describe('readTable', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdout-table-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const csv = (text: string, maxRows = 100) => {
    const file = path.join(folder, 'data.csv');
    writeFileSync(file, text);
    return readTable(file, 'CSV', maxRows);
  };

  it('reads CSV as pandas does: a mark at its start, quotes, numbers, missing values', async () => {
    const table = await csv('\uFEFFid,"the, name",x\r\n1,"a ""b""",1e3\r\n2,NaN,\r\n');
    expect(table.rows).toBe(2);
    expect(Object.fromEntries(table.columns)).toEqual({ id: [1, 2], 'the, name': ['a "b"', null], x: [1000, null] });
    expect(numbersOf(column(table, 'x'), 'x')).toEqual([1000, Number.NaN]);
  });

  it('reads the same from CSV and Parquet', async () => {
    const [fromCsv, fromParquet] = await Promise.all([
      readTable(path.join(fixtures, 'holdout.csv'), 'CSV', 60),
      readTable(path.join(fixtures, 'holdout.parquet'), 'PARQUET', 60),
    ]);
    expect(fromParquet).toEqual(fromCsv);
    expect(fromCsv.rows).toBe(60);
  });

  it.each([
    ['a line with too few values', 'a,b\n1\n', 'the dataset cannot be read as CSV'],
    ['a quote without an end', 'a,b\n"1,2\n', 'the dataset cannot be read as CSV'],
    ['two columns of one name', 'a,a\n1,2\n', 'two columns a'],
    ['too many rows', `a\n${'1\n'.repeat(101)}`, 'more than 100 rows, which is maxRows'],
  ])('refuses %s', async (_, text, message) => {
    await expect(csv(text)).rejects.toThrow(message);
  });

  it('refuses what is no Parquet, and too much of it', async () => {
    await expect(readTable(path.join(fixtures, 'holdout.csv'), 'PARQUET', 60)).rejects.toThrow(
      'cannot be read as PARQUET',
    );
    await expect(readTable(path.join(fixtures, 'holdout.parquet'), 'PARQUET', 59)).rejects.toThrow('more than 59 rows');
  });

  it('names what is missing, and what is no number', async () => {
    const table = await csv('a,b\n1,x\n');
    expect(() => column(table, 'label')).toThrow('the dataset has no column label; there are a, b');
    expect(() => numbersOf(column(table, 'b'), 'b')).toThrow('column b of the dataset has "x", which is no number');
  });
});
