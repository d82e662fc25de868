import type { ByteReader } from './byte-reader.js';
import type { ArgumentKind } from './pickle-opcodes.js';
import { opaque, type Value } from './pickle-value.js';

/** What stands behind an opcode. */
export type Argument =
  | { kind: 'none' }
  | { kind: 'number'; number: number }
  | { kind: 'line'; line: string }
  | { kind: 'two lines'; lines: [string, string] }
  | { kind: 'value'; value: Value }
  /** A pickle that travels in a string of bytes, as far as it was small enough to be kept. */
  | { kind: 'bytes'; payload: Buffer | undefined };

/** The stream ends, or goes wrong, in the middle of an argument. */
export class MalformedPickle extends Error {}

/** Longer texts name no module; a line of that length is a number, or text, that nobody imports by. */
const longestName = 300;
const longestLine = 2 ** 20;
/** Payloads up to this size are looked into, when they begin like a pickle. */
const largestNested = 2 ** 20;
const none: Argument = { kind: 'none' };
const truncated = () => new MalformedPickle('the file ends in the middle of the pickle');

/** The argument, when all of it is in memory already: most are short, and waiting for each would take most of the time. */
export function readArgumentNow(reader: ByteReader, kind: ArgumentKind): Argument | undefined {
  if (kind === 'none') return none;
  if (typeof kind === 'string') return undefined;
  if ('bytes' in kind) {
    if (kind.bytes === 8 || !reader.has(kind.bytes)) return undefined;
    return { kind: 'number', number: reader.take(kind.bytes).readUIntLE(0, kind.bytes) };
  }
  if (kind.payload !== 'text' || kind.length === 8 || !reader.has(kind.length)) return undefined;
  const length = reader.upcoming(kind.length);
  if (length > longestName || !reader.has(kind.length + length)) return undefined;
  const text = reader.take(kind.length + length).toString('utf8', kind.length);
  return { kind: 'value', value: { kind: 'text', text } };
}

/** @throws MalformedPickle */
export async function readArgument(reader: ByteReader, kind: ArgumentKind): Promise<Argument> {
  if (kind === 'none') return none;
  if (kind === 'line') return { kind: 'line', line: await lineOf(reader) };
  if (kind === 'two lines') return { kind: 'two lines', lines: [await lineOf(reader), await lineOf(reader)] };
  if ('bytes' in kind) return { kind: 'number', number: await unsigned(reader, kind.bytes) };
  return readPayload(reader, await unsigned(reader, kind.length), kind.payload);
}

async function readPayload(reader: ByteReader, length: number, payload: string): Promise<Argument> {
  if (payload === 'bytes') {
    const start = length >= 2 && length <= largestNested ? await reader.peek(2) : undefined;
    const isPickle = start?.[0] === 0x80 && (start[1] as number) <= 5;
    if (!isPickle) return skipped(reader, length, { kind: 'bytes', payload: undefined });
    return { kind: 'bytes', payload: await kept(reader, length) };
  }
  if (length > (payload === 'text' ? longestName : 6)) return skipped(reader, length, { kind: 'value', value: opaque });
  const bytes = await kept(reader, length);
  const value: Value =
    payload === 'text'
      ? { kind: 'text', text: bytes.toString('utf8') }
      : { kind: 'number', number: length === 0 ? 0 : bytes.readIntLE(0, length) };
  return { kind: 'value', value };
}

async function skipped(reader: ByteReader, length: number, argument: Argument): Promise<Argument> {
  if (!(await reader.skip(length))) throw truncated();
  return argument;
}

async function kept(reader: ByteReader, length: number): Promise<Buffer> {
  if (!reader.has(length) && !(await reader.fill(length))) throw truncated();
  return reader.take(length);
}

async function unsigned(reader: ByteReader, bytes: number): Promise<number> {
  const data = await kept(reader, bytes);
  if (bytes < 8) return data.readUIntLE(0, bytes);
  const number = Number(data.readBigUInt64LE(0));
  // Beyond it no file has a byte; as a float or a frame's length the value does not matter.
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

async function lineOf(reader: ByteReader): Promise<string> {
  const line = await reader.line(longestLine);
  if (!line) throw new MalformedPickle('the file ends in the middle of the pickle, or a line of it has no end');
  return line.toString('utf8');
}

const escapes: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
};

/** The text of a STRING, which is written as Python writes it, with quotes and escapes. */
export function quotedText(line: string): Value {
  const trimmed = line.trim();
  const quote = trimmed[0];
  if (
    trimmed.length < 2 ||
    (quote !== "'" && quote !== '"') ||
    trimmed.at(-1) !== quote ||
    trimmed.length > longestName
  ) {
    return opaque;
  }
  let understood = true;
  const text = trimmed.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])/g, (_, code: string) => {
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    const character = escapes[code];
    understood &&= character !== undefined;
    return character ?? '';
  });
  return understood ? { kind: 'text', text } : opaque;
}

/** The text of a UNICODE: as it is, but for \uXXXX and \UXXXXXXXX. */
export function escapedText(line: string): Value {
  if (line.length > longestName * 10) return opaque;
  const text = line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole, short: string, long: string) => {
    const code = Number.parseInt(short ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
  return { kind: 'text', text };
}
