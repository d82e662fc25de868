import { Access } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { artifactPath, experimentIdOf, pathAndFoldersAbove } from './artifact-path.js';
import { Sealed } from './artifacts.errors.js';

/**
 * Folders whose files belong to registered versions. Whoever seals holds an advisory lock of the experiment alone,
 * whoever changes files shares it, both until their transactions end: a file that is being put in its place is there
 * before the seal is, and after the seal nobody comes through.
 */
@Injectable()
export class ArtifactSeals {
  constructor(
    private readonly db: Database,
    private readonly access: Access,
  ) {}

  /** Call in the transaction that registers the version, before its files are read for the digest. Asks no rights. */
  async seal(folder: string, { modelId, versionId }: { modelId: string; versionId: string }): Promise<void> {
    await this.lock('EXCLUSIVE', artifactPath(folder, 'folder'));
    await this.db.execute(sql`
      INSERT INTO sealed_paths (path, model_id, version_id) VALUES (${folder}, ${modelId}::uuid, ${versionId}::uuid)
      ON CONFLICT (path, version_id) DO NOTHING`);
  }

  /** Call in the transaction that deletes the version. */
  async unseal(versionId: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM sealed_paths WHERE version_id = ${versionId}::uuid`);
  }

  /** Call in the transaction that deletes the model with all its versions. */
  async unsealModel(modelId: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM sealed_paths WHERE model_id = ${modelId}::uuid`);
  }

  /**
   * Call in the transaction in which files at `path`, or below it, are changed.
   * @throws Sealed when a version's files are there
   */
  async demandUnsealed(path: string): Promise<void> {
    await this.lock('SHARED', path);
    const visible = await this.access.where('DISCOVER', 'REGISTERED_MODEL', 's');
    const seal = await this.db.first<{ version: string | null }>(sql`
      SELECT CASE WHEN ${visible} THEN s.full_name || '/' || v.number END AS version
      FROM sealed_paths p
      LEFT JOIN securables s ON s.id = p.model_id
      LEFT JOIN model_versions v ON v.id = p.version_id
      WHERE ${covers(path)} OR (p.path COLLATE "C" >= ${`${path}/`} AND p.path COLLATE "C" < ${`${path}0`})
      ORDER BY version LIMIT 1`);
    if (seal) throw new Sealed(path, seal.version ?? undefined);
  }

  /** May the caller read a version whose files are at `path`? */
  async opensFor(path: string): Promise<boolean> {
    const executable = await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's');
    const found = await this.db.first(sql`
      SELECT 1 FROM sealed_paths p JOIN securables s ON s.id = p.model_id
      WHERE ${covers(path)} AND ${executable} LIMIT 1`);
    return found !== undefined;
  }

  private async lock(mode: 'SHARED' | 'EXCLUSIVE', path: string): Promise<void> {
    const lock = raw(mode === 'SHARED' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock');
    const key = `artifacts of experiment ${experimentIdOf(path) ?? path}`;
    await this.db.execute(sql`SELECT ${lock}(hashtextextended(${key}, 0))`);
  }
}

/** The sealed folder is the path itself, or above it. */
const covers = (path: string): Sql => sql`p.path = ANY(${pathAndFoldersAbove(path)}::text[])`;
