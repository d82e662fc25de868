interface Bounds {
  /** Of its text, in UTF-8. */
  maxBytes: number;
  /** Of objects and arrays within one another. */
  maxDepth: number;
}

/**
 * What keeps a value of a third party from being stored as JSON, and read again as it was; undefined when nothing does.
 * PostgreSQL takes neither NUL nor half of a surrogate pair, and JSON.parse makes an infinity of a number that is too large.
 */
export function jsonProblem(value: unknown, { maxBytes, maxDepth }: Bounds): string | undefined {
  const problem = problemWithin(value, maxDepth);
  if (problem) return problem === 'depth' ? `is nested deeper than ${maxDepth}` : problem;
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  return bytes > maxBytes ? `has ${bytes} bytes as JSON, at most ${maxBytes} are allowed` : undefined;
}

function problemWithin(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return problemOfText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'holds a number that is too large';
  if (typeof value !== 'object') return 'is no JSON value';
  if (depth === 0) return 'depth';
  for (const [key, element] of Object.entries(value)) {
    const problem = problemOfText(key) ?? problemWithin(element, depth - 1);
    if (problem) return problem;
  }
  return undefined;
}

const problemOfText = (text: string): string | undefined =>
  text.includes('\0') || /\p{Cs}/u.test(text) ? 'holds a text with NUL or half of a surrogate pair' : undefined;
