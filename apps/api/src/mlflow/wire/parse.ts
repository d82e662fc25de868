import { Readable } from 'node:stream';
import { InvalidArgument } from '@app/platform';
import { z } from 'zod';

/**
 * Checks a request's parameters (query of a GET, JSON body of the others) against a schema.
 * @throws InvalidArgument with the sentences of MLflow's own server, which its clients and tests know
 */
export function parseParams<T extends z.ZodType>(schema: T, params: unknown): z.output<T> {
  if (typeof params === 'string' || params instanceof Readable) {
    throw new InvalidArgument('the body must be JSON, and the Content-Type application/json');
  }
  requireStorable(params);
  const parsed = schema.safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = nameOf(issue?.path ?? []);
  const value = issue?.path.reduce<unknown>(
    (object, key) => (object as Record<PropertyKey, unknown> | undefined)?.[key],
    params,
  );
  if (value === undefined || value === null || value === '') {
    throw new InvalidArgument(
      `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
      [name],
    );
  }
  if (issue?.code === 'custom' && issue.params?.isSentence) throw new InvalidArgument(issue.message, [name]);
  throw new InvalidArgument(
    `Invalid value ${JSON.stringify(value)} for parameter '${name}' supplied: ${issue?.message}`,
    [name],
  );
}

/** `metrics[0].timestamp` */
const nameOf = (path: readonly PropertyKey[]): string =>
  path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index > 0 ? `.${String(key)}` : String(key)))
    .join('') || 'body';

/** Deeper than any of MLflow's messages; a body of nothing but brackets would overflow the stack. */
const deepestBody = 32;

/** PostgreSQL's texts hold every character but NUL, and no half of a surrogate pair. */
function requireStorable(value: unknown, depth = 0): void {
  if (depth > deepestBody) throw new InvalidArgument(`the body is nested deeper than ${deepestBody} levels`);
  if (typeof value === 'string' && (value.includes('\0') || /\p{Cs}/u.test(value))) {
    throw new InvalidArgument(
      'a text in the request holds the character NUL or half of a surrogate pair, which cannot be stored',
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) requireStorable(part, depth + 1);
}

/** Protobuf's JSON: unset and empty repeated fields are left out, so that clients see what MLflow's server would send. */
export function omitUnset<T extends Record<string, unknown>>(message: T): Partial<T> {
  // A plain loop: a page of runs holds hundreds of thousands of messages.
  const set: Partial<T> = {};
  for (const key in message) {
    const value = message[key];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)) set[key] = value;
  }
  return set;
}

/** A whole number that may come as a string, as it does in query strings. */
export const wholeNumber = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int()),
]);

/** Page sizes, bounded. */
export const maxResults = (maximum: number, byDefault: number) =>
  wholeNumber
    .pipe(z.number().min(1, `must be from 1 to ${maximum}`).max(maximum, `must be from 1 to ${maximum}`))
    .default(byDefault);

/** A repeated field: one value of a query string comes alone. */
export const repeated = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(item));

/** A field that may be left out; null says the same. */
export const optional = <T extends z.ZodType>(field: T) => field.nullish().transform((value) => value ?? undefined);

/** A text that must be there. */
export const required = z.string().min(1, 'must not be empty');

/** A protobuf enum: its names, or their numbers. */
export const enumeration = <const Name extends string>(numbers: Readonly<Record<Name, number>>) => {
  const names = Object.keys(numbers) as Name[];
  const error = `must be one of ${names.join(', ')}`;
  return z.union(
    [
      z.enum(names, error),
      z.number().transform((number, context) => {
        const name = names.find((candidate) => numbers[candidate] === number);
        if (!name) context.addIssue(error);
        return name as Name;
      }),
    ],
    error,
  );
};

/** A protobuf double: JSON has no NaN and no infinities, they travel as texts. */
export const double = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^(NaN|-?Infinity|[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)$/)
      .transform(Number),
  ],
  'must be a number, "NaN", "Infinity" or "-Infinity"',
);

/** A double on its way out. */
export const doubleText = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
