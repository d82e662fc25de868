import { Database } from '@app/platform';
import { stages } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { VersionView } from './model-version.js';
import type { ModelAlias } from './registered-model.js';
import type { Tag } from './tag.js';
import { latestVersionsJson, type VersionViewJson, viewOf } from './version-columns.js';

/** What people have written of a version and of its model. */
export interface ModelCard {
  versionDescription: string | null;
  modelDescription: string | null;
  /** Those of the version win over those of the model. */
  tags: Tag[];
}

/** Batched reads below models that the caller may read: no rights are asked here. */
@Injectable()
export class ModelRecords {
  constructor(private readonly db: Database) {}

  tagsOf(modelIds: readonly string[]): Promise<(Tag & { modelId: string })[]> {
    return this.db.query(sql`
      SELECT securable_id AS "modelId", key, value FROM securable_tags
      WHERE securable_id = ANY(${modelIds}::uuid[]) ORDER BY securable_id, key`);
  }

  async cardOf({ id, modelId }: { id: string; modelId: string }): Promise<ModelCard> {
    const card = await this.db.first<ModelCard>(sql`
      SELECT v.description AS "versionDescription", s.description AS "modelDescription",
        (SELECT COALESCE(json_agg(json_build_object('key', t.key, 'value', t.value) ORDER BY t.rank, t.key), '[]') FROM (
          SELECT 1 AS rank, key, value FROM model_version_tags WHERE version_id = v.id
          UNION ALL SELECT 2, key, value FROM securable_tags WHERE securable_id = s.id) AS t) AS tags
      FROM model_versions v JOIN securables s ON s.id = v.model_id
      WHERE v.id = ${id}::uuid AND s.id = ${modelId}::uuid`);
    return card ?? { versionDescription: null, modelDescription: null, tags: [] };
  }

  aliasesOf(modelIds: readonly string[]): Promise<ModelAlias[]> {
    return this.db.query<ModelAlias>(sql`
      SELECT a.model_id AS "modelId", a.alias, a.version_id AS "versionId", v.number AS "versionNumber",
        a.set_at AS "setAt", a.set_by AS "setBy"
      FROM model_aliases a JOIN model_versions v ON v.id = a.version_id
      WHERE a.model_id = ANY(${modelIds}::uuid[]) ORDER BY a.model_id, a.alias`);
  }

  /** The newest version of each stage, for each model. */
  async latestVersionsOf(modelIds: readonly string[]): Promise<VersionView[]> {
    const rows = await this.db.query<{ versions: VersionViewJson[] }>(
      sql`SELECT ${latestVersionsJson(stages)} AS versions FROM securables s WHERE s.id = ANY(${modelIds}::uuid[])`,
    );
    return rows.flatMap(({ versions }) => versions.map(viewOf));
  }
}
