import { RangeNotSatisfiable } from './artifacts.errors.js';

/** What a client asks for: from a first byte, to a last one, or the last bytes of the file (RFC 9110, 14.1.2). */
export type ByteRange = { first: number; last?: number } | { suffix: number };

/** Both ends are part of it. */
export interface ByteSpan {
  start: number;
  end: number;
}

/**
 * The bytes of a file of `size` that a range names.
 * @throws RangeNotSatisfiable when there is none of them
 */
export function spanOf(range: ByteRange, size: number): ByteSpan {
  const start = 'suffix' in range ? Math.max(0, size - range.suffix) : range.first;
  const end = 'suffix' in range ? size - 1 : Math.min(range.last ?? size - 1, size - 1);
  if (start >= size || start > end) throw new RangeNotSatisfiable(size);
  return { start, end };
}
