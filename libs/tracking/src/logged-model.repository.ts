import { type Securable, securableColumns } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import type { LoggedModel, LoggedModelStatus } from './logged-model.js';
import type { Param } from './run.js';
import type { Tag } from './tag.js';

/** A logged model as its row has it; some of its names are an experiment's too. */
export interface LoggedModelRow extends Omit<LoggedModel, 'id' | 'name'> {
  modelId: string;
  modelName: string;
}

/** The columns of a LoggedModelRow, of `logged_models m`. */
export const loggedModelColumns: Sql =
  raw(`m.id AS "modelId", m.experiment_id::text AS "experimentId", m.name AS "modelName",
  m.model_type AS "modelType", m.source_run_id AS "sourceRunId", m.artifact_uri AS "artifactUri", m.status,
  m.status_message AS "statusMessage", m.principal_id AS "principalId", m.lifecycle_stage AS "lifecycleStage",
  m.created_ms AS "createdMs", m.updated_ms AS "updatedMs"`);

export const loggedModelOf = (row: LoggedModelRow): LoggedModel => ({
  id: row.modelId,
  experimentId: row.experimentId,
  name: row.modelName,
  modelType: row.modelType,
  sourceRunId: row.sourceRunId,
  artifactUri: row.artifactUri,
  status: row.status,
  statusMessage: row.statusMessage,
  principalId: row.principalId,
  lifecycleStage: row.lifecycleStage,
  createdMs: row.createdMs,
  updatedMs: row.updatedMs,
});

/** Pairs of keys and values for unnest. */
const columns = (pairs: readonly (Tag | Param)[]) =>
  sql`unnest(${pairs.map(({ key }) => key)}::text[], ${pairs.map(({ value }) => value)}::text[]) AS g(key, value)`;

@Injectable()
export class LoggedModelRepository {
  constructor(private readonly db: Database) {}

  /** A logged model that is not deleted, and the experiment that decides who may do what with it. */
  async withExperiment(id: string): Promise<{ model: LoggedModel; experiment: Securable } | undefined> {
    const row = await this.db.first<LoggedModelRow & Securable>(sql`
      SELECT ${loggedModelColumns}, ${securableColumns('s')}
      FROM logged_models m JOIN experiments e ON e.id = m.experiment_id JOIN securables s ON s.id = e.securable_id
      WHERE m.id = ${id} AND m.lifecycle_stage = 'active'`);
    return row && { model: loggedModelOf(row), experiment: row };
  }

  /** The experiments that decide about models, by the ids of the models; deleted models too. */
  async experimentsOf(ids: readonly string[]): Promise<Map<string, Securable>> {
    const rows = await this.db.query<Securable & { modelId: string }>(sql`
      SELECT m.id AS "modelId", ${securableColumns('s')}
      FROM logged_models m JOIN experiments e ON e.id = m.experiment_id JOIN securables s ON s.id = e.securable_id
      WHERE m.id = ANY(${ids}::text[])`);
    return new Map(rows.map(({ modelId, ...experiment }) => [modelId, experiment]));
  }

  async insert(model: LoggedModel, params: readonly Param[], tags: readonly Tag[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO logged_models (id, experiment_id, name, model_type, source_run_id, artifact_uri, status, principal_id, created_ms, updated_ms)
      VALUES (${model.id}, ${model.experimentId}::int8, ${model.name}, ${model.modelType}, ${model.sourceRunId}, ${model.artifactUri},
        ${model.status}, ${model.principalId}::uuid, ${model.createdMs}::int8, ${model.updatedMs}::int8)`);
    await this.addParams(model.id, params);
    await this.setTags(model.id, tags);
  }

  async setStatus(id: string, status: LoggedModelStatus, now: number): Promise<void> {
    await this.db.execute(sql`UPDATE logged_models SET status = ${status}, updated_ms = ${now}::int8 WHERE id = ${id}`);
  }

  /** @returns false when it is deleted already */
  async delete(id: string, now: number): Promise<boolean> {
    const deleted = await this.db.execute(sql`
      UPDATE logged_models SET lifecycle_stage = 'deleted', updated_ms = ${now}::int8 WHERE id = ${id} AND lifecycle_stage = 'active'`);
    return deleted > 0;
  }

  /** @returns the keys that were logged before with another value: they are as they were */
  async addParams(id: string, params: readonly Param[]): Promise<string[]> {
    if (params.length === 0) return [];
    await this.db.execute(sql`
      INSERT INTO logged_model_params (model_id, key, value) SELECT ${id}, g.key, g.value FROM ${columns(params)} ORDER BY g.key
      ON CONFLICT (model_id, key) DO NOTHING`);
    const changed = await this.db.query<{ key: string }>(sql`
      SELECT p.key FROM ${columns(params)} JOIN logged_model_params p ON p.model_id = ${id} AND p.key = g.key
      WHERE p.value <> g.value ORDER BY p.key`);
    return changed.map(({ key }) => key);
  }

  async setTags(id: string, tags: readonly Tag[]): Promise<void> {
    if (tags.length === 0) return;
    await this.db.execute(sql`
      INSERT INTO logged_model_tags (model_id, key, value) SELECT ${id}, g.key, g.value FROM ${columns(tags)} ORDER BY g.key
      ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value`);
  }

  /** @returns false when there is no such tag */
  async deleteTag(id: string, key: string): Promise<boolean> {
    return (await this.db.execute(sql`DELETE FROM logged_model_tags WHERE model_id = ${id} AND key = ${key}`)) > 0;
  }
}
