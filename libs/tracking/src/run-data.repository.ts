import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { Metric, Param } from './run.js';

/** Metrics and params of runs, in bulk. Rows are written in the order of their keys, so that two batches never wait for each other in a circle. */
@Injectable()
export class RunDataRepository {
  constructor(private readonly db: Database) {}

  /**
   * Adds points to the history of metrics; a point that is there already is left alone. One that names a logged model is
   * kept for that model too, also when the run has it already: log_model logs the run's points once more for its model. The
   * latest value of a metric is the one with the greatest (step, timestamp, value). It is kept beside its run's experiment, in
   * the same statement.
   */
  async addMetrics(runId: string, metrics: readonly Metric[]): Promise<void> {
    if (metrics.length === 0) return;
    const column = <T>(of: (metric: Metric) => T): T[] => metrics.map(of);
    await this.db.execute(sql`
      WITH given AS (
        SELECT ${runId} AS run_id, g.* FROM unnest(
          ${column(({ key }) => key)}::text[],
          ${column(({ value }) => (Number.isNaN(value) ? 0 : value))}::float8[],
          ${column(({ value }) => Number.isNaN(value))}::bool[],
          ${column(({ timestamp }) => timestamp)}::int8[],
          ${column(({ step }) => step)}::int8[],
          ${column(({ modelId }) => modelId)}::text[],
          ${column(({ datasetName }) => datasetName)}::text[],
          ${column(({ datasetDigest }) => datasetDigest)}::text[]
        ) AS g(key, value, is_nan, timestamp, step, model_id, dataset_name, dataset_digest)
      ),
      added AS (
        INSERT INTO metrics (run_id, key, value, is_nan, timestamp, step, model_id, dataset_name, dataset_digest)
        SELECT run_id, key, value, is_nan, timestamp, step, model_id, dataset_name, dataset_digest FROM given
        ORDER BY key, timestamp, step, value, is_nan
        ON CONFLICT DO NOTHING
      ),
      of_models AS (
        INSERT INTO logged_model_metrics (model_id, key, run_id, value, is_nan, timestamp, step, dataset_name, dataset_digest)
        SELECT model_id, key, run_id, value, is_nan, timestamp, step, dataset_name, dataset_digest FROM given
        WHERE model_id IS NOT NULL ORDER BY model_id, key, timestamp, step, value, is_nan
        ON CONFLICT DO NOTHING
      )
      INSERT INTO latest_metrics AS latest (run_id, experiment_id, key, value, is_nan, timestamp, step, model_id, dataset_name, dataset_digest)
      SELECT DISTINCT ON (key) run_id, (SELECT experiment_id FROM runs WHERE id = ${runId}), key, value, is_nan, timestamp, step, model_id, dataset_name, dataset_digest FROM given
      ORDER BY key, step DESC, timestamp DESC, value DESC
      ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, timestamp = excluded.timestamp,
        step = excluded.step, model_id = excluded.model_id, dataset_name = excluded.dataset_name, dataset_digest = excluded.dataset_digest
      WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest.step, latest.timestamp, latest.value)`);
  }

  /**
   * Adds params that are new.
   * @returns those that were logged before with another value: they are as they were
   */
  async addParams(runId: string, params: readonly Param[]): Promise<{ key: string; logged: string; given: string }[]> {
    if (params.length === 0) return [];
    const given = sql`unnest(${params.map(({ key }) => key)}::text[], ${params.map(({ value }) => value)}::text[]) AS g(key, value)`;
    await this.db.execute(sql`
      INSERT INTO run_params (run_id, key, value) SELECT ${runId}, g.key, g.value FROM ${given} ORDER BY g.key
      ON CONFLICT (run_id, key) DO NOTHING`);
    // A statement of its own: it sees what another transaction committed while the insert waited for it.
    return this.db.query(sql`
      SELECT p.key, p.value AS logged, g.value AS given
      FROM ${given} JOIN run_params p ON p.run_id = ${runId} AND p.key = g.key
      WHERE p.value <> g.value ORDER BY p.key`);
  }
}
