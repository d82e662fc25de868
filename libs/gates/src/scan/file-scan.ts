import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { ByteReader } from './byte-reader.js';
import { formatOf, isSafetensors } from './file-format.js';
import { npyHeaderLength, npyHoldsObjects } from './numpy-array.js';
import { scanPickleFile, scanPickleLike } from './pickle-file.js';
import type { FileScan, ScanSource } from './scan-context.js';
import { type Finding, ScanLimit } from './scan-report.js';
import { UnreadableZip, type ZipMember, type ZipSource, zipMembers } from './zip-members.js';

/** Archives within archives: PyTorch has one, and a bundle of models two. */
const deepest = 4;
const mostMembers = 100_000;
/** An archive within an archive is unpacked into memory. */
const largestInner = 64 * 2 ** 20;
/** No model is packed so well: what is is a bomb. Small members are let be, for zeros pack very well. */
const largestRatio = 200;
const ratioFrom = 10 * 2 ** 20;

const found = (scan: FileScan, kind: Finding['kind'], detail: string, offset: number | null = null) =>
  scan.report.add({ path: scan.path, offset, kind, import: null, detail });

/** Reports what is in one file, or in one member of an archive. Bytes are read and counted, and nothing is made of them. */
export async function scanFile(source: ScanSource, scan: FileScan): Promise<void> {
  const { reader } = source;
  try {
    if (scan.depth > deepest) throw new ScanLimit(`archives are nested more than ${deepest} deep`);
    await scanFormat(source, scan);
  } catch (error) {
    scan.signal.throwIfAborted();
    if (error instanceof ScanLimit) found(scan, 'LIMIT_EXCEEDED', error.message);
    else if (error instanceof UnreadableZip) found(scan, 'UNREADABLE', `the archive cannot be read: ${error.message}`);
    else if (isZlibError(error))
      found(scan, 'UNREADABLE', `it cannot be unpacked: ${(error as Error).message}`, reader.offset);
    else throw error;
  } finally {
    await reader.close();
  }
}

const isZlibError = (error: unknown): boolean =>
  /^Z_|ERR_|ERR_ZLIB/.test(String((error as NodeJS.ErrnoException)?.code));

async function scanFormat(source: ScanSource, scan: FileScan): Promise<void> {
  const { reader, size } = source;
  const format = await formatOf(reader, size);
  scan.report.recognised(typeof format === 'string' ? format : (Object.values(format)[0] as string));
  if (format === 'pickle') return scanPickleFile(source, scan);
  if (format === 'text' || format === 'binary') return scanPickleLike(source, scan, format);
  if (format === 'zip') return scanZip(source, scan);
  if (format === 'gzip' || format === 'zlib') return scanCompressed(reader, scan, format);
  if (format === 'npy') return scanNpy(reader, scan);
  if (format === 'safetensors') {
    if (!(await isSafetensors(reader, size)))
      found(scan, 'MALFORMED', 'its header is not that of a safetensors file', 0);
  } else if (typeof format === 'object' && 'packed' in format) {
    found(scan, 'UNREADABLE', `it is packed with ${format.packed}, which is not unpacked here: log it without`);
  } else if (typeof format === 'object' && 'opaque' in format) {
    found(scan, 'UNKNOWN_FORMAT', `it is ${format.opaque}, which may carry code`);
  }
}

async function scanNpy(reader: ByteReader, scan: FileScan): Promise<void> {
  const length = npyHeaderLength(await reader.peek(12));
  const header = length === undefined ? undefined : await reader.peek(length);
  if (!header || header.length < (length as number))
    return found(scan, 'MALFORMED', 'the header of the array is broken', 0);
  if (!npyHoldsObjects(header)) return;
  await reader.skip(header.length);
  await scanPickleFile({ reader }, scan);
}

async function scanCompressed(reader: ByteReader, scan: FileScan, format: 'gzip' | 'zlib'): Promise<void> {
  const unpack = format === 'gzip' ? createGunzip() : createInflate();
  // An error reaches whoever reads from it.
  const stream = pipeline(readOn(reader), unpack, () => undefined);
  const inner = new ByteReader(counted(stream, scan, () => reader.offset));
  await scanFile({ reader: inner }, { ...scan, path: `${scan.path}!`, depth: scan.depth + 1 });
}

async function* readOn(reader: ByteReader): AsyncGenerator<Buffer> {
  while (!(await reader.isAtEnd())) yield reader.take((await reader.peek(64 * 1024)).length);
}

/** What comes out of unpacking, held against what went in and against what it may cost. */
async function* counted(
  stream: AsyncIterable<Buffer>,
  { budget }: FileScan,
  packed: () => number,
): AsyncGenerator<Buffer> {
  let unpacked = 0;
  for await (const chunk of stream) {
    unpacked += chunk.length;
    budget.unpacked(chunk.length);
    if (unpacked > ratioFrom && unpacked > packed() * largestRatio) {
      throw new ScanLimit(`it unpacks to more than ${largestRatio} times its size`);
    }
    yield chunk;
  }
}

async function scanZip(source: ScanSource, scan: FileScan): Promise<void> {
  const zip = await zipSource(source);
  const names: string[] = [];
  for await (const { name } of zipMembers(zip)) {
    names.push(name);
    if (names.length > mostMembers) throw new ScanLimit(`it has more than ${mostMembers} members`);
  }
  const torch = torchLayout(names);
  for await (const member of zipMembers(zip)) {
    scan.signal.throwIfAborted();
    if (torch?.isStorage(member.name)) continue;
    await scanMember(member, { ...scan, persistentIds: torch !== undefined });
  }
}

async function zipSource({ reader, size, reopen }: ScanSource): Promise<ZipSource> {
  if (reopen && size !== undefined) return { size, open: reopen };
  const all = await reader.peek(largestInner + 1);
  if (all.length > largestInner) throw new ScanLimit(`an archive within it has more than ${largestInner} bytes`);
  return all;
}

/** PyTorch keeps tensors beside the pickle that names them: plain numbers, which it reads by their place. */
function torchLayout(names: readonly string[]): { isStorage(name: string): boolean } | undefined {
  const pickle = names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (!pickle) return undefined;
  const folder = pickle.slice(0, -'data.pkl'.length);
  return { isStorage: (name) => name.startsWith(`${folder}data/`) && /^\d+$/.test(name.slice(folder.length + 5)) };
}

async function scanMember(member: ZipMember, scan: FileScan): Promise<void> {
  const path = `${scan.path}!${member.name}`;
  const inner = { ...scan, path, depth: scan.depth + 1, isModel: scan.isModel || isModelName(member.name) };
  if (member.unpacked > ratioFrom && member.unpacked > member.packed * largestRatio) {
    found(inner, 'LIMIT_EXCEEDED', `it unpacks to more than ${largestRatio} times its size`);
    return;
  }
  let stream: Readable;
  try {
    stream = await member.read();
  } catch (error) {
    if (!(error instanceof UnreadableZip)) throw error;
    found(inner, 'UNREADABLE', `the member cannot be read: ${error.message}`);
    return;
  }
  const reader = new ByteReader(counted(readable(stream), inner, () => member.packed + 1));
  await scanFile({ reader, size: member.unpacked }, inner);
}

/** Trouble of the packing is told apart from trouble of the store by what it says. */
async function* readable(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    if (isZlibError(error) || /^(too many|not enough) bytes in the stream/.test((error as Error).message)) {
      throw new UnreadableZip((error as Error).message);
    }
    throw error;
  }
}

const modelName = /\.(pkl|pickle|p|joblib|jbl|dill|cloudpickle|pt|pth|ckpt|bin|sav|model|npy|npz)$/i;
export const isModelName = (name: string): boolean => modelName.test(name);
