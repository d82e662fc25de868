import { Access } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { RunDataset, RunModel } from './dataset.js';
import { datasetColumns } from './dataset.reader.js';

/** What runs that the caller may read have read and made, for batched reads: it asks no rights to the runs. */
@Injectable()
export class RunLineageReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** In the order in which they were logged: the ids of datasets grow with time. */
  async datasetsOf(runIds: readonly string[]): Promise<RunDataset[]> {
    const rows = await this.db.query<RunDataset['dataset'] & Omit<RunDataset, 'dataset'>>(sql`
      SELECT ${datasetColumns}, i.run_id AS "runId",
        (SELECT t ->> 'value' FROM jsonb_array_elements(i.tags) AS t WHERE t ->> 'key' = 'mlflow.data.context' LIMIT 1) AS context
      FROM run_inputs i JOIN datasets d ON d.id = i.dataset_id
      WHERE i.run_id = ANY(${runIds}::text[]) ORDER BY i.run_id, d.id`);
    return rows.map(({ runId, context, ...dataset }) => ({ runId, context, dataset }));
  }

  /** A logged model may be of another experiment: its name needs READ there. */
  async modelsOf(runIds: readonly string[]): Promise<RunModel[]> {
    const readable = await this.access.where('READ', 'EXPERIMENT', 's');
    return this.db.query(sql`
      SELECT l.run_id AS "runId", l.direction, l.model_id AS "loggedModelId", l.step,
        CASE WHEN s.id IS NOT NULL AND ${readable} THEN m.name END AS name
      FROM run_models l LEFT JOIN logged_models m ON m.id = l.model_id AND m.lifecycle_stage = 'active'
      LEFT JOIN experiments e ON e.id = m.experiment_id LEFT JOIN securables s ON s.id = e.securable_id
      WHERE l.run_id = ANY(${runIds}::text[]) ORDER BY l.run_id, l.step, l.model_id`);
  }
}
