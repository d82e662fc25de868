import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { type MetricTuple, metricOf, metricTuple } from './metric-tuple.js';
import type { Metric } from './run.js';

/** A point of a metric's history, with the run that logged it. */
export type RunMetric = Metric & { runId: string };

/** From the first to the last step, both included. */
export interface StepRange {
  first: number;
  last: number;
}

interface RunMetricRow {
  runId: string;
  metric: MetricTuple;
}

const runMetricOf = ({ runId, metric }: RunMetricRow): RunMetric => ({ ...metricOf(metric), runId });

/** Points of one run that a drawing is given at the most: as many as a page of the whole history has. */
const mostPointsOfRun = 25_000;

/** One metric of many runs, for those who draw them beside each other. Asks no rights. */
@Injectable()
export class MetricHistoryReader {
  constructor(private readonly db: Database) {}

  /** The first `most` points, by run, then in the order of time. */
  async ofRuns(runIds: readonly string[], key: string, most: number): Promise<RunMetric[]> {
    const rows = await this.db.query<RunMetricRow>(sql`
      SELECT m.run_id AS "runId", ${metricTuple('m')} AS metric FROM metrics m
      WHERE m.run_id = ANY(${runIds}::text[]) AND m.key = ${key}
      ORDER BY m.run_id, m.timestamp, m.step, m.value, m.is_nan LIMIT ${most}`);
    return rows.map(runMetricOf);
  }

  /**
   * The points of about `mostSteps` steps, the same ones of every run, so that the lines can be compared: steps at equal
   * distances in the list of all, the last one, and the ends of every run.
   * @param range without one from step 0 on, as MLflow's server has it
   */
  async sampled(
    runIds: readonly string[],
    key: string,
    mostSteps: number,
    range: StepRange = { first: 0, last: Number.MAX_SAFE_INTEGER },
  ): Promise<RunMetric[]> {
    const inRange = sql`m.key = ${key} AND m.step BETWEEN ${range.first}::int8 AND ${range.last}::int8`;
    const rows = await this.db.query<RunMetricRow>(sql`
      WITH wanted AS (SELECT id, position FROM unnest(${runIds}::text[]) WITH ORDINALITY AS w(id, position)),
      steps AS (SELECT DISTINCT m.step FROM wanted w JOIN metrics m ON m.run_id = w.id AND ${inRange}),
      numbered AS (SELECT step, row_number() OVER (ORDER BY step) - 1 AS index, count(*) OVER () AS count FROM steps),
      ends AS (SELECT min(m.step) AS first, max(m.step) AS last
        FROM wanted w JOIN metrics m ON m.run_id = w.id AND m.key = ${key} GROUP BY w.id),
      chosen AS (
        -- The i-th of the chosen stands at floor(i * count / most): an index is one of these when its own i leads back to it.
        SELECT step FROM numbered WHERE count <= ${mostSteps}::int8 OR index = count - 1
          OR (index * ${mostSteps}::int8 + count - 1) / count * count / ${mostSteps}::int8 = index
        UNION SELECT unnest(ARRAY[first, last]) FROM ends)
      SELECT w.id AS "runId", point.metric FROM wanted w CROSS JOIN LATERAL (
        SELECT ${metricTuple('m')} AS metric, m.step, m.timestamp, m.value, m.is_nan FROM metrics m
        -- IS TRUE: looked up in a hash for each point. As a join, PostgreSQL may compare every point with every step.
        WHERE m.run_id = w.id AND ${inRange} AND (m.step IN (SELECT step FROM chosen)) IS TRUE
        ORDER BY m.step, m.timestamp, m.value, m.is_nan LIMIT ${mostPointsOfRun}) AS point
      ORDER BY w.position, point.step, point.timestamp, point.value, point.is_nan`);
    return rows.map(runMetricOf);
  }
}
