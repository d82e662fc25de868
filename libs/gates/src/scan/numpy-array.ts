import type { ObjectValue, Value } from './pickle-value.js';
import { isGlobal } from './pickle-value.js';

/** The bytes of an array that joblib writes into its pickles, behind the object that describes it. */
export interface InlineArray {
  /** A byte that tells how many bytes to pass over stands before the data. */
  padded: boolean;
  /** Of the data; objects are a pickle of their own, whose length nothing tells. */
  bytes: number | 'objects';
}

export const isInlineArray = ({ made }: ObjectValue): boolean =>
  isGlobal(made, 'joblib.numpy_pickle:NumpyArrayWrapper');

/** The sizes of NumPy's types by their letter; that of the others stands behind it. */
const letters: Record<string, number> = { '?': 1, b: 1, B: 1 };

/**
 * What joblib.numpy_pickle.NumpyArrayWrapper says of the bytes behind it.
 * @returns undefined when that cannot be told
 */
export function inlineArray({ state }: ObjectValue): InlineArray | undefined {
  if (state?.kind !== 'dict') return undefined;
  const { entries } = state;
  const shape = entries.get('shape');
  const dtype = entries.get('dtype');
  if (shape?.kind !== 'tuple' || dtype?.kind !== 'object' || !isGlobal(dtype.made, 'numpy:dtype')) return undefined;
  const padded = entries.get('numpy_array_alignment_bytes')?.kind === 'number';
  const lengths = shape.items.map((item) => (item.kind === 'number' ? item.number : Number.NaN));
  const size = itemSize(dtype);
  if (size === 'objects') return { padded, bytes: 'objects' };
  const bytes = lengths.reduce((product, length) => product * length, size ?? Number.NaN);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? { padded, bytes } : undefined;
}

/** The state of a dtype is (version, order, subtype, names, fields, itemsize, alignment, flags). */
function itemSize({ args, state }: ObjectValue): number | 'objects' | undefined {
  const [code] = args;
  if (code?.kind !== 'text') return undefined;
  const parts: readonly Value[] = state?.kind === 'tuple' ? state.items : [];
  const flags = parts[7];
  const holdsObjects = code.text.startsWith('O') || (flags?.kind === 'number' && (flags.number & 1) === 1);
  if (holdsObjects) return 'objects';
  const [, letter = '', digits = ''] = /^([a-zA-Z?])(\d*)$/.exec(code.text) ?? [];
  const declared = parts[5];
  if (letter === 'V' && declared?.kind === 'number' && declared.number < 2 ** 31) return declared.number;
  if (digits === '') return letters[letter];
  return Number(digits) * (letter === 'U' ? 4 : 1);
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
export const isNpy = (start: Buffer): boolean => start.subarray(0, 6).equals(magic);

/** How long the header of a .npy file is, magic included; undefined for a version that this code does not know. */
export function npyHeaderLength(start: Buffer): number | undefined {
  if (start.length < 12) return undefined;
  const major = start[6];
  if (major === 1) return 10 + start.readUInt16LE(8);
  return major === 2 || major === 3 ? 12 + start.readUInt32LE(8) : undefined;
}

/** Does the array hold Python objects? Then a pickle follows the header. Types are written as '<f8', '|O', … */
export const npyHoldsObjects = (header: Buffer): boolean => /['"][<>|=]?O\d*['"]/.test(header.toString('latin1'));
