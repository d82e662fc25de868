import { type Securable, securableColumns } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { type Experiment, isExperimentId, type LifecycleStage } from './experiment.js';
import type { Tag } from './tag.js';

/** The columns of an Experiment, of `securables s` joined with `experiments e`. */
export const experimentColumns: Sql = sql`${securableColumns('s')}, e.id::text AS "experimentId",
  e.artifact_location AS "artifactLocation", e.lifecycle_stage AS "lifecycleStage",
  COALESCE((SELECT json_agg(json_build_object('key', t.key, 'value', t.value) ORDER BY t.key)
    FROM securable_tags t WHERE t.securable_id = s.id), '[]') AS tags`;

/** What an experiment has beside its securable, and the tags of both. */
@Injectable()
export class ExperimentRepository {
  constructor(private readonly db: Database) {}

  async byId(experimentId: string): Promise<Experiment | undefined> {
    if (!isExperimentId(experimentId)) return undefined;
    return this.db.first<Experiment>(
      sql`SELECT ${experimentColumns} FROM experiments e JOIN securables s ON s.id = e.securable_id WHERE e.id = ${experimentId}::int8`,
    );
  }

  byName(name: string): Promise<Experiment | undefined> {
    return this.db.first<Experiment>(
      sql`SELECT ${experimentColumns} FROM securables s JOIN experiments e ON e.securable_id = s.id
        WHERE s.kind = 'EXPERIMENT' AND s.full_name_key = ${name}`,
    );
  }

  /** Makes the experiment of a securable. Without a location of its own it keeps its artifacts in our store. */
  async insert(
    securable: Securable,
    location: string | null,
  ): Promise<{ experimentId: string; artifactLocation: string }> {
    const row = await this.db.first<{ experimentId: string; artifactLocation: string }>(sql`
      INSERT INTO experiments (id, securable_id, artifact_location)
      SELECT next, ${securable.id}::uuid, COALESCE(${location}, 'mlflow-artifacts:/' || next)
      FROM nextval(pg_get_serial_sequence('experiments', 'id')) AS next
      RETURNING id::text AS "experimentId", artifact_location AS "artifactLocation"`);
    if (!row) throw new Error('the insert of an experiment answers with one row');
    return row;
  }

  async rename(id: string, name: string, updatedBy: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE securables SET name = ${name}, full_name = ${name}, full_name_key = ${name}, updated_at = now(), updated_by = ${updatedBy}::uuid
      WHERE id = ${id}::uuid`);
  }

  /**
   * Deletes an active experiment with its active runs, or brings a deleted one back with the runs that went with it.
   * @returns false when it is in that stage already: somebody was faster
   */
  async setStage(experimentId: string, stage: LifecycleStage, now: number): Promise<boolean> {
    const deleted = stage === 'deleted';
    const moved = await this.db.first<{ deletedMs: number }>(sql`
      UPDATE experiments e SET lifecycle_stage = ${stage}, deleted_at = ${deleted ? new Date(now) : null}::timestamptz
      FROM (SELECT id, deleted_at FROM experiments WHERE id = ${experimentId}::int8 FOR UPDATE) AS before
      WHERE e.id = before.id AND e.lifecycle_stage <> ${stage}
      RETURNING (extract(epoch FROM COALESCE(e.deleted_at, before.deleted_at)) * 1000)::int8 AS "deletedMs"`);
    if (!moved) return false;
    await this.db.execute(
      deleted
        ? sql`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ${moved.deletedMs}::int8
            WHERE experiment_id = ${experimentId}::int8 AND lifecycle_stage = 'active'`
        : sql`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL
            WHERE experiment_id = ${experimentId}::int8 AND lifecycle_stage = 'deleted' AND deleted_time = ${moved.deletedMs}::int8`,
    );
    return true;
  }

  async setTags(id: string, tags: readonly Tag[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO securable_tags (securable_id, key, value)
      SELECT ${id}::uuid, key, value FROM unnest(${tags.map(({ key }) => key)}::text[], ${tags.map(({ value }) => value)}::text[]) AS t(key, value)
      ORDER BY key ON CONFLICT (securable_id, key) DO UPDATE SET value = excluded.value`);
  }

  /** @returns false when there is no such tag */
  async deleteTag(id: string, key: string): Promise<boolean> {
    return (
      (await this.db.execute(sql`DELETE FROM securable_tags WHERE securable_id = ${id}::uuid AND key = ${key}`)) > 0
    );
  }
}
