import type { ArtifactFile } from '@app/artifacts';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { VersionContent } from './mlmodel.js';
import type { ModelVersion } from './model-version.js';
import type { Tag } from './tag.js';
import { versionColumns } from './version-columns.js';

/**
 * Versions by key, without a question of rights: for what acts on a version that somebody was allowed to name (gates,
 * promotion), and for batched reads below a model that the caller may read.
 */
@Injectable()
export class VersionRecords {
  constructor(private readonly db: Database) {}

  async byId(id: string): Promise<ModelVersion | undefined> {
    return (await this.where(sql`v.id = ${id}::uuid`))[0];
  }

  byIds(ids: readonly string[]): Promise<ModelVersion[]> {
    return this.where(sql`v.id = ANY(${ids}::uuid[])`);
  }

  async byNumber(modelId: string, number: number): Promise<ModelVersion | undefined> {
    return (await this.where(sql`v.model_id = ${modelId}::uuid AND v.number = ${number}`))[0];
  }

  /** The manifest that the artifact digest is computed over, sorted by path as the digest wants it. */
  files(versionId: string): Promise<ArtifactFile[]> {
    return this.db.query<ArtifactFile>(
      sql`SELECT path, size, sha256 FROM model_version_files WHERE version_id = ${versionId}::uuid ORDER BY path COLLATE "C"`,
    );
  }

  filesOf(versionIds: readonly string[]): Promise<(ArtifactFile & { versionId: string })[]> {
    return this.db.query(sql`
      SELECT version_id AS "versionId", path, size, sha256 FROM model_version_files
      WHERE version_id = ANY(${versionIds}::uuid[]) ORDER BY version_id, path COLLATE "C"`);
  }

  /** What the files say, for versions that are here as a VersionView. */
  contentsOf(versionIds: readonly string[]): Promise<(VersionContent & { versionId: string })[]> {
    return this.db.query(
      sql`SELECT id AS "versionId", signature, flavors, requirements FROM model_versions WHERE id = ANY(${versionIds}::uuid[])`,
    );
  }

  tagsOf(versionIds: readonly string[]): Promise<(Tag & { versionId: string })[]> {
    return this.db.query(sql`
      SELECT version_id AS "versionId", key, value FROM model_version_tags
      WHERE version_id = ANY(${versionIds}::uuid[]) ORDER BY version_id, key`);
  }

  aliasesOf(versionIds: readonly string[]): Promise<{ versionId: string; alias: string }[]> {
    return this.db.query(sql`
      SELECT version_id AS "versionId", alias FROM model_aliases
      WHERE version_id = ANY(${versionIds}::uuid[]) ORDER BY version_id, alias`);
  }

  private where(condition: Sql): Promise<ModelVersion[]> {
    return this.db.query<ModelVersion>(
      sql`SELECT ${versionColumns} FROM model_versions v JOIN securables s ON s.id = v.model_id WHERE ${condition}`,
    );
  }
}
