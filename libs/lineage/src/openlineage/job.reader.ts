import { Access, type Securable, securableColumns } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import type { LineageDataset } from '../dataset.js';
import { datasetColumns } from '../dataset.reader.js';
import type { DataDirection, Named } from './event.js';
import type { Job, JobRun } from './job.js';

const runColumns: Sql = raw(`r.run_id AS "runId", r.state, r.state_at AS "stateAt", r.started_at AS "startedAt",
  r.first_event_at AS "firstEventAt", r.last_event_at AS "lastEventAt", r.parent_run_id AS "parentRunId", r.parent_job AS "parentJob"`);

/** The columns of a Job, of jobsAndSecurables. */
const jobColumns: Sql = sql`j.id, j.experiment_id::text AS "experimentId", s.full_name AS namespace, j.name,
  j.created_at AS "createdAt", j.last_event_at AS "lastEventAt",
  (SELECT to_json(latest) FROM (SELECT ${runColumns} FROM job_runs r WHERE r.job_id = j.id
    ORDER BY r.first_event_at DESC, r.run_id DESC LIMIT 1) AS latest) AS "latestRun"`;
const jobsAndSecurables = sql`jobs j JOIN experiments e ON e.id = j.experiment_id JOIN securables s ON s.id = e.securable_id`;

type Found = { job: Job; experiment: Securable };

const instants = ['stateAt', 'startedAt', 'firstEventAt', 'lastEventAt'] as const;

/** JSON has no instants: those of the run come as texts. */
function read<Row extends Job>(row: Row): Row {
  const { latestRun } = row;
  if (!latestRun) return row;
  const times = instants.map((key) => [key, latestRun[key] && new Date(latestRun[key])]);
  return { ...row, latestRun: { ...latestRun, ...Object.fromEntries(times) } };
}

/** Jobs, their runs and their data. READ on the experiment shows them all. */
@Injectable()
export class JobReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** With the experiment that governs it, in one statement: of the hidden and of the absent alike. Asks no rights. */
  async withExperiment(by: { id: string } | Named): Promise<Found | undefined> {
    const where =
      'id' in by
        ? sql`j.id = ${by.id}::uuid`
        : sql`s.kind = 'EXPERIMENT' AND s.full_name_key = ${by.namespace} AND j.name = ${by.name}`;
    const row = await this.db.first<Securable & { job: Job }>(sql`
      SELECT ${securableColumns('s')}, (SELECT to_json(c) FROM (SELECT ${jobColumns}) AS c) AS job FROM ${jobsAndSecurables} WHERE ${where}`);
    if (!row) return undefined;
    const { job, ...experiment } = row;
    const times = { createdAt: new Date(job.createdAt), lastEventAt: new Date(job.lastEventAt) };
    return { job: { ...read(job), ...times }, experiment };
  }

  /** Those that the caller may see, in any order. */
  async byIds(ids: readonly string[]): Promise<Job[]> {
    const rows = await this.db.query<Job>(sql`
      SELECT ${jobColumns} FROM ${jobsAndSecurables}
      WHERE j.id = ANY(${ids}::uuid[]) AND ${await this.access.where('READ', 'EXPERIMENT', 's')}`);
    return rows.map(read);
  }

  /** The newest first. Asks no rights. */
  runs(jobId: string, args: PageArgs): Promise<Page<JobRun>> {
    return keysetPage<JobRun, JobRun>(this.db, {
      select: runColumns,
      from: sql`job_runs r`,
      where: sql`r.job_id = ${jobId}::uuid`,
      orderName: 'FIRST_EVENT_AT DESC',
      order: [
        { expression: sql`r.first_event_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`r.run_id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (row) => row,
    });
  }

  countRuns(jobId: string): Promise<number> {
    return this.count(sql`job_runs r WHERE r.job_id = ${jobId}::uuid`);
  }

  /** By name. Asks no rights. */
  data(jobId: string, direction: DataDirection, args: PageArgs): Promise<Page<LineageDataset>> {
    return keysetPage<LineageDataset, LineageDataset>(this.db, {
      select: datasetColumns,
      from: sql`job_datasets o JOIN datasets d ON d.id = o.dataset_id`,
      where: sql`o.job_id = ${jobId}::uuid AND o.direction = ${direction}`,
      orderName: 'NAME ASC',
      order: [
        { expression: sql`d.name`, type: 'text', direction: 'ASC' },
        { expression: sql`d.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (row) => row,
    });
  }

  countData(jobId: string, direction: DataDirection): Promise<number> {
    return this.count(sql`job_datasets o WHERE o.job_id = ${jobId}::uuid AND o.direction = ${direction}`);
  }

  private async count(from: Sql): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from}`);
    return row?.count ?? 0;
  }
}
