import { Access } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { LifecycleStage } from './experiment.js';
import type { Run, RunStatus } from './run.js';
import { type RunRow, runColumns, runOf } from './run.repository.js';
import { all, plainOrder } from './search.js';

export interface RunFilter {
  /** A part of the name, ignoring case. */
  nameContains?: string | null;
  status?: RunStatus | null;
  /** Absent or null: both. */
  lifecycleStage?: LifecycleStage | null;
}

export interface RunOrder {
  field: 'START_TIME' | 'NAME';
  direction: 'ASC' | 'DESC';
}

const runsAndSecurables = sql`runs r JOIN experiments e ON e.id = r.experiment_id JOIN securables s ON s.id = e.securable_id`;

/** Runs without what was logged to them, as far as the caller may READ their experiments. */
@Injectable()
export class RunListReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** The runs of one experiment, which is named by its securable. */
  async page(
    experiment: string,
    filter: RunFilter,
    { field, direction }: RunOrder,
    args: PageArgs,
  ): Promise<Page<Run>> {
    const ascending = direction === 'ASC';
    const key =
      field === 'NAME' ? plainOrder('r.name', 'text', ascending) : plainOrder('r.start_time', 'int8', ascending);
    return keysetPage<RunRow, Run>(this.db, {
      select: runColumns,
      from: runsAndSecurables,
      where: await this.conditions(experiment, filter),
      orderName: `${field} ${direction}`,
      // One direction for both keys: a page behind a cursor starts where the index says, however deep it is.
      order: [key, plainOrder('r.id', 'text', ascending)],
      args,
      toNode: runOf,
    });
  }

  async count(experiment: string, filter: RunFilter): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM ${runsAndSecurables} WHERE ${await this.conditions(experiment, filter)}`,
    );
    return row?.count ?? 0;
  }

  /** In any order. */
  async byIds(ids: readonly string[]): Promise<Run[]> {
    const rows = await this.db.query<RunRow>(sql`
      SELECT ${runColumns} FROM ${runsAndSecurables} WHERE r.id = ANY(${ids}::text[]) AND ${await this.readable()}`);
    return rows.map(runOf);
  }

  private readable(): Promise<Sql> {
    return this.access.where('READ', 'EXPERIMENT', 's');
  }

  private async conditions(experiment: string, { nameContains, status, lifecycleStage }: RunFilter): Promise<Sql> {
    return all([
      // As one value, so that the index on experiment, stage and start yields the order.
      sql`r.experiment_id = (SELECT id FROM experiments WHERE securable_id = ${experiment}::uuid)`,
      await this.readable(),
      ...(nameContains ? [sql`strpos(lower(r.name), lower(${nameContains})) > 0`] : []),
      ...(status ? [sql`r.status = ${status}`] : []),
      ...(lifecycleStage ? [sql`r.lifecycle_stage = ${lifecycleStage}`] : []),
    ]);
  }
}
