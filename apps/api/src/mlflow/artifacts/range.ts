import type { ByteRange } from '@app/artifacts';

/**
 * The single range that a Range header asks for (RFC 9110, 14.2). Anything else, several ranges included, may be
 * ignored: the whole file is a right answer to it.
 */
export function parseRange(header: string | undefined): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first)
    return last && Number(last) < Number(first)
      ? undefined
      : { first: Number(first), last: last ? Number(last) : undefined };
  return last ? { suffix: Number(last) } : undefined;
}
