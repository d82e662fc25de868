import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { z } from 'zod';
import type { Database } from '../database/database.js';
import { InvalidArgument } from '../errors/domain-error.js';

/** The paging arguments of a Relay connection (https://relay.dev/graphql/connections.htm). */
export interface PageArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
}

export interface Page<Node> {
  edges: { node: Node; cursor: string }[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** The types a sort key may have, each with what a cursor may carry for it. Columns must not be null. */
const sortTypes = {
  text: z.string(),
  uuid: z.uuid(),
  int8: z.number().int(),
  // JSON has no infinities: PostgreSQL writes them as texts, and reads them back.
  float8: z.union([z.number(), z.enum(['Infinity', '-Infinity'])]),
  timestamptz: z.iso.datetime(),
} as const;

export interface SortKey {
  /** The SQL expression that is sorted by. */
  expression: Sql;
  type: keyof typeof sortTypes;
  direction: 'ASC' | 'DESC';
}

export interface KeysetQuery<Row, Node> {
  select: Sql;
  /** FROM and its joins, without the word WHERE. */
  from: Sql;
  where: Sql;
  /** A name for the order, kept in the cursor, so that a cursor of another order is refused. */
  orderName: string;
  /** The last key must make the order total: an id. */
  order: SortKey[];
  args: PageArgs;
  toNode(row: Row): Node;
  /** The largest page; 100 for connections. */
  maxPageSize?: number;
}

const encodeCursor = (orderName: string, values: unknown[]): string =>
  Buffer.from(JSON.stringify([orderName, ...values])).toString('base64url');

function decodeCursor(name: 'after' | 'before', cursor: string, orderName: string, order: SortKey[]): unknown[] {
  const broken = () =>
    new InvalidArgument(`${name}: "${cursor}" is not a cursor of this list: take endCursor or startCursor of a page`, [
      name,
    ]);
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw broken();
  }
  if (!Array.isArray(parsed) || parsed.length !== order.length + 1) throw broken();
  const [cursorOrder, ...values] = parsed;
  if (cursorOrder !== orderName) {
    throw new InvalidArgument(
      `${name}: the cursor belongs to the order "${cursorOrder}", this list is in the order "${orderName}"`,
      [name],
    );
  }
  if (!order.every((key, index) => sortTypes[key.type].safeParse(values[index]).success)) throw broken();
  return values;
}

/** @throws InvalidArgument unless exactly one of first and last is given, from 1 to the maximum. */
function pageSize({ first, last, after, before }: PageArgs, maximum: number): { size: number; backward: boolean } {
  if ((first == null) === (last == null)) {
    throw new InvalidArgument(`first, last: give exactly one of them, from 1 to ${maximum}`, ['first']);
  }
  const backward = last != null;
  const name = backward ? 'last' : 'first';
  const size = (backward ? last : first) as number;
  if (!Number.isInteger(size) || size < 1 || size > maximum) {
    throw new InvalidArgument(`${name}: ${size} is not between 1 and ${maximum}`, [name]);
  }
  if (backward ? after != null : before != null) {
    const [wrong, right] = backward ? ['after', 'before'] : ['before', 'after'];
    throw new InvalidArgument(`${wrong}: does not go with ${name}; ${name} goes with ${right}`, [wrong as string]);
  }
  return { size, backward };
}

const typed = (key: SortKey, value: unknown): Sql => sql`${value}::${raw(key.type)}`;

/** Rows strictly behind `values` in the given order. One direction for all keys becomes a row comparison, which an index serves. */
function behind(order: SortKey[], values: unknown[]): Sql {
  const sign = (key: SortKey) => raw(key.direction === 'ASC' ? '>' : '<');
  if (order.every((key) => key.direction === order[0]?.direction)) {
    const columns = join(order.map((key) => key.expression));
    const bounds = join(order.map((key, index) => typed(key, values[index])));
    return sql`(${columns}) ${sign(order[0] as SortKey)} (${bounds})`;
  }
  // Nested, so that each level bounds its own key: an index whose first columns these are begins at the cursor.
  return order.reduceRight<Sql>((deeper, key, index) => {
    const bound = typed(key, values[index]);
    const ahead = sql`${key.expression} ${sign(key)} ${bound}`;
    return deeper === empty ? ahead : sql`(${key.expression} ${sign(key)}= ${bound} AND (${ahead} OR ${deeper}))`;
  }, empty);
}

const reversed = (order: SortKey[]): SortKey[] =>
  order.map((key) => ({ ...key, direction: key.direction === 'ASC' ? 'DESC' : 'ASC' }));

/**
 * One page of a list by keyset, in one statement, at a cost that does not grow with the depth of the page. A walk in
 * either direction yields each row once, also while rows are inserted.
 * @throws InvalidArgument for a page size outside 1 to the maximum, a broken cursor, or a cursor of another order
 */
export async function keysetPage<Row, Node>(db: Database, query: KeysetQuery<Row, Node>): Promise<Page<Node>> {
  const { args, orderName } = query;
  const { size, backward } = pageSize(args, query.maxPageSize ?? 100);
  const order = backward ? reversed(query.order) : query.order;
  const cursor = backward ? args.before : args.after;
  const start = cursor
    ? sql` AND ${behind(order, decodeCursor(backward ? 'before' : 'after', cursor, orderName, order))}`
    : empty;
  const keys = join(query.order.map((key) => key.expression));
  const orderBy = join(order.map((key) => sql`${key.expression} ${raw(key.direction)}`));

  const found = await db.query<Row & { sort_key: unknown[] }>(
    sql`SELECT ${query.select}, jsonb_build_array(${keys}) AS sort_key FROM ${query.from} WHERE ${query.where}${start} ORDER BY ${orderBy} LIMIT ${size + 1}`,
  );
  const more = found.length > size;
  const rows = more ? found.slice(0, size) : found;
  if (backward) rows.reverse();
  return {
    edges: rows.map(({ sort_key, ...row }) => ({
      node: query.toNode(row as unknown as Row),
      // Made when it is asked for: of a page of thousands, mostly the last one is.
      get cursor() {
        return encodeCursor(orderName, cursorValues(query.order, sort_key));
      },
    })),
    hasNextPage: backward ? cursor != null : more,
    hasPreviousPage: backward ? more : cursor != null,
  };
}

/** PostgreSQL writes a timestamp into JSON with its offset ("+00:00"): a cursor carries it in UTC. */
const cursorValues = (order: SortKey[], values: unknown[]): unknown[] =>
  values.map((value, index) =>
    order[index]?.type === 'timestamptz' ? new Date(value as string).toISOString() : value,
  );
