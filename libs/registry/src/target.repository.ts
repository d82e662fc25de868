import { Database } from '@app/platform';
import type { Stage, Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { ModelVersion } from './model-version.js';
import type { Holding } from './transition.js';
import { newestInStage, versionColumns } from './version-columns.js';

/** Which version holds what. */
@Injectable()
export class TargetRepository {
  constructor(private readonly db: Database) {}

  async holder(modelId: string, target: Target): Promise<ModelVersion | undefined> {
    const [holder] =
      target.kind === 'ALIAS'
        ? await this.versions(sql`v.id = (SELECT version_id FROM model_aliases
            WHERE model_id = ${modelId}::uuid AND lower(alias) = lower(${target.name}))`)
        : await this.versions(sql`v.model_id = ${modelId}::uuid AND ${newestInStage(sql`${target.name}`)}`);
    return holder;
  }

  async byNumber(modelId: string, number: number): Promise<ModelVersion | undefined> {
    return (await this.versions(sql`v.model_id = ${modelId}::uuid AND v.number = ${number}::int4`))[0];
  }

  /** Every version in a stage but one, lowest number first. */
  inStageBeside(modelId: string, stage: Stage, versionId: string): Promise<ModelVersion[]> {
    return this.versions(
      sql`v.model_id = ${modelId}::uuid AND v.stage = ${stage} AND v.id <> ${versionId}::uuid ORDER BY v.number`,
    );
  }

  /** All that a version of the model, or every one, holds: its aliases, and its stage unless that is None. */
  async held(modelId: string, versionId: string | null = null): Promise<Holding[]> {
    const rows = await this.db.query<Target & { versionNumber: number }>(sql`
      SELECT 'ALIAS' AS kind, a.alias AS name, v.number AS "versionNumber"
      FROM model_aliases a JOIN model_versions v ON v.id = a.version_id
      WHERE a.model_id = ${modelId}::uuid AND (${versionId}::uuid IS NULL OR v.id = ${versionId}::uuid)
      UNION ALL
      SELECT 'STAGE', stage, number FROM model_versions
      WHERE model_id = ${modelId}::uuid AND stage <> 'None' AND (${versionId}::uuid IS NULL OR id = ${versionId}::uuid)
      ORDER BY kind, name, "versionNumber"`);
    return rows.map(({ versionNumber, ...target }) => ({ target, versionNumber }));
  }

  /** The alias is spelled from now on as it is here. */
  async setAlias(modelId: string, alias: string, versionId: string, setBy: string): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO model_aliases (model_id, alias, version_id, set_by)
      VALUES (${modelId}::uuid, ${alias}, ${versionId}::uuid, ${setBy}::uuid)
      ON CONFLICT (model_id, lower(alias)) DO UPDATE
        SET alias = excluded.alias, version_id = excluded.version_id, set_at = now(), set_by = excluded.set_by`);
  }

  async deleteAlias(modelId: string, alias: string): Promise<void> {
    await this.db.execute(
      sql`DELETE FROM model_aliases WHERE model_id = ${modelId}::uuid AND lower(alias) = lower(${alias})`,
    );
  }

  async setStage(versionIds: readonly string[], stage: Stage): Promise<void> {
    await this.db.execute(
      sql`UPDATE model_versions SET stage = ${stage}, updated_at = now() WHERE id = ANY(${versionIds}::uuid[])`,
    );
  }

  private versions(condition: Sql): Promise<ModelVersion[]> {
    return this.db.query<ModelVersion>(
      sql`SELECT ${versionColumns} FROM model_versions v JOIN securables s ON s.id = v.model_id WHERE ${condition}`,
    );
  }
}
