import { Access } from '@app/access';
import { Database, keysetPage, type Page } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { isExperimentId, stagesOf, type ViewType } from './experiment.js';
import type { DatasetInput, Metric, Param, RunDetails } from './run.js';
import { type RunRow, runColumns, runOf } from './run.repository.js';
import { runCondition, runOrder } from './run-search.js';
import { all, largestPage, type Search, searchName } from './search.js';
import type { Tag } from './tag.js';

export interface RunSearch extends Search {
  experimentIds: readonly string[];
  viewType: ViewType;
}

/** A metric as PostgreSQL builds it: arrays are half the bytes of objects, and a page may hold 10,000 runs. */
export type MetricTuple = [
  key: string,
  value: number | string,
  isNan: boolean,
  timestamp: number,
  step: number,
  modelId: string | null,
  datasetName: string | null,
  datasetDigest: string | null,
];

export const metricTuple = (alias: string): Sql =>
  raw(
    `json_build_array(${['key', 'value', 'is_nan', 'timestamp', 'step', 'model_id', 'dataset_name', 'dataset_digest']
      .map((column) => `${alias}.${column}`)
      .join(', ')})`,
  );

/** JSON has no infinities: PostgreSQL writes them as texts. */
export const metricOf = (tuple: MetricTuple): Metric => {
  const [key, value, isNan, timestamp, step, modelId, datasetName, datasetDigest] = tuple;
  return { key, value: isNan ? Number.NaN : Number(value), timestamp, step, modelId, datasetName, datasetDigest };
};

interface DetailsRow extends RunRow {
  metrics: MetricTuple[] | null;
  params: [string, string][] | null;
  tags: [string, string][] | null;
  datasetInputs: DatasetInput[] | null;
  models: { modelId: string; direction: 'INPUT' | 'OUTPUT'; step: number }[] | null;
}

/**
 * The columns of a DetailsRow, of `runs r`. One statement, whatever the number of runs. The ids of datasets grow with time:
 * inputs stand in the order in which they were logged.
 */
const detailsColumns: Sql = sql`${runColumns},
  (SELECT json_agg(${metricTuple('m')} ORDER BY m.key) FROM latest_metrics m WHERE m.run_id = r.id) AS metrics,
  (SELECT json_agg(json_build_array(p.key, p.value) ORDER BY p.key) FROM run_params p WHERE p.run_id = r.id) AS params,
  (SELECT json_agg(json_build_array(t.key, t.value) ORDER BY t.key) FROM run_tags t WHERE t.run_id = r.id) AS tags,
  (SELECT json_agg(json_build_object('tags', i.tags, 'dataset', json_build_object('name', d.name, 'digest', d.digest,
      'sourceType', d.source_type, 'source', d.source, 'schema', d.schema, 'profile', d.profile)) ORDER BY d.id)
    FROM run_inputs i JOIN datasets d ON d.id = i.dataset_id WHERE i.run_id = r.id) AS "datasetInputs",
  (SELECT json_agg(json_build_object('modelId', l.model_id, 'direction', l.direction, 'step', l.step) ORDER BY l.step, l.model_id)
    FROM run_models l WHERE l.run_id = r.id) AS models`;

const pairs = (rows: [string, string][] | null): (Tag & Param)[] =>
  (rows ?? []).map(([key, value]) => ({ key, value }));

const detailsOf = (row: DetailsRow): RunDetails => {
  const models = row.models ?? [];
  return {
    ...runOf(row),
    metrics: (row.metrics ?? []).map(metricOf),
    params: pairs(row.params),
    tags: pairs(row.tags),
    datasetInputs: row.datasetInputs ?? [],
    modelInputs: models.filter(({ direction }) => direction === 'INPUT'),
    modelOutputs: models.filter(({ direction }) => direction === 'OUTPUT'),
  };
};

@Injectable()
export class RunReader {
  constructor(
    private readonly db: Database,
    private readonly access: Access,
  ) {}

  /** A run with all that was logged to it. Asks no rights. */
  async details(runId: string): Promise<RunDetails | undefined> {
    const row = await this.db.first<DetailsRow>(sql`SELECT ${detailsColumns} FROM runs r WHERE r.id = ${runId}`);
    return row && detailsOf(row);
  }

  /** Runs of the given experiments, as far as the caller may READ them. */
  async search({ experimentIds, filter, orderBy, viewType, page }: RunSearch): Promise<Page<RunDetails>> {
    const visible = await this.access.where('READ', 'EXPERIMENT', 's');
    const { joins, order } = runOrder(orderBy);
    return keysetPage<DetailsRow, RunDetails>(this.db, {
      select: detailsColumns,
      from: sql`runs r JOIN experiments e ON e.id = r.experiment_id JOIN securables s ON s.id = e.securable_id${joins}`,
      where: all([
        sql`r.experiment_id = ANY(${experimentIds.filter(isExperimentId)}::int8[])`,
        sql`r.lifecycle_stage = ANY(${stagesOf[viewType]}::text[])`,
        visible,
        ...filter.map(runCondition),
      ]),
      orderName: searchName('runs', [...experimentIds].sort(), filter, orderBy, viewType),
      order,
      args: page,
      toNode: detailsOf,
      maxPageSize: largestPage,
    });
  }
}
