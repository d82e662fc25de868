import { raw, type Sql } from 'sql-template-tag';
import type { Metric } from './run.js';

/**
 * A metric as PostgreSQL builds it: arrays are half the bytes of objects, and a page may hold 10,000 runs. What it was
 * measured on stands there only where it is known.
 */
export type MetricTuple = [
  key: string,
  value: number | string,
  timestamp: number,
  step: number,
  modelId?: string | null,
  datasetName?: string | null,
  datasetDigest?: string | null,
];

/** A MetricTuple of the row `alias`. JSON has no NaN and no infinities: PostgreSQL writes them as texts. */
export function metricTuple(alias: string): Sql {
  const column = (name: string) => `${alias}.${name}`;
  const value = `CASE WHEN ${column('is_nan')} THEN 'NaN'::float8 ELSE ${column('value')} END`;
  const point = `${column('key')}, ${value}, ${column('timestamp')}, ${column('step')}`;
  const scope = ['model_id', 'dataset_name', 'dataset_digest'].map(column).join(', ');
  return raw(
    `CASE WHEN COALESCE(${scope}) IS NULL THEN json_build_array(${point}) ELSE json_build_array(${point}, ${scope}) END`,
  );
}

export const metricOf = ([
  key,
  value,
  timestamp,
  step,
  modelId = null,
  datasetName = null,
  datasetDigest = null,
]: MetricTuple): Metric => ({ key, value: Number(value), timestamp, step, modelId, datasetName, datasetDigest });
