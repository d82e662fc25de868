import type { ByteReader } from './byte-reader.js';
import { isNpy } from './numpy-array.js';

/** What the first bytes of a file say that it is. The name of a file says nothing: whoever uploads it chooses it. */
export type FileFormat =
  | 'pickle'
  | 'zip'
  | 'gzip'
  | 'zlib'
  | 'npy'
  | 'safetensors'
  | 'onnx'
  | 'text'
  | 'binary'
  /** Data by definition: no reader of it runs anything. */
  | { data: string }
  /** Packed in a way that this code cannot unpack. */
  | { packed: string }
  /** May carry code of its own. */
  | { opaque: string };

const bytes = (text: string) => Buffer.from(text, 'latin1');
const magics: [Buffer, FileFormat][] = [
  [bytes('PK\x03\x04'), 'zip'],
  [bytes('PK\x05\x06'), 'zip'],
  [bytes('\x1f\x8b'), 'gzip'],
  [bytes('BZh'), { packed: 'bzip2' }],
  [bytes('\xfd7zXZ\0'), { packed: 'xz' }],
  [bytes('\x5d\0\0'), { packed: 'lzma' }],
  [bytes('\x04\x22\x4d\x18'), { packed: 'lz4' }],
  [bytes('\x28\xb5\x2f\xfd'), { packed: 'zstandard' }],
  [bytes('7z\xbc\xaf\x27\x1c'), { packed: '7z' }],
  [bytes('\x89HDF\r\n\x1a\n'), { opaque: 'HDF5' }],
  [bytes('\x7fELF'), { opaque: 'a program (ELF)' }],
  [bytes('MZ'), { opaque: 'a program (PE)' }],
  [bytes('\x89PNG\r\n\x1a\n'), { data: 'png' }],
  [bytes('\xff\xd8\xff'), { data: 'jpeg' }],
  [bytes('GIF8'), { data: 'gif' }],
  [bytes('PAR1'), { data: 'parquet' }],
  [bytes('ARROW1\0\0'), { data: 'arrow' }],
  [bytes('GGUF'), { data: 'gguf' }],
];

const sampleBytes = 64 * 1024;
const largestHeader = 100 * 2 ** 20;

/** @param size of the file; undefined when it is unpacked on the way */
export async function formatOf(reader: ByteReader, size?: number): Promise<FileFormat> {
  const start = await reader.peek(sampleBytes);
  if (start.length === 0) return { data: 'empty' };
  if (start[0] === 0x80 && start.length > 1 && (start[1] as number) <= 5) return 'pickle';
  if (isNpy(start)) return 'npy';
  const magic = magics.find(([magic]) => start.subarray(0, magic.length).equals(magic));
  if (magic) return magic[1];
  if (isZlib(start)) return 'zlib';
  if (looksLikeSafetensors(start)) return 'safetensors';
  if (looksLikeOnnx(start, size)) return 'onnx';
  if (isUbjson(start)) return { data: 'ubjson' };
  return isText(start) ? 'text' : 'binary';
}

/** A header of two bytes whose number is a multiple of 31, and no text. */
const isZlib = (start: Buffer): boolean =>
  start.length > 2 &&
  start[0] === 0x78 &&
  start.readUInt16BE(0) % 31 === 0 &&
  [0x01, 0x5e, 0x9c, 0xda].includes(start[1] as number);

const looksLikeSafetensors = (start: Buffer): boolean =>
  start.length > 9 && start[8] === 0x7b && start.readBigUInt64LE(0) <= BigInt(largestHeader);

/** XGBoost's binary form: an object whose first key begins with the type of its length. */
const isUbjson = (start: Buffer): boolean =>
  start.length > 2 && start[0] === 0x7b && bytes('iUIlL').includes(start[1] as number);

/** Of the control characters text has white space and ESC. */
const isControl = (byte: number): boolean => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b;

function isText(start: Buffer): boolean {
  if (start.some(isControl)) return false;
  try {
    // The sample may end in the middle of a character.
    new TextDecoder('utf8', { fatal: true }).decode(start, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The fields of ModelProto, by their wire type (onnx.proto): 0 is a varint, 2 has a length. */
const onnxFields: Record<number, number> = { 1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2 };

/** Every field of the model up to its graph, or to the end of the sample, is one that a model has. */
function looksLikeOnnx(start: Buffer, size = Number.MAX_SAFE_INTEGER): boolean {
  if (start[0] !== 0x08) return false;
  for (let at = 0; at < start.length; ) {
    const tag = varint(start, at);
    if (!tag || onnxFields[tag.value >>> 3] !== (tag.value & 7)) return false;
    const value = varint(start, tag.next);
    if (!value) return false;
    const isGraph = tag.value >>> 3 === 7;
    if ((tag.value & 7) === 2 && value.next + value.value > size) return false;
    if (isGraph) return true;
    at = (tag.value & 7) === 2 ? value.next + value.value : value.next;
  }
  return false;
}

function varint(data: Buffer, at: number): { value: number; next: number } | undefined {
  for (let value = 0, index = 0; index < 7; index++) {
    const byte = data[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return undefined;
}

const tensors = (size: number | undefined, header: unknown, dataStart: number): boolean =>
  typeof header === 'object' &&
  header !== null &&
  !Array.isArray(header) &&
  Object.entries(header).every(([name, tensor]) => {
    if (name === '__metadata__') return typeof tensor === 'object';
    const offsets: unknown = (tensor as { data_offsets?: unknown } | null)?.data_offsets;
    return (
      Array.isArray(offsets) &&
      offsets.length === 2 &&
      offsets.every(Number.isSafeInteger) &&
      0 <= offsets[0] &&
      offsets[0] <= offsets[1] &&
      (size === undefined || dataStart + offsets[1] <= size)
    );
  });

/** Is the header of a safetensors file what it must be: JSON, whose tensors lie within the file? */
export async function isSafetensors(reader: ByteReader, size?: number): Promise<boolean> {
  const length = Number((await reader.peek(8)).readBigUInt64LE(0));
  const header = await reader.peek(8 + length);
  if (header.length < 8 + length) return false;
  try {
    return tensors(size, JSON.parse(header.subarray(8).toString('utf8')), 8 + length);
  } catch {
    return false;
  }
}
