import { type Securable, securableColumns } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { LifecycleStage } from './experiment.js';
import type { Run, RunStatus } from './run.js';
import { runNameTag } from './run-name.js';
import type { Tag } from './tag.js';

export interface NewRun {
  id: string;
  experimentId: string;
  name: string;
  userId: string;
  principalId: string;
  startTime: number;
  artifactUri: string;
  tags: Tag[];
}

/** A run as its row has it; some of its names are an experiment's too. */
export interface RunRow extends Omit<Run, 'id' | 'name' | 'lifecycleStage'> {
  runId: string;
  runName: string;
  runStage: LifecycleStage;
}

/** The columns of a RunRow, of `runs r`. */
export const runColumns: Sql =
  raw(`r.id AS "runId", r.experiment_id::text AS "experimentId", r.name AS "runName", r.user_id AS "userId",
  r.principal_id AS "principalId", r.status, r.start_time AS "startTime", r.end_time AS "endTime", r.artifact_uri AS "artifactUri",
  r.lifecycle_stage AS "runStage"`);

export const runOf = (row: RunRow): Run => ({
  id: row.runId,
  experimentId: row.experimentId,
  name: row.runName,
  userId: row.userId,
  principalId: row.principalId,
  status: row.status,
  startTime: row.startTime,
  endTime: row.endTime,
  artifactUri: row.artifactUri,
  lifecycleStage: row.runStage,
});

@Injectable()
export class RunRepository {
  constructor(private readonly db: Database) {}

  async byId(runId: string): Promise<Run | undefined> {
    const row = await this.db.first<RunRow>(sql`SELECT ${runColumns} FROM runs r WHERE r.id = ${runId}`);
    return row && runOf(row);
  }

  /** A run, and the experiment that decides who may do what with it. */
  async withExperiment(runId: string): Promise<{ run: Run; experiment: Securable } | undefined> {
    const row = await this.db.first<RunRow & Securable>(sql`
      SELECT ${runColumns}, ${securableColumns('s')}
      FROM runs r JOIN experiments e ON e.id = r.experiment_id JOIN securables s ON s.id = e.securable_id
      WHERE r.id = ${runId}`);
    return row && { run: runOf(row), experiment: row };
  }

  async insert(run: NewRun): Promise<void> {
    await this.db.execute(sql`
      WITH made AS (
        INSERT INTO runs (id, experiment_id, name, user_id, principal_id, start_time, artifact_uri)
        VALUES (${run.id}, ${run.experimentId}::int8, ${run.name}, ${run.userId}, ${run.principalId}::uuid, ${run.startTime}::int8, ${run.artifactUri})
        RETURNING id)
      INSERT INTO run_tags (run_id, key, value)
      SELECT made.id, t.key, t.value
      FROM made, unnest(${run.tags.map(({ key }) => key)}::text[], ${run.tags.map(({ value }) => value)}::text[]) AS t(key, value)`);
  }

  /** Changes what is given. A new name is kept as a tag too. */
  async update(
    runId: string,
    changes: { status?: RunStatus; endTime?: number; name?: string },
  ): Promise<Run | undefined> {
    const { status, endTime, name } = changes;
    const sets = [
      status === undefined ? empty : sql`, status = ${status}`,
      endTime === undefined ? empty : sql`, end_time = ${endTime}::int8`,
      name === undefined ? empty : sql`, name = ${name}`,
    ];
    const row = await this.db.first<RunRow>(
      sql`UPDATE runs r SET id = r.id${join(sets, '')} WHERE r.id = ${runId} RETURNING ${runColumns}`,
    );
    if (row && name !== undefined) await this.setTags(runId, [{ key: runNameTag, value: name }]);
    return row && runOf(row);
  }

  /** @returns false when it is in that stage already */
  async setStage(runId: string, stage: LifecycleStage, deletedTime: number | null): Promise<boolean> {
    const changed = await this.db.execute(sql`
      UPDATE runs SET lifecycle_stage = ${stage}, deleted_time = ${deletedTime}::int8 WHERE id = ${runId} AND lifecycle_stage <> ${stage}`);
    return changed > 0;
  }

  async setTags(runId: string, tags: readonly Tag[]): Promise<void> {
    if (tags.length === 0) return;
    await this.db.execute(sql`
      INSERT INTO run_tags (run_id, key, value)
      SELECT ${runId}, key, value FROM unnest(${tags.map(({ key }) => key)}::text[], ${tags.map(({ value }) => value)}::text[]) AS t(key, value)
      ORDER BY key ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value`);
  }

  /** @returns false when there is no such tag */
  /** The value of a tag, which nobody else changes by this way until the transaction ends; null when there is none. */
  async lockTag(runId: string, key: string): Promise<string | null> {
    await this.db.execute(sql`SELECT 1 FROM runs WHERE id = ${runId} FOR NO KEY UPDATE`);
    const tag = await this.db.first<{ value: string }>(
      sql`SELECT value FROM run_tags WHERE run_id = ${runId} AND key = ${key}`,
    );
    return tag?.value ?? null;
  }

  async deleteTag(runId: string, key: string): Promise<boolean> {
    return (await this.db.execute(sql`DELETE FROM run_tags WHERE run_id = ${runId} AND key = ${key}`)) > 0;
  }
}
