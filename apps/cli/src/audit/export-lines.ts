import { parse } from 'csv-parse';
import type { ExportFile } from './export-file.js';
import { type Hash, hashOfLeaf } from './merkle.js';

/** One line of an export. */
export type ExportLine =
  | {
      kind: 'event';
      sequence: number;
      /** A zero byte and the event, which its leaf is the hash of; null: it was deleted. */
      marked: Buffer | null;
      /** This hash, as it is computed here. */
      computed: Hash | null;
      /** The hash that stands beside them. */
      leafHash: Hash;
      proof: Hash[];
    }
  | { kind: 'checkpoint'; note: string }
  | { kind: 'broken'; problem: string };

const newline = 10;

/** The lines of an export before its manifest, many at a time. */
export function linesOf(file: ExportFile): AsyncGenerator<ExportLine[]> {
  return file.manifest.encoding === 'csv' ? csvLines(file) : ndjsonLines(file);
}

async function* ndjsonLines(file: ExportFile): AsyncGenerator<ExportLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of file.body() as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const lines: ExportLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      lines.push(readLine(bytes, start, end));
      start = end + 1;
    }
    yield lines;
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield [{ kind: 'broken', problem: 'does not end' }];
}

const eventStart = Buffer.from('{"event":');
const hashStart = Buffer.from(',"leafHash":"');
const lineEnd = Buffer.from('"}');
/** Of a SHA-256 in base64. */
const hashLength = 44;
/** From the event to the end of its line, where nothing but its hash stands. */
const plainTail = hashStart.length + hashLength + lineEnd.length;
const none: Hash[] = [];
const sequenceStart = Buffer.from('"sequence":');
/** As text: no log has more events. */
const longestNumber = 16;
const deleted = /^\{"sequence":\d+,"deleted":true\}$/;

/**
 * The event is not parsed: its bytes are what was hashed. There are millions of lines: of one that has an event and its
 * hash, and nothing else, no part is copied or cut out but what is hashed.
 */
function readLine(bytes: Buffer, start: number, end: number): ExportLine {
  if (!isAt(bytes, eventStart, start)) return readOther(bytes.subarray(start, end));
  const plain = end - plainTail;
  const isPlain = plain > start && isAt(bytes, hashStart, plain) && isAt(bytes, lineEnd, end - lineEnd.length);
  // Otherwise the last one: an event can hold anything, but its own hash comes after all of that.
  const at = isPlain ? plain : bytes.lastIndexOf(hashStart, end);
  const from = at + hashStart.length;
  const tail = isPlain
    ? { leafHash: bytes.toString('latin1', from, from + hashLength), proof: none }
    : tailOf(bytes.toString('latin1', from, end));
  if (at < start || !tail) return { kind: 'broken', problem: 'has no hash' };
  const entryStart = start + eventStart.length;
  const sequence = sequenceIn(bytes, entryStart, at);
  if (at - entryStart < 60 && deleted.test(bytes.toString('latin1', entryStart, at))) {
    return { kind: 'event', sequence, marked: null, computed: null, ...tail };
  }
  // The byte before the event is the colon of the line, which nobody needs any more.
  const marked = bytes.subarray(entryStart - 1, at);
  return { kind: 'event', sequence, marked, computed: hashOfLeaf(marked), ...tail };
}

const isAt = (bytes: Buffer, part: Buffer, start: number): boolean =>
  start + part.length <= bytes.length && bytes.compare(part, 0, part.length, start, start + part.length) === 0;

function tailOf(text: string): { leafHash: Hash; proof: Hash[] } | undefined {
  const [, leafHash, proof = ''] = /^([A-Za-z0-9+/]{43}=)"(?:,"proof":\[([A-Za-z0-9+/=",]*)\])?\}$/.exec(text) ?? [];
  return leafHash === undefined ? undefined : { leafHash, proof: hashesOf(proof.replaceAll('"', ''), ',') };
}

function sequenceIn(bytes: Buffer, start: number, end: number): number {
  const at = bytes.lastIndexOf(sequenceStart, end);
  const digits = at + sequenceStart.length;
  return at < start ? Number.NaN : Number.parseInt(bytes.toString('latin1', digits, digits + longestNumber), 10);
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

const hashesOf = (text: string, separator: string): Hash[] => (text === '' ? [] : text.split(separator));

async function* csvLines(file: ExportFile): AsyncGenerator<ExportLine[]> {
  // Null is an empty cell, and an empty text is a quoted one. What was put before a formula is taken away again.
  const cast = (value: string, { quoting }: { quoting: boolean }) => (quoting ? value.replace(/^'/, '') : null);
  const rows = file.body().pipe(parse({ cast, relax_column_count: true }));
  let columns: string[] | undefined;
  for await (const row of rows as AsyncIterable<(string | null)[]>) {
    if (!columns) columns = row as string[];
    else if (row[0] === '#checkpoint') yield [{ kind: 'checkpoint', note: row[1] ?? '' }];
    else yield [eventOfRow(columns, row)];
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
  const marked = cells.id ? Buffer.from(`\0${canonical(event)}`) : null;
  return {
    kind: 'event',
    sequence,
    marked,
    computed: marked && hashOfLeaf(marked),
    leafHash,
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
