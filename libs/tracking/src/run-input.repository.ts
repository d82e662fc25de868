import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { DatasetInput } from './run.js';

/** What runs have read and made: datasets and logged models. */
@Injectable()
export class RunInputRepository {
  constructor(private readonly db: Database) {}

  /** Datasets are kept once for an experiment, by name and digest. An input that is there already stays as it is. */
  async addDatasets(experimentId: string, runId: string, inputs: readonly DatasetInput[]): Promise<void> {
    if (inputs.length === 0) return;
    const given = JSON.stringify(inputs.map(({ dataset, tags }) => ({ id: uuidv7(), ...dataset, tags })));
    await this.db.execute(sql`
      INSERT INTO datasets (id, experiment_id, name, digest, source_type, source, schema, profile)
      SELECT g.id, ${experimentId}::int8, g.name, g.digest, g."sourceType", g.source, g.schema, g.profile
      FROM jsonb_to_recordset(${given}::jsonb)
        AS g(id uuid, name text, digest text, "sourceType" text, source text, schema text, profile text)
      ORDER BY g.name, g.digest
      ON CONFLICT (experiment_id, name, digest) DO NOTHING`);
    // A statement of its own: it sees a dataset that another transaction committed while the insert waited for it.
    await this.db.execute(sql`
      INSERT INTO run_inputs (run_id, dataset_id, tags)
      SELECT ${runId}, d.id, g.tags FROM jsonb_to_recordset(${given}::jsonb) AS g(name text, digest text, tags jsonb)
      JOIN datasets d ON d.experiment_id = ${experimentId}::int8 AND d.name = g.name AND d.digest = g.digest
      ORDER BY d.id ON CONFLICT (run_id, dataset_id) DO NOTHING`);
  }

  async addModels(
    runId: string,
    direction: 'INPUT' | 'OUTPUT',
    models: readonly { modelId: string; step?: number }[],
  ): Promise<void> {
    if (models.length === 0) return;
    await this.db.execute(sql`
      INSERT INTO run_models (run_id, model_id, direction, step)
      SELECT DISTINCT ON (g.model_id) ${runId}, g.model_id, ${direction}, g.step
      FROM unnest(${models.map(({ modelId }) => modelId)}::text[], ${models.map(({ step }) => step ?? 0)}::int8[]) AS g(model_id, step)
      ORDER BY g.model_id, g.step DESC
      ON CONFLICT (run_id, model_id, direction) DO UPDATE SET step = excluded.step`);
  }
}
