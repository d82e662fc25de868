import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Unable } from './scoring-answer.js';

/** A value of a dataset; null where there is none. */
export type Cell = number | string | boolean | null;

/** A dataset in memory, by columns. */
export interface HoldoutTable {
  rows: number;
  columns: ReadonlyMap<string, readonly Cell[]>;
}

/**
 * Reads a dataset.
 * @throws Unable when it is not of the format, or has more than `maxRows` rows
 */
export async function readTable(file: string, format: 'CSV' | 'PARQUET', maxRows: number): Promise<HoldoutTable> {
  try {
    return await (format === 'CSV' ? readCsv(file, maxRows) : readParquet(file, maxRows));
  } catch (error) {
    if (error instanceof Unable) throw error;
    throw new Unable(`the dataset cannot be read as ${format}: ${(error as Error).message}`);
  }
}

async function readCsv(file: string, maxRows: number): Promise<HoldoutTable> {
  let names: string[] | undefined;
  let columns: Cell[][] = [];
  let rows = 0;
  for await (const record of createReadStream(file).pipe(parse({ bom: true, skip_empty_lines: true }))) {
    if (!names) {
      names = record as string[];
      columns = names.map(() => []);
      const twice = names.find((name, index) => names?.indexOf(name) !== index);
      if (twice !== undefined) throw new Unable(`the dataset has two columns ${twice}`);
      continue;
    }
    rows += 1;
    requireAtMost(rows, maxRows);
    for (const [index, text] of (record as string[]).entries()) columns[index]?.push(csvCell(text));
  }
  return { rows, columns: new Map((names ?? []).map((name, index) => [name, columns[index] ?? []])) };
}

const isNumber = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
/** What pandas takes for a missing value, of what people write. */
const isMissing = /^(|na|n\/a|nan|null|none)$/i;

function csvCell(text: string): Cell {
  if (isMissing.test(text)) return null;
  return isNumber.test(text) ? Number(text) : text;
}

async function readParquet(path: string, maxRows: number): Promise<HoldoutTable> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const rows = Number(metadata.num_rows);
  requireAtMost(rows, maxRows);
  // The first element is the root; columns within columns are not for a model's input.
  const names = metadata.schema.slice(1).filter(({ num_children }) => !num_children);
  const columns = new Map<string, Cell[]>(names.map(({ name }) => [name, []]));
  const records = await parquetReadObjects({ file, metadata, compressors });
  for (const record of records) for (const [name, cells] of columns) cells.push(parquetCell(record[name]));
  return { rows, columns };
}

function parquetCell(value: unknown): Cell {
  if (value === undefined || value === null || Number.isNaN(value)) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

function requireAtMost(rows: number, maxRows: number): void {
  if (rows > maxRows) throw new Unable(`the dataset has more than ${maxRows} rows, which is maxRows`);
}

/**
 * The values of a column.
 * @throws Unable when there is no such column
 */
export function column({ columns }: HoldoutTable, name: string): readonly Cell[] {
  const cells = columns.get(name);
  if (!cells) throw new Unable(`the dataset has no column ${name}; there are ${[...columns.keys()].join(', ')}`);
  return cells;
}

/**
 * Values of a column as numbers; missing ones are NaN.
 * @throws Unable when there is anything else among them
 */
export function numbersOf(cells: readonly Cell[], name: string): number[] {
  return cells.map((cell) => {
    if (cell === null) return Number.NaN;
    if (typeof cell !== 'string') return Number(cell);
    throw new Unable(`column ${name} of the dataset has "${cell.slice(0, 100)}", which is no number`);
  });
}
