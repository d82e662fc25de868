import { Access, type Securable, securableColumns } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import type { LineageDataset } from './dataset.js';

/** The columns of a LineageDataset, of `datasets d`. */
export const datasetColumns: Sql = raw(`d.id, d.experiment_id::text AS "experimentId", d.name, d.digest,
  d.source_type AS "sourceType", d.source, d.schema, d.profile, d.location`);

/** Whose runs are listed. */
export type RunsOf = { dataset: string } | { parent: string };

/** The tag is found by what the index holds of it. */
const among = (of: RunsOf): Sql =>
  'dataset' in of
    ? sql`r.id IN (SELECT run_id FROM run_inputs WHERE dataset_id = ${of.dataset}::uuid)`
    : sql`r.id <> ${of.parent} AND r.id IN (SELECT run_id FROM run_tags WHERE key = 'mlflow.parentRunId'
        AND left(value, 64) = ${of.parent} AND value = ${of.parent})`;

const runsAndSecurables = sql`runs r JOIN experiments e ON e.id = r.experiment_id JOIN securables s ON s.id = e.securable_id`;
const versionsAndSecurables = sql`model_versions v JOIN securables s ON s.id = v.model_id`;

/** Versions of a run that has read the data, and of a logged model that such a run has made. */
const trainedOn = (datasetId: string): Sql => sql`v.id IN (
  SELECT w.id FROM run_inputs i JOIN model_versions w ON w.run_id = i.run_id WHERE i.dataset_id = ${datasetId}::uuid
  UNION
  SELECT w.id FROM run_inputs i JOIN logged_models m ON m.source_run_id = i.run_id
    JOIN model_versions w ON w.logged_model_id = m.id WHERE i.dataset_id = ${datasetId}::uuid)`;

/** Datasets, and what was made with them, as far as the caller may see it: runs with READ, versions with EXECUTE. Lists are of ids. */
@Injectable()
export class LineageDatasetReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** With the experiment that governs it, in one statement: of the hidden and of the absent alike. Asks no rights. */
  async withExperiment(id: string): Promise<{ dataset: LineageDataset; experiment: Securable } | undefined> {
    const row = await this.db.first<{ dataset: LineageDataset } & Securable>(sql`
      SELECT ${securableColumns('s')}, (SELECT to_json(c) FROM (SELECT ${datasetColumns}) AS c) AS dataset
      FROM datasets d JOIN experiments e ON e.id = d.experiment_id JOIN securables s ON s.id = e.securable_id
      WHERE d.id = ${id}::uuid`);
    if (!row) return undefined;
    const { dataset, ...experiment } = row;
    return { dataset, experiment };
  }

  /** Those that the caller may see, in any order. */
  async byIds(ids: readonly string[]): Promise<LineageDataset[]> {
    return this.db.query(sql`
      SELECT ${datasetColumns} FROM datasets d JOIN experiments e ON e.id = d.experiment_id
      JOIN securables s ON s.id = e.securable_id
      WHERE ${await this.readable(sql`d.id = ANY(${ids}::uuid[])`)}`);
  }

  /** The newest first. */
  async runs(of: RunsOf, args: PageArgs): Promise<Page<string>> {
    return keysetPage<{ id: string }, string>(this.db, {
      select: sql`r.id`,
      from: runsAndSecurables,
      where: await this.readable(among(of)),
      orderName: 'START_TIME DESC',
      order: [
        { expression: sql`r.start_time`, type: 'int8', direction: 'DESC' },
        { expression: sql`r.id`, type: 'text', direction: 'DESC' },
      ],
      args,
      toNode: ({ id }) => id,
    });
  }

  async countRuns(of: RunsOf): Promise<number> {
    return this.count(sql`${runsAndSecurables} WHERE ${await this.readable(among(of))}`);
  }

  /** The newest first. */
  async versions(datasetId: string, args: PageArgs): Promise<Page<string>> {
    return keysetPage<{ id: string }, string>(this.db, {
      select: sql`v.id`,
      from: versionsAndSecurables,
      where: await this.executable(trainedOn(datasetId)),
      orderName: 'CREATED_AT DESC',
      order: [
        { expression: sql`v.created_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`v.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: ({ id }) => id,
    });
  }

  async countVersions(datasetId: string): Promise<number> {
    return this.count(sql`${versionsAndSecurables} WHERE ${await this.executable(trainedOn(datasetId))}`);
  }

  private async readable(condition: Sql): Promise<Sql> {
    return sql`${condition} AND ${await this.access.where('READ', 'EXPERIMENT', 's')}`;
  }

  private async executable(condition: Sql): Promise<Sql> {
    return sql`${condition} AND ${await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's')}`;
  }

  private async count(from: Sql): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from}`);
    return row?.count ?? 0;
  }
}
