import { Access } from '@app/access';
import { Database, keysetPage, type Page } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { isExperimentId } from './experiment.js';
import type { LoggedModelDetails } from './logged-model.js';
import { type LoggedModelRow, loggedModelColumns, loggedModelOf } from './logged-model.repository.js';
import {
  type DatasetScope,
  type LoggedModelOrdering,
  loggedModelCondition,
  loggedModelOrder,
  onDatasets,
} from './logged-model-search.js';
import { type MetricTuple, metricOf, metricTuple } from './metric-tuple.js';
import { all, largestPage, type Search, searchName } from './search.js';

export interface LoggedModelSearch extends Omit<Search, 'orderBy'> {
  experimentIds: readonly string[];
  orderBy: readonly LoggedModelOrdering[];
  /** Conditions on metrics look at the values on these datasets only. */
  datasets: readonly DatasetScope[];
}

interface DetailsRow extends LoggedModelRow {
  params: { key: string; value: string }[] | null;
  tags: { key: string; value: string }[] | null;
  metrics: { runId: string; metric: MetricTuple }[] | null;
}

const keyValues = (table: string, alias: string): string =>
  `(SELECT json_agg(json_build_object('key', ${alias}.key, 'value', ${alias}.value) ORDER BY ${alias}.key) FROM ${table} ${alias} WHERE ${alias}.model_id = m.id)`;

/** The columns of a DetailsRow, of `logged_models m`. */
const detailsColumns: Sql = sql`${loggedModelColumns},
  ${raw(keyValues('logged_model_params', 'p'))} AS params, ${raw(keyValues('logged_model_tags', 't'))} AS tags,
  (SELECT json_agg(json_build_object('runId', x.run_id, 'metric', ${metricTuple('x')}) ORDER BY x.key, x.run_id)
    FROM (SELECT DISTINCT ON (key, run_id, dataset_name, dataset_digest) * FROM logged_model_metrics
      WHERE model_id = m.id ORDER BY key, run_id, dataset_name, dataset_digest, step DESC, timestamp DESC, value DESC) AS x) AS metrics`;

const detailsOf = (row: DetailsRow): LoggedModelDetails => ({
  ...loggedModelOf(row),
  params: row.params ?? [],
  tags: row.tags ?? [],
  metrics: (row.metrics ?? []).map(({ runId, metric }) => ({ ...metricOf(metric), runId })),
});

@Injectable()
export class LoggedModelReader {
  constructor(
    private readonly db: Database,
    private readonly access: Access,
  ) {}

  /** A logged model with all that belongs to it. Asks no rights. */
  async details(id: string): Promise<LoggedModelDetails | undefined> {
    const row = await this.db.first<DetailsRow>(sql`SELECT ${detailsColumns} FROM logged_models m WHERE m.id = ${id}`);
    return row && detailsOf(row);
  }

  /** Logged models of the given experiments, as far as the caller may READ them, without deleted ones. */
  async search(search: LoggedModelSearch): Promise<Page<LoggedModelDetails>> {
    const { experimentIds, filter, orderBy, datasets, page } = search;
    const visible = await this.access.where('READ', 'EXPERIMENT', 's');
    const { joins, order } = loggedModelOrder(orderBy);
    const asksForMetrics = filter.some(({ entity }) => entity === 'metric');
    return keysetPage<DetailsRow, LoggedModelDetails>(this.db, {
      select: detailsColumns,
      from: sql`logged_models m JOIN experiments e ON e.id = m.experiment_id JOIN securables s ON s.id = e.securable_id${joins}`,
      where: all([
        sql`m.experiment_id = ANY(${experimentIds.filter(isExperimentId)}::int8[])`,
        sql`m.lifecycle_stage = 'active'`,
        visible,
        ...filter.map((condition) => loggedModelCondition(condition, datasets)),
        ...(datasets.length > 0 && !asksForMetrics
          ? [sql`EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = m.id AND ${onDatasets(datasets)})`]
          : []),
      ]),
      orderName: searchName('logged models', [...experimentIds].sort(), filter, orderBy, datasets),
      order,
      args: page,
      toNode: detailsOf,
      maxPageSize: largestPage,
    });
  }
}
