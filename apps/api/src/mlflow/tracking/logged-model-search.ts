import { createHash } from 'node:crypto';
import { InvalidArgument } from '@app/platform';
import { z } from 'zod';
import { maxResults, optional, repeated, required } from '../wire/parse.js';
import { filterText, pageToken } from './fields.js';

export const searchParams = z.object({
  experiment_ids: repeated(z.string()),
  filter: filterText,
  datasets: repeated(z.object({ dataset_name: required, dataset_digest: optional(z.string()) })),
  max_results: maxResults(50_000, 100),
  order_by: repeated(
    z.object({
      field_name: required,
      ascending: optional(z.boolean()),
      dataset_name: optional(z.string()),
      dataset_digest: optional(z.string()),
    }),
  ),
  page_token: pageToken,
});
type Query = z.output<typeof searchParams>;

const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('base64url')
    .slice(0, 16);

/** What a page token is bound to, each with what MLflow's server says when a request asks for something else. */
const bindings: readonly [what: (query: Query) => unknown, complaint: string][] = [
  [
    ({ experiment_ids }) => [...experiment_ids].sort(),
    'Experiment IDs in the page token do not match the requested ones',
  ],
  [({ order_by }) => order_by, 'Order by in the page token does not match the requested one'],
  [({ filter }) => filter || null, 'Filter string in the page token does not match the requested one'],
];

const tokenParts = z.tuple([z.array(z.string()).length(bindings.length), z.string()]);

/** The token of the page behind a cursor. It says which part of another request does not go with it. */
export const tokenOf = (query: Query, cursor: string): string =>
  Buffer.from(JSON.stringify([bindings.map(([what]) => digest(what(query))), cursor])).toString('base64url');

/** @throws InvalidArgument when the token is none, or one of another search */
export function cursorOf(query: Query): string | undefined {
  const { page_token: token } = query;
  if (!token) return undefined;
  const [digests, cursor] = readToken(token);
  const changed = bindings.find(([what], index) => digest(what(query)) !== digests[index]);
  if (changed) throw new InvalidArgument(`${changed[1]}: send it with the request that it answered`, ['page_token']);
  return cursor;
}

function readToken(token: string): z.output<typeof tokenParts> {
  try {
    return tokenParts.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch {
    throw new InvalidArgument(`Invalid page token "${token}": send the next_page_token of an answer`, ['page_token']);
  }
}

/** The search of logged models has words of its own for an operator that does not go with its key. */
export function inTheirWords(error: unknown): unknown {
  if (!(error instanceof InvalidArgument)) return error;
  const message = error.message.replace(/^filter: Invalid comparator/, 'Invalid comparison operator');
  return message === error.message ? error : new InvalidArgument(message, error.path);
}
