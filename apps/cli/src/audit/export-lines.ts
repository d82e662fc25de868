import { parse } from 'csv-parse';
import type { ExportFile } from './export-file.js';

/** One line of an export. */
export type ExportLine =
  | {
      kind: 'event';
      sequence: number;
      /** The bytes that its leaf is the hash of; null: it was deleted. */
      entry: Buffer | null;
      leafHash: Buffer;
      proof: Buffer[];
    }
  | { kind: 'checkpoint'; note: string }
  | { kind: 'broken'; problem: string };

const newline = 10;

/** The lines of an export before its manifest. */
export function linesOf(file: ExportFile): AsyncGenerator<ExportLine> {
  return file.manifest.encoding === 'csv' ? csvLines(file) : ndjsonLines(file);
}

async function* ndjsonLines(file: ExportFile): AsyncGenerator<ExportLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of file.body() as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      yield readLine(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield { kind: 'broken', problem: 'does not end' };
}

const eventStart = Buffer.from('{"event":');
const hashStart = Buffer.from(',"leafHash":"');
const sequenceStart = Buffer.from('"sequence":');
const deleted = /^\{"sequence":\d+,"deleted":true\}$/;

/** The event is not parsed: its bytes are what was hashed. */
function readLine(line: Buffer): ExportLine {
  if (!line.subarray(0, eventStart.length).equals(eventStart)) return readOther(line);
  // The last ones: an event can hold anything, but its own number and hash come after all of that.
  const end = line.lastIndexOf(hashStart);
  const tail = line.subarray(end + hashStart.length).toString('latin1');
  const [, leafHash, proof = ''] = /^([A-Za-z0-9+/]{43}=)"(?:,"proof":\[([A-Za-z0-9+/=",]*)\])?\}$/.exec(tail) ?? [];
  if (end < 0 || !leafHash) return { kind: 'broken', problem: 'has no hash' };
  const entry = line.subarray(eventStart.length, end);
  const at = entry.lastIndexOf(sequenceStart);
  return {
    kind: 'event',
    sequence: at < 0 ? Number.NaN : Number.parseInt(entry.subarray(at + sequenceStart.length).toString('latin1'), 10),
    entry: entry.length < 60 && deleted.test(entry.toString('latin1')) ? null : entry,
    leafHash: Buffer.from(leafHash, 'base64'),
    proof: hashesOf(proof.replaceAll('"', ''), ','),
  };
}

function readOther(line: Buffer): ExportLine {
  try {
    const { checkpoint } = JSON.parse(line.toString('utf8'));
    if (typeof checkpoint === 'string') return { kind: 'checkpoint', note: checkpoint };
  } catch {
    // Said below: whatever it is, it is nothing of an export.
  }
  return { kind: 'broken', problem: 'is neither an event nor a checkpoint' };
}

const hashesOf = (text: string, separator: string): Buffer[] =>
  text === '' ? [] : text.split(separator).map((hash) => Buffer.from(hash, 'base64'));

async function* csvLines(file: ExportFile): AsyncGenerator<ExportLine> {
  // Null is an empty cell, and an empty text is a quoted one. What was put before a formula is taken away again.
  const cast = (value: string, { quoting }: { quoting: boolean }) => (quoting ? value.replace(/^'/, '') : null);
  const rows = file.body().pipe(parse({ cast, relax_column_count: true }));
  let columns: string[] | undefined;
  for await (const row of rows as AsyncIterable<(string | null)[]>) {
    if (!columns) columns = row as string[];
    else if (row[0] === '#checkpoint') yield { kind: 'checkpoint', note: row[1] ?? '' };
    else yield eventOfRow(columns, row);
  }
}

function eventOfRow(columns: readonly string[], row: readonly (string | null)[]): ExportLine {
  const { leafHash, proof, ...cells } = Object.fromEntries(
    columns.map((column, index) => [column, row[index] ?? null]),
  );
  if (!leafHash) return { kind: 'broken', problem: 'has no hash' };
  const sequence = Number(cells.sequence);
  const json = (text: string | null | undefined) => (text == null ? null : JSON.parse(text));
  const event = { ...cells, sequence, before: json(cells.before), after: json(cells.after) };
  return {
    kind: 'event',
    sequence,
    entry: cells.id ? Buffer.from(canonical(event)) : null,
    leafHash: Buffer.from(leafHash, 'base64'),
    proof: hashesOf(proof ?? '', ' '),
  };
}

/** RFC 8785: members by their names in UTF-16 code units, and numbers and texts as ECMAScript writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
