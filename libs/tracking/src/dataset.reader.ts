import { Access } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { isExperimentId } from './experiment.js';

/** A dataset that runs of an experiment have read, and what for. */
export interface DatasetSummary {
  experimentId: string;
  name: string;
  digest: string;
  /** The input tag mlflow.data.context: `training`, `eval`; a dataset stands here once for each. */
  context: string | null;
}

/** As many as MLflow's server answers. */
const most = 1000;

@Injectable()
export class DatasetReader {
  constructor(
    private readonly db: Database,
    private readonly access: Access,
  ) {}

  /** The datasets of experiments that the caller may READ, by experiment, name, digest and context; the first 1,000. */
  async ofExperiments(experimentIds: readonly string[]): Promise<DatasetSummary[]> {
    return this.db.query<DatasetSummary>(sql`
      SELECT DISTINCT e.id::text AS "experimentId", d.name, d.digest, context.value AS context
      FROM experiments e JOIN securables s ON s.id = e.securable_id
      JOIN datasets d ON d.experiment_id = e.id JOIN run_inputs i ON i.dataset_id = d.id
      LEFT JOIN LATERAL (SELECT t ->> 'value' AS value FROM jsonb_array_elements(i.tags) AS t
        WHERE t ->> 'key' = 'mlflow.data.context' LIMIT 1) AS context ON TRUE
      WHERE e.id = ANY(${experimentIds.filter(isExperimentId)}::int8[]) AND ${await this.access.where('READ', 'EXPERIMENT', 's')}
      ORDER BY "experimentId", d.name, d.digest, context LIMIT ${most}`);
  }
}
