import { Access } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { isExperimentId, type LifecycleStage, stagesOf, type ViewType } from './experiment.js';
import { type MetricTuple, metricOf, metricTuple } from './metric-tuple.js';
import type { DatasetInput, Param, RunDetails } from './run.js';
import { type RunRow, runColumns, runOf } from './run.repository.js';
import { halvesOf, type RunOrdering, runCondition, runOrder } from './run-search.js';
import { all, largestPage, type Search, searchName } from './search.js';
import type { Tag } from './tag.js';

export interface RunSearch extends Search {
  experimentIds: readonly string[];
  viewType: ViewType;
}

interface DetailsRow extends RunRow {
  metrics: MetricTuple[] | null;
  params: [string, string][] | null;
  tags: [string, string][] | null;
  datasetInputs: DatasetInput[] | null;
  models: { modelId: string; direction: 'INPUT' | 'OUTPUT'; step: number }[] | null;
}

/** By their keys, as the primary key has them: sorted inside of the aggregate, they would be sorted once more for each run. */
const ofRun = (table: string): Sql => raw(`SELECT * FROM ${table} WHERE run_id = r.id ORDER BY key`);

/**
 * The columns of a DetailsRow, of `runs r`. One statement, whatever the number of runs. The ids of datasets grow with time:
 * inputs stand in the order in which they were logged.
 */
const detailsColumns: Sql = sql`${runColumns},
  (SELECT json_agg(${metricTuple('m')}) FROM (${ofRun('latest_metrics')}) m) AS metrics,
  (SELECT json_agg(json_build_array(p.key, p.value)) FROM (${ofRun('run_params')}) p) AS params,
  (SELECT json_agg(json_build_array(t.key, t.value)) FROM (${ofRun('run_tags')}) t) AS tags,
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
    const where = all([
      inExperiments(experimentIds.filter(isExperimentId), await this.access.where('READ', 'EXPERIMENT', 's')),
      ...inStages(stagesOf[viewType]),
      ...filter.map(runCondition),
    ]);
    const orderName = searchName('runs', [...experimentIds].sort(), filter, orderBy, viewType);
    const pageOf = ({ joins, order, where: more }: RunOrdering & { where?: Sql }, args: PageArgs) =>
      keysetPage<DetailsRow, RunDetails>(this.db, {
        select: detailsColumns,
        from: sql`runs r${joins}`,
        where: more ? all([where, more]) : where,
        orderName,
        order,
        args,
        toNode: detailsOf,
        maxPageSize: largestPage,
      });
    const whole = runOrder(orderBy);
    const halves = page.last == null ? halvesOf(orderBy, whole) : undefined;
    if (!halves) return pageOf(whole, page);

    const numbers = await pageOf(halves.numbers, page);
    if (numbers.hasNextPage) return numbers;
    // One more than fits tells whether there is a next page.
    const room = (page.first as number) - numbers.edges.length;
    const others = await pageOf(halves.others, { ...page, first: Math.max(room, 1) });
    return {
      edges: [...numbers.edges, ...others.edges.slice(0, room)],
      hasNextPage: others.hasNextPage || others.edges.length > room,
      hasPreviousPage: page.after != null,
    };
  }
}

const readableOf = (condition: Sql, visible: Sql): Sql =>
  sql`SELECT e.id FROM experiments e JOIN securables s ON s.id = e.securable_id WHERE e.id ${condition} AND ${visible}`;

/** Found beforehand, not joined: the runs of one experiment then come out of their index in the order of their start. */
function inExperiments(ids: readonly string[], visible: Sql): Sql {
  const [one, ...more] = ids;
  if (one === undefined) return sql`FALSE`;
  if (more.length > 0) {
    return sql`r.experiment_id = ANY(ARRAY(${readableOf(sql`= ANY(${ids}::int8[])`, visible)}))`;
  }
  return sql`r.experiment_id = ${one}::int8 AND (SELECT EXISTS (${readableOf(sql`= ${one}::int8`, visible)}))`;
}

/** One stage is a place in that index; all of them are no condition. */
const inStages = (wanted: readonly LifecycleStage[]): Sql[] =>
  wanted.length === 1 ? [sql`r.lifecycle_stage = ${wanted[0]}`] : [];
