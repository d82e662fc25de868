import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { type MetricTuple, metricOf, metricTuple } from './metric-tuple.js';
import type { Metric, Param } from './run.js';
import { plainOrder, searchName } from './search.js';
import type { Tag } from './tag.js';

/** The page that MLflow's client asks for. */
const largestHistoryPage = 25_000;

/** Metrics, params and tags of runs. Asks no rights. */
@Injectable()
export class MetricReader {
  constructor(private readonly db: Database) {}

  async history(runId: string, key: string, page: PageArgs): Promise<Page<Metric>> {
    return keysetPage<{ metric: MetricTuple }, Metric>(this.db, {
      select: sql`${metricTuple('m')} AS metric`,
      from: sql`metrics m`,
      where: sql`m.run_id = ${runId} AND m.key = ${key}`,
      orderName: searchName('history', runId, key),
      order: [
        plainOrder('m.timestamp', 'int8', true),
        plainOrder('m.step', 'int8', true),
        plainOrder('m.value', 'float8', true),
        { expression: sql`m.is_nan::int`, type: 'int8', direction: 'ASC' },
      ],
      args: page,
      toNode: ({ metric }) => metricOf(metric),
      maxPageSize: largestHistoryPage,
    });
  }

  async latest(runId: string): Promise<Metric[]> {
    const rows = await this.db.query<{ metric: MetricTuple }>(
      sql`SELECT ${metricTuple('m')} AS metric FROM latest_metrics m WHERE m.run_id = ${runId} ORDER BY m.key`,
    );
    return rows.map(({ metric }) => metricOf(metric));
  }

  async latestOf(runIds: readonly string[]): Promise<(Metric & { runId: string })[]> {
    const rows = await this.db.query<{ runId: string; metric: MetricTuple }>(sql`
      SELECT m.run_id AS "runId", ${metricTuple('m')} AS metric FROM latest_metrics m
      WHERE m.run_id = ANY(${runIds}::text[]) ORDER BY m.run_id, m.key`);
    return rows.map(({ runId, metric }) => ({ ...metricOf(metric), runId }));
  }

  async paramsOf(runIds: readonly string[]): Promise<(Param & { runId: string })[]> {
    return this.db.query(sql`
      SELECT run_id AS "runId", key, value FROM run_params WHERE run_id = ANY(${runIds}::text[]) ORDER BY run_id, key`);
  }

  async tagsOf(runIds: readonly string[]): Promise<(Tag & { runId: string })[]> {
    return this.db.query(sql`
      SELECT run_id AS "runId", key, value FROM run_tags WHERE run_id = ANY(${runIds}::text[]) ORDER BY run_id, key`);
  }

  params(runId: string): Promise<Param[]> {
    return this.db.query<Param>(sql`SELECT key, value FROM run_params WHERE run_id = ${runId} ORDER BY key`);
  }
}
