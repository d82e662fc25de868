import type { SortKey } from '@app/platform';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import {
  all,
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

/** A dataset that a metric was measured on. */
export interface DatasetScope {
  name: string;
  digest?: string;
}

/** An order by a metric may look at the values on one dataset only. */
export interface LoggedModelOrdering extends Ordering {
  dataset?: Partial<DatasetScope>;
}

const textAttributes = new Map([
  ['name', 'm.name'],
  ['model_id', 'm.id'],
  ['model_type', 'm.model_type'],
  ['source_run_id', 'm.source_run_id'],
  // Without its prefix, as MLflow's users write it: status = 'READY'.
  ['status', `substr(m.status, ${'LOGGED_MODEL_'.length + 1})`],
  ['artifact_location', 'm.artifact_uri'],
]);
const numberAttributes = new Map([
  ['creation_timestamp', 'm.created_ms'],
  ['creation_timestamp_ms', 'm.created_ms'],
  ['creation_time', 'm.created_ms'],
  ['last_updated_timestamp', 'm.updated_ms'],
  ['last_updated_timestamp_ms', 'm.updated_ms'],
]);
const attributeKeys = [...textAttributes.keys(), ...numberAttributes.keys()];

const scope = ({ name, digest }: Partial<DatasetScope>): Sql =>
  all([
    ...(name === undefined ? [] : [sql`x.dataset_name = ${name}`]),
    ...(digest === undefined ? [] : [sql`x.dataset_digest = ${digest}`]),
  ]);

/** A metric in the row `x` was measured on one of the datasets; without any it was measured anyhow. */
export const onDatasets = (datasets: readonly DatasetScope[]): Sql =>
  datasets.length > 0 ? sql`(${join(datasets.map(scope), ' OR ')})` : sql`TRUE`;

/**
 * A condition on `logged_models m`, in SQL.
 * @throws InvalidArgument for a key or an operator that does not go with it
 */
export function loggedModelCondition(condition: Condition, datasets: readonly DatasetScope[]): Sql {
  const { entity, key } = condition;
  if (entity === 'metric') {
    return sql`EXISTS (SELECT 1 FROM logged_model_metrics x
      WHERE x.model_id = m.id AND x.key = ${key} AND ${compareMetric('x', condition)} AND ${onDatasets(datasets)})`;
  }
  if (entity === 'param')
    return compareTags('logged_model_params', 'model_id', raw('m.id'), condition, { lists: true });
  if (entity === 'tag') return compareTags('logged_model_tags', 'model_id', raw('m.id'), condition);
  const text = entity === 'attribute' ? textAttributes.get(key) : undefined;
  if (text) return compareText(raw(text), condition, { lists: true });
  const number = entity === 'attribute' ? numberAttributes.get(key) : undefined;
  return number ? compareNumber(raw(number), condition) : refuseKey(condition, attributeKeys);
}

/**
 * An order of `logged_models m`, with the joins it needs. Equals are in the order of their creation, the latest first.
 * @throws InvalidArgument for a key that there is none of
 */
export function loggedModelOrder(orderings: readonly LoggedModelOrdering[]): { joins: Sql; order: SortKey[] } {
  const joins: Sql[] = [sql``];
  const order = orderings.flatMap(({ entity, key, ascending, dataset }, index) => {
    if (entity === 'metric') {
      const alias = `o${index}`;
      joins.push(sql` LEFT JOIN LATERAL (SELECT x.value, x.is_nan FROM logged_model_metrics x
        WHERE x.model_id = m.id AND x.key = ${key} AND ${scope(dataset ?? {})}
        ORDER BY x.timestamp DESC, x.step DESC, x.run_id LIMIT 1) AS ${raw(alias)} ON TRUE`);
      return metricOrder(alias, ascending);
    }
    const text = entity === 'attribute' ? textAttributes.get(key) : undefined;
    if (text) return nullsLast(raw(text), 'text', ascending);
    const number = entity === 'attribute' ? numberAttributes.get(key) : undefined;
    return number ? [plainOrder(number, 'int8', ascending)] : refuseKey({ entity, key }, attributeKeys);
  });
  const tieBreakers = [plainOrder('m.created_ms', 'int8', false), plainOrder('m.id', 'text', true)];
  return { joins: join(joins, ''), order: [...order, ...tieBreakers] };
}
