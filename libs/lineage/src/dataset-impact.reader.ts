import { Access } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { detailsOfEach, LineageReader } from './lineage.reader.js';
import { madeOf } from './lineage-edges.js';

/** What is looked at to find what data had an effect on: runs, models, versions and what else lies between. */
const mostReached = 10_000;

export interface ImpactFilter {
  /** Only versions that hold an alias, or the stage Staging or Production, now. */
  holdsTarget: boolean;
}

/**
 * The versions that data had an effect on, however many steps away: trained on it, trained from such a version, or a copy of one.
 * A step leads only to what the caller may see, and on from there. Lists are of ids.
 */
@Injectable()
export class DatasetImpactReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly lineage: LineageReader,
  ) {}

  /** The newest first. */
  async versions(datasetId: string, { holdsTarget }: ImpactFilter, args: PageArgs): Promise<Page<string>> {
    return keysetPage<{ id: string }, string>(this.db, {
      select: sql`v.id`,
      from: sql`(${await this.reached(datasetId)}) AS w JOIN model_versions v ON v.id = CASE w.kind WHEN 'MODEL_VERSION' THEN w.key::uuid END`,
      where: holding(holdsTarget),
      orderName: 'CREATED_AT DESC',
      order: [
        { expression: sql`v.created_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`v.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: ({ id }) => id,
    });
  }

  /** How many they are, and whether there may be more, behind what was looked at. */
  async summary(datasetId: string, { holdsTarget }: ImpactFilter): Promise<{ count: number; isPartial: boolean }> {
    const row = await this.db.first<{ count: number; reached: number }>(sql`
      SELECT count(*) FILTER (WHERE v.id IS NOT NULL AND ${holding(holdsTarget)}) AS count, count(*) AS reached
      FROM (${await this.reached(datasetId)}) AS w
      LEFT JOIN model_versions v ON v.id = CASE w.kind WHEN 'MODEL_VERSION' THEN w.key::uuid END`);
    return { count: row?.count ?? 0, isPartial: (row?.reached ?? 0) >= mostReached };
  }

  /** The same name and digest are the same data, in whatever experiment. PostgreSQL reaches no more than it is asked for. */
  private async reached(datasetId: string): Promise<Sql> {
    const readable = await this.access.where('READ', 'EXPERIMENT', 's');
    const { isVisible, relations } = await this.lineage.view(null);
    return sql`WITH RECURSIVE reached(kind, key) AS (
        SELECT 'DATASET', d.id::text FROM datasets given JOIN datasets d ON d.digest = given.digest AND d.name = given.name
        JOIN experiments e ON e.id = d.experiment_id JOIN securables s ON s.id = e.securable_id
        WHERE given.id = ${datasetId}::uuid AND ${readable}
        UNION
        SELECT n.kind, n.key FROM reached w, LATERAL (${madeOf(relations)}) AS n ${detailsOfEach} WHERE ${isVisible}
      ) SELECT kind, key FROM reached LIMIT ${mostReached}`;
  }
}

const holding = (isAsked: boolean): Sql =>
  isAsked
    ? sql`(v.stage IN ('Staging', 'Production') OR EXISTS (SELECT 1 FROM model_aliases a WHERE a.version_id = v.id))`
    : sql`TRUE`;
