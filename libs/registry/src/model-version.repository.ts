import type { ArtifactManifest } from '@app/artifacts';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { VersionContent } from './mlmodel.js';
import type { ModelVersion } from './model-version.js';
import { versionColumns } from './version-columns.js';

export type NewVersion = Pick<
  ModelVersion,
  | 'id'
  | 'modelId'
  | 'status'
  | 'description'
  | 'source'
  | 'storagePath'
  | 'runId'
  | 'namedRunId'
  | 'outsideUri'
  | 'runLink'
  | 'loggedModelId'
  | 'runPrincipalId'
  | 'createdBy'
> & {
  /** The version that this one is a copy of. */
  copiedFromId?: string;
};

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** Writes of versions. */
@Injectable()
export class ModelVersionRepository {
  constructor(private readonly db: Database) {}

  /**
   * Gives the version the next number of its model and writes it. The model's row is locked by it, so that two at once
   * get two numbers without a gap.
   * @returns the number, undefined when the model is gone
   */
  async insert(version: NewVersion): Promise<number | undefined> {
    const { id, modelId, status, description, source, storagePath } = version;
    const {
      runId,
      namedRunId,
      outsideUri,
      runLink,
      loggedModelId,
      runPrincipalId,
      createdBy,
      copiedFromId = null,
    } = version;
    const row = await this.db.first<{ number: number }>(sql`
      WITH next AS (
        UPDATE registered_models SET last_version = last_version + 1 WHERE id = ${modelId}::uuid RETURNING last_version
      )
      INSERT INTO model_versions (id, model_id, number, status, description, source, storage_path, run_id, named_run_id,
        outside_uri, run_link, logged_model_id, run_principal_id, created_by, copied_from_id)
      SELECT ${id}::uuid, ${modelId}::uuid, next.last_version, ${status}, ${description}, ${source}, ${storagePath},
        ${runId}, ${namedRunId}, ${outsideUri}, ${runLink}, ${loggedModelId}, ${runPrincipalId}::uuid, ${createdBy}::uuid,
        ${copiedFromId}::uuid
      FROM next RETURNING number`);
    return row?.number;
  }

  /** Locks the version until the transaction ends. */
  async lock(modelId: string, number: number): Promise<ModelVersion | undefined> {
    return this.db.first<ModelVersion>(sql`
      SELECT ${versionColumns} FROM model_versions v JOIN securables s ON s.id = v.model_id
      WHERE v.model_id = ${modelId}::uuid AND v.number = ${number} FOR UPDATE OF v`);
  }

  /** @returns false when the version was no longer pending: somebody else completed it */
  async complete(id: string, manifest: ArtifactManifest, content: VersionContent): Promise<boolean> {
    const changed = await this.db.execute(sql`
      UPDATE model_versions SET status = 'READY', artifact_digest = ${manifest.digest}, artifact_size = ${manifest.size}::int8,
        signature = ${json(content.signature)}::jsonb, flavors = ${json(content.flavors)}::jsonb,
        requirements = ${json(content.requirements)}::jsonb, updated_at = now()
      WHERE id = ${id}::uuid AND status = 'PENDING_REGISTRATION'`);
    if (changed === 0) return false;
    const { files } = manifest;
    await this.db.execute(sql`
      INSERT INTO model_version_files (version_id, path, size, sha256)
      SELECT ${id}::uuid, * FROM unnest(${files.map(({ path }) => path)}::text[], ${files.map(({ size }) => size)}::int8[],
        ${files.map(({ sha256 }) => sha256)}::text[])`);
    return true;
  }

  /** @returns false when the version was no longer pending */
  async fail(id: string, message: string): Promise<boolean> {
    const changed = await this.db.execute(sql`
      UPDATE model_versions SET status = 'FAILED_REGISTRATION', status_message = ${message}, updated_at = now()
      WHERE id = ${id}::uuid AND status = 'PENDING_REGISTRATION'`);
    return changed > 0;
  }

  /** Gives a copy the digest, the signature and the files of the version it was copied from. */
  async copyContent(sourceId: string, id: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE model_versions v SET artifact_digest = o.artifact_digest, artifact_size = o.artifact_size,
        signature = o.signature, flavors = o.flavors, requirements = o.requirements
      FROM model_versions o WHERE o.id = ${sourceId}::uuid AND v.id = ${id}::uuid`);
    await this.db.execute(sql`
      INSERT INTO model_version_files (version_id, path, size, sha256)
      SELECT ${id}::uuid, path, size, sha256 FROM model_version_files WHERE version_id = ${sourceId}::uuid`);
  }

  async describe(id: string, description: string | null): Promise<void> {
    await this.db.execute(
      sql`UPDATE model_versions SET description = ${description}, updated_at = now() WHERE id = ${id}::uuid`,
    );
  }

  async delete(id: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM model_versions WHERE id = ${id}::uuid`);
  }
}
