import { fullNameKey } from '@app/access';
import type { SortKey } from '@app/platform';
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';

export type SearchOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE' | 'IN' | 'NOT IN';
export type SearchValue = string | number | string[];

/** One clause of a search. All of them must hold. */
export interface SearchCondition<Field extends string> {
  field: Field | { tag: string };
  operator: SearchOperator;
  value: SearchValue;
  /** Of a tag: holds where there is no tag of which the clause is true. */
  negated?: boolean;
}

export interface Search<ConditionField extends string, OrderField extends string> {
  conditions: SearchCondition<ConditionField>[];
  order: { field: OrderField; direction: 'ASC' | 'DESC' }[];
  pageSize: number;
  pageToken?: string | null;
}

/** What a search means in SQL. */
export interface SearchTables<ConditionField extends string, OrderField extends string> {
  column(field: ConditionField, operator: SearchOperator, value: SearchValue): Sql;
  /** The tags of a row: table and condition, with the tags as `t`. */
  tags: Sql;
  order: Record<OrderField, Pick<SortKey, 'expression' | 'type'>>;
  id: Sql;
}

/** A comparison of MLflow's grammar. `%` and `_` are the wildcards of LIKE, and nothing escapes them. */
export function compare(expression: Sql, operator: SearchOperator, value: SearchValue): Sql {
  if (operator === 'IN') return sql`${expression} = ANY(${value}::text[])`;
  if (operator === 'NOT IN') return sql`${expression} <> ALL(${value}::text[])`;
  if (operator === 'LIKE' || operator === 'ILIKE') return sql`${expression} ${raw(operator)} ${value} ESCAPE ''`;
  const typed = typeof value === 'number' ? sql`${value}::int8` : sql`${value}::text`;
  return sql`${expression} ${raw(operator === '!=' ? '<>' : operator)} ${typed}`;
}

/**
 * A comparison with the name of the model `s`. A name without dots is one of the default schema; a pattern without
 * dots is compared with the name as MLflow clients see it, flat in the default schema.
 */
export function compareModelName(defaultSchema: string, operator: SearchOperator, value: SearchValue): Sql {
  const keyOf = (name: string) =>
    fullNameKey('REGISTERED_MODEL', name.includes('.') ? name : `${defaultSchema}.${name}`);
  if (operator !== 'LIKE' && operator !== 'ILIKE') {
    const keys = Array.isArray(value) ? value.map(keyOf) : keyOf(String(value));
    return compare(sql`s.full_name_key`, operator, keys);
  }
  if (String(value).includes('.')) return compare(sql`s.full_name`, operator, value);
  const prefix = fullNameKey('REGISTERED_MODEL', `${defaultSchema}.`);
  return compare(
    sql`CASE WHEN starts_with(s.full_name_key, ${prefix}) THEN s.name ELSE s.full_name END`,
    operator,
    value,
  );
}

/** The clauses as SQL, to be put behind the condition of rights: ` AND … AND …`, or nothing. */
export function conditionsSql<C extends string, O extends string>(
  { conditions }: Search<C, O>,
  tables: SearchTables<C, O>,
): Sql {
  const clauses = conditions.map(({ field, operator, value, negated }) => {
    if (typeof field === 'string') return tables.column(field, operator, value);
    const exists = sql`EXISTS (SELECT 1 FROM ${tables.tags} AND t.key = ${field.tag} AND ${compare(sql`t.value`, operator, value)})`;
    return negated ? sql`NOT ${exists}` : exists;
  });
  return clauses.length > 0 ? sql` AND ${join(clauses, ' AND ')}` : empty;
}

/** The order of a search with the id behind it, and its name, so that a page token of another order is refused. */
export function orderOf<C extends string, O extends string>(
  { order }: Search<C, O>,
  tables: SearchTables<C, O>,
): { orderName: string; order: SortKey[] } {
  return {
    orderName: order.map(({ field, direction }) => `${field} ${direction}`).join(', '),
    order: [
      ...order.map(({ field, direction }) => ({ ...tables.order[field], direction })),
      { expression: tables.id, type: 'uuid', direction: 'ASC' },
    ],
  };
}
