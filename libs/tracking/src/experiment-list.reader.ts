import { Access, type Securable, securableColumns } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs, type SortKey } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { ExperimentDetails, LifecycleStage } from './experiment.js';
import { all, plainOrder } from './search.js';

export interface ExperimentFilter {
  /** A part of the name, ignoring case. */
  nameContains?: string | null;
  /** Absent or null: both. */
  lifecycleStage?: LifecycleStage | null;
}

export interface ExperimentOrder {
  field: 'NAME' | 'CREATED_AT' | 'UPDATED_AT';
  direction: 'ASC' | 'DESC';
}

const experimentsAndSecurables = sql`experiments e JOIN securables s ON s.id = e.securable_id`;

const sortKeys: Record<ExperimentOrder['field'], [column: string, type: SortKey['type']][]> = {
  // Unique: it needs no tie-break.
  NAME: [['s.full_name_key', 'text']],
  CREATED_AT: [
    ['s.created_at', 'timestamptz'],
    ['s.id', 'uuid'],
  ],
  UPDATED_AT: [
    ['s.updated_at', 'timestamptz'],
    ['s.id', 'uuid'],
  ],
};

/** Experiments as securables: those that the caller may know of, whatever he may do with them. */
@Injectable()
export class ExperimentListReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  async page(
    filter: ExperimentFilter,
    { field, direction }: ExperimentOrder,
    args: PageArgs,
  ): Promise<Page<Securable>> {
    const ascending = direction === 'ASC';
    return keysetPage<Securable, Securable>(this.db, {
      select: securableColumns('s'),
      from: experimentsAndSecurables,
      where: await this.conditions(filter),
      orderName: `${field} ${direction}`,
      order: sortKeys[field].map(([column, type]) => plainOrder(column, type, ascending)),
      args,
      toNode: (row) => row,
    });
  }

  async count(filter: ExperimentFilter): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM ${experimentsAndSecurables} WHERE ${await this.conditions(filter)}`,
    );
    return row?.count ?? 0;
  }

  /** By the numbers that MLflow knows them by, in any order. */
  async byExperimentIds(ids: readonly string[]): Promise<(Securable & { experimentId: string })[]> {
    return this.db.query(sql`
      SELECT ${securableColumns('s')}, e.id::text AS "experimentId" FROM ${experimentsAndSecurables}
      WHERE e.id = ANY(${ids}::int8[]) AND ${await this.access.where('DISCOVER', 'EXPERIMENT', 's')}`);
  }

  /** What experiments have beside their securables, in any order. Asks no rights. */
  detailsOf(securableIds: readonly string[]): Promise<(ExperimentDetails & { id: string })[]> {
    return this.db.query(sql`
      SELECT e.securable_id AS id, e.id::text AS "experimentId", e.artifact_location AS "artifactLocation",
        e.lifecycle_stage AS "lifecycleStage"
      FROM experiments e WHERE e.securable_id = ANY(${securableIds}::uuid[])`);
  }

  private async conditions({ nameContains, lifecycleStage }: ExperimentFilter): Promise<Sql> {
    return all([
      sql`s.kind = 'EXPERIMENT'`,
      await this.access.where('DISCOVER', 'EXPERIMENT', 's'),
      ...(nameContains ? [sql`strpos(lower(s.name), lower(${nameContains})) > 0`] : []),
      ...(lifecycleStage ? [sql`e.lifecycle_stage = ${lifecycleStage}`] : []),
    ]);
  }
}
