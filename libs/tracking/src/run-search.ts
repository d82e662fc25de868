import type { SortKey } from '@app/platform';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import {
  type Condition,
  compareMetric,
  compareNumber,
  compareTags,
  compareText,
  metricOrder,
  nullsLast,
  type Ordering,
  plainOrder,
  refuseKey,
} from './search.js';

/** The attributes of a run and their columns, with MLflow's other spellings of them. */
const textAttributes = new Map([
  ['run_id', 'r.id'],
  ['run_name', 'r.name'],
  ['run name', 'r.name'],
  ['Run name', 'r.name'],
  ['Run Name', 'r.name'],
  ['user_id', 'r.user_id'],
  ['status', 'r.status'],
  ['artifact_uri', 'r.artifact_uri'],
]);
const numberAttributes = new Map([
  ['start_time', 'r.start_time'],
  ['created', 'r.start_time'],
  ['Created', 'r.start_time'],
  ['end_time', 'r.end_time'],
]);
const attributeKeys = [...textAttributes.keys(), ...numberAttributes.keys()];
const runId = raw('r.id');

function datasetCondition(condition: Condition): Sql {
  const inputs = sql`SELECT 1 FROM run_inputs i JOIN datasets d ON d.id = i.dataset_id`;
  const compare = (column: string) => compareText(raw(column), condition, { lists: true });
  if (condition.key === 'context') {
    return sql`EXISTS (${inputs} CROSS JOIN jsonb_array_elements(i.tags) AS t
      WHERE i.run_id = r.id AND t->>'key' = 'mlflow.data.context' AND ${compare("(t->>'value')")})`;
  }
  if (condition.key !== 'name' && condition.key !== 'digest')
    return refuseKey(condition, ['name', 'digest', 'context']);
  return sql`EXISTS (${inputs} WHERE i.run_id = r.id AND ${compare(`d.${condition.key}`)})`;
}

function attributeCondition(condition: Condition): Sql {
  const { key } = condition;
  const text = textAttributes.get(key);
  if (text) return compareText(raw(text), condition, { lists: key === 'run_id' });
  const number = numberAttributes.get(key);
  return number ? compareNumber(raw(number), condition) : refuseKey(condition, attributeKeys);
}

/**
 * A condition on `runs r`, in SQL.
 * @throws InvalidArgument for a key or an operator that does not go with it
 */
export function runCondition(condition: Condition): Sql {
  switch (condition.entity) {
    case 'metric':
      return sql`EXISTS (SELECT 1 FROM latest_metrics m
        WHERE m.run_id = r.id AND m.experiment_id = r.experiment_id AND m.key = ${condition.key} AND ${compareMetric('m', condition)})`;
    case 'param':
      return compareTags('run_params', 'run_id', runId, condition);
    case 'tag':
      return compareTags('run_tags', 'run_id', runId, condition);
    case 'dataset':
      return datasetCondition(condition);
    default:
      return attributeCondition(condition);
  }
}

const tables: Record<string, string> = { metric: 'latest_metrics', param: 'run_params', tag: 'run_tags' };

function attributeOrder({ entity, key, ascending }: Ordering): SortKey[] {
  const text = textAttributes.get(key);
  if (text) return [plainOrder(text, 'text', ascending)];
  const number = numberAttributes.get(key);
  if (!number) return refuseKey({ entity, key }, attributeKeys);
  return number === 'r.end_time' ? nullsLast(raw(number), 'int8', ascending) : [plainOrder(number, 'int8', ascending)];
}

export interface RunOrdering {
  joins: Sql;
  order: SortKey[];
}

/**
 * An order of `runs r`, with the joins it needs: what has no value, and NaN, comes last. Equals are in the order of
 * their start, the latest first.
 * @throws InvalidArgument for a key that there is none of
 */
export function runOrder(orderings: readonly Ordering[]): RunOrdering {
  const joins: Sql[] = [sql``];
  const order = orderings.flatMap((ordering, index) => {
    const { entity, key, ascending } = ordering;
    if (entity === 'attribute') return attributeOrder(ordering);
    const table = tables[entity];
    if (!table) return refuseKey({ entity, key }, attributeKeys);
    const alias = `o${index}`;
    joins.push(
      sql` LEFT JOIN ${raw(`${table} ${alias}`)} ON ${raw(`${alias}.run_id`)} = r.id AND ${raw(`${alias}.key`)} = ${key}`,
    );
    return entity === 'metric' ? metricOrder(alias, ascending) : nullsLast(raw(`${alias}.value`), 'text', ascending);
  });
  const byStart = orderings.some(
    ({ entity, key }) => entity === 'attribute' && numberAttributes.get(key) === 'r.start_time',
  );
  if (!byStart) order.push(plainOrder('r.start_time', 'int8', false));
  return { joins: join(joins, ''), order: [...order, plainOrder('r.id', 'text', true)] };
}

/**
 * An order by a metric before all else, in two halves: the runs that have a number there, which an index holds in their
 * order, and behind them the others. Both have the sort keys of `whole`, so that a cursor of one is one of the other.
 * @returns undefined for any other order
 */
export function halvesOf(
  [first]: readonly Ordering[],
  { joins, order }: RunOrdering,
): { numbers: RunOrdering & { where: Sql }; others: RunOrdering & { where: Sql } } | undefined {
  if (first?.entity !== 'metric') return undefined;
  const [rank, value, ...rest] = order as [SortKey, SortKey, ...SortKey[]];
  return {
    numbers: {
      joins,
      where: sql`o0.experiment_id = r.experiment_id AND o0.key = ${first.key} AND NOT o0.is_nan`,
      order: [{ ...rank, expression: sql`0::int8` }, { ...value, expression: raw('o0.value') }, ...rest],
    },
    others: { joins, where: sql`(o0.run_id IS NULL OR o0.is_nan)`, order },
  };
}
