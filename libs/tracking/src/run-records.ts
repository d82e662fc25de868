import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { MetricReader } from './metric.reader.js';
import type { Metric, Param, Run } from './run.js';
import { RunRepository } from './run.repository.js';
import type { Tag } from './tag.js';

/** Where a run came from: the data that it read and the code that it ran. */
export interface RunLineage {
  runId: string;
  /** By name and digest. */
  datasets: { name: string; digest: string; context: string | null }[];
  /** The tag mlflow.source.git.commit. */
  sourceCommit: string | null;
}

/** What a run has recorded, for the registry, the gates and loaders. It asks no rights: its callers have. */
@Injectable()
export class RunRecords {
  constructor(
    private readonly db: Database,
    private readonly runs: RunRepository,
    private readonly metrics: MetricReader,
  ) {}

  get(runId: string): Promise<Run | undefined> {
    return this.runs.byId(runId);
  }

  /** Of each metric the value with the greatest (step, timestamp, value); NaN and the infinities are values. */
  latestMetrics(runId: string): Promise<Metric[]> {
    return this.metrics.latest(runId);
  }

  /** The same for many runs, for batched reads. */
  latestMetricsOf(runIds: readonly string[]): Promise<(Metric & { runId: string })[]> {
    return this.metrics.latestOf(runIds);
  }

  paramsOf(runIds: readonly string[]): Promise<(Param & { runId: string })[]> {
    return this.metrics.paramsOf(runIds);
  }

  tagsOf(runIds: readonly string[]): Promise<(Tag & { runId: string })[]> {
    return this.metrics.tagsOf(runIds);
  }

  params(runId: string): Promise<Param[]> {
    return this.metrics.params(runId);
  }

  lineageOf(runIds: readonly string[]): Promise<RunLineage[]> {
    return this.db.query(sql`
      SELECT r.id AS "runId",
        (SELECT COALESCE(json_agg(json_build_object('name', d.name, 'digest', d.digest, 'context', (
            SELECT t ->> 'value' FROM jsonb_array_elements(i.tags) AS t WHERE t ->> 'key' = 'mlflow.data.context' LIMIT 1
          )) ORDER BY d.name COLLATE "C", d.digest COLLATE "C"), '[]')
         FROM run_inputs i JOIN datasets d ON d.id = i.dataset_id WHERE i.run_id = r.id) AS datasets,
        (SELECT t.value FROM run_tags t WHERE t.run_id = r.id AND t.key = 'mlflow.source.git.commit') AS "sourceCommit"
      FROM runs r WHERE r.id = ANY(${runIds}::text[]) ORDER BY r.id`);
  }
}
