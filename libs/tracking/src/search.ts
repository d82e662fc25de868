import { createHash } from 'node:crypto';
import { InvalidArgument, type PageArgs, type SortKey } from '@app/platform';
import sql, { join, raw, type Sql } from 'sql-template-tag';

/** One condition of a search; all of them must hold. */
export interface Condition {
  entity: string;
  key: string;
  operator: string;
  value: string | number | (string | number)[] | null;
}

export interface Ordering {
  entity: string;
  key: string;
  ascending: boolean;
}

export interface Search {
  filter: readonly Condition[];
  orderBy: readonly Ordering[];
  page: PageArgs;
}

/** The largest page of a search, MLflow's own. */
export const largestPage = 50_000;

/** Names a search for its page tokens, so that a token of another search is refused. */
export const searchName = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);

const refuseOperator = ({ entity, key, operator }: Condition, allowed: readonly string[]): never => {
  if (operator.startsWith('IS ')) {
    throw new InvalidArgument(
      `filter: Invalid comparator '${operator}' for ${entity} "${key}": IS NULL / IS NOT NULL is only supported for tags and params`,
      ['filter'],
    );
  }
  throw new InvalidArgument(
    `filter: Invalid comparator '${operator}' for ${entity} "${key}": not one of ${allowed.join(', ')}`,
    ['filter'],
  );
};

const numeric = ['=', '!=', '<', '<=', '>', '>='];
const textual = ['=', '!=', 'LIKE', 'ILIKE'];
const nominal = [...textual, 'IN', 'NOT IN'];
const sign = (operator: string): Sql => raw(operator === '!=' ? '<>' : operator);

/**
 * A comparison of a number.
 * @throws InvalidArgument for an operator of texts, or a value in quotes
 */
export function compareNumber(column: Sql, condition: Condition): Sql {
  const { entity, key, operator, value } = condition;
  if (!numeric.includes(operator)) refuseOperator(condition, numeric);
  if (typeof value !== 'number') {
    throw new InvalidArgument(`filter: Expected numeric value type for ${entity} "${key}". Found '${value}'`, [
      'filter',
    ]);
  }
  return sql`${column} ${sign(operator)} ${value}::float8`;
}

/** A comparison of a metric's value. NaN differs from every number, and is not less or greater than one. */
export function compareMetric(alias: string, condition: Condition): Sql {
  const isNan = raw(`${alias}.is_nan`);
  const compared = compareNumber(raw(`${alias}.value`), condition);
  return condition.operator === '!=' ? sql`(${isNan} OR ${compared})` : sql`(NOT ${isNan} AND ${compared})`;
}

/**
 * A comparison of a text.
 * @param lists whether IN and NOT IN go with it
 * @throws InvalidArgument for an operator of numbers, or a value without quotes
 */
export function compareText(column: Sql, condition: Condition, { lists = false } = {}): Sql {
  const { entity, key, operator, value } = condition;
  const allowed = lists ? nominal : textual;
  if (!allowed.includes(operator)) refuseOperator(condition, allowed);
  const texts = Array.isArray(value) ? value : [value];
  if (!texts.every((text) => typeof text === 'string')) {
    throw new InvalidArgument(
      `filter: Expected a quoted string value for ${entity} "${key}" (e.g. 'my-value'). Got value ${texts.join(', ')}`,
      ['filter'],
    );
  }
  if (operator === 'IN') return sql`${column} = ANY(${texts}::text[])`;
  if (operator === 'NOT IN') return sql`${column} <> ALL(${texts}::text[])`;
  // ESCAPE '': a backslash in a pattern is a backslash, as on MLflow's other databases.
  if (operator === 'LIKE' || operator === 'ILIKE') return sql`${column} ${raw(operator)} ${texts[0]} ESCAPE ''`;
  return sql`${column} ${sign(operator)} ${texts[0]}`;
}

/** So much of a value of a tag or param is in the index; a value may be longer than an entry of an index can be. */
const indexedLength = 100;

/** A comparison of a tag's or param's value, which an index serves where it can. */
function compareValue(condition: Condition, lists: boolean): Sql {
  const { operator, value } = condition;
  const whole = compareText(raw('t.value'), condition, { lists });
  if (operator !== '=' || typeof value !== 'string') return whole;
  const beginning = sql`left(t.value, ${raw(String(indexedLength))})`;
  // Where the beginning is the whole: said once, for PostgreSQL would take two conditions for rarer than one.
  if (value.length < indexedLength) return sql`${beginning} = ${value}`;
  return sql`${beginning} = left(${value}, ${raw(String(indexedLength))}) AND ${whole}`;
}

/** A condition on the tags or params of an object: rows of `table` that name their owner in `owner`. */
export function compareTags(table: string, owner: string, id: Sql, condition: Condition, { lists = false } = {}): Sql {
  const { key, operator } = condition;
  const rows = sql`SELECT 1 FROM ${raw(table)} t WHERE t.${raw(owner)} = ${id} AND t.key = ${key}`;
  if (operator === 'IS NULL') return sql`NOT EXISTS (${rows})`;
  if (operator === 'IS NOT NULL') return sql`EXISTS (${rows})`;
  return sql`EXISTS (${rows} AND ${compareValue(condition, lists)})`;
}

/** @throws InvalidArgument naming the keys that there are */
export function refuseKey({ entity, key }: Pick<Condition, 'entity' | 'key'>, valid: readonly string[]): never {
  throw new InvalidArgument(
    `Invalid ${entity} key '${key}' specified. Valid keys are [${valid.map((name) => `'${name}'`).join(', ')}]`,
  );
}

export const all = (conditions: readonly Sql[]): Sql => (conditions.length > 0 ? join(conditions, ' AND ') : sql`TRUE`);

const direction = (ascending: boolean) => (ascending ? 'ASC' : 'DESC');

/** A sort key of a column that may be null: nulls come last in both directions. */
export const nullsLast = (column: Sql, type: 'text' | 'int8' | 'float8', ascending: boolean): SortKey[] => [
  { expression: sql`(${column} IS NULL)::int`, type: 'int8', direction: 'ASC' },
  {
    expression: type === 'text' ? sql`COALESCE(${column}, '')` : sql`COALESCE(${column}, 0)`,
    type,
    direction: direction(ascending),
  },
];

/** A sort key of a metric in the row `alias`, which may be missing: first the numbers, then NaN, then nothing. */
export const metricOrder = (alias: string, ascending: boolean): SortKey[] => {
  const [value, isNan] = [raw(`${alias}.value`), raw(`${alias}.is_nan`)];
  return [
    {
      expression: sql`CASE WHEN ${isNan} THEN 1 WHEN ${value} IS NULL THEN 2 ELSE 0 END`,
      type: 'int8',
      direction: 'ASC',
    },
    { expression: sql`COALESCE(${value}, 0)`, type: 'float8', direction: direction(ascending) },
  ];
};

/** A sort key of a column that is never null. */
export const plainOrder = (column: string, type: SortKey['type'], ascending: boolean): SortKey => ({
  expression: raw(column),
  type,
  direction: direction(ascending),
});
