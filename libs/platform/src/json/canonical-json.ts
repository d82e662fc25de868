import canonicalize from 'canonicalize';

// The package is CommonJS and its types claim a default export, which nodenext reads as an object around the function.
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/**
 * The one spelling of a JSON value (RFC 8785), for digests that anybody can compute again.
 * @throws Error when the value is none of JSON: undefined, NaN, an infinity
 */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new Error('undefined is no JSON value');
  return text;
}
