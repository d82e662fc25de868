import { createHash } from 'node:crypto';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { JobObservation, NamedDataset } from './event.js';

/** What tells the datasets of OpenLineage from MLflow's, in datasets.source_type. */
export const openLineageSource = 'openlineage';

/** In `datasets` a name may stand once for each digest. OpenLineage knows no digest of the data: what tells two of a name apart is their namespace. */
const digestOf = (namespace: string): string => createHash('sha256').update(namespace).digest('hex').slice(0, 32);

const rowOf = ({ namespace, name, schema }: NamedDataset) => ({
  id: uuidv7(),
  name,
  digest: digestOf(namespace),
  source: JSON.stringify({ namespace, name }),
  schema,
});

const given = (rows: readonly object[]): Sql =>
  sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS g(id uuid, name text, digest text, source text, schema text, direction text)`;

/** A state that a run has ended in outdoes the others, and then the later one does: the same for every order in which events arrive. */
const newerState = sql`(COALESCE(excluded.state IN ('COMPLETE', 'ABORT', 'FAIL'), FALSE), COALESCE(excluded.state_at, '-infinity'), COALESCE(excluded.state, ''))
  > (COALESCE(r.state IN ('COMPLETE', 'ABORT', 'FAIL'), FALSE), COALESCE(r.state_at, '-infinity'), COALESCE(r.state, ''))`;

/** Writes what events say. Each write comes to the same, in whatever order and however often it is done. */
@Injectable()
export class JobRepository {
  constructor(private readonly db: Database) {}

  /** The job of a name, made when there is none. It stays locked until the transaction ends. */
  async observe(experimentId: string, name: string, at: Date): Promise<{ id: string; made: boolean }> {
    const row = await this.db.first<{ id: string; made: boolean }>(sql`
      INSERT INTO jobs AS j (id, experiment_id, name, last_event_at)
      VALUES (${uuidv7()}::uuid, ${experimentId}::int8, ${name}, ${at}::timestamptz)
      ON CONFLICT (experiment_id, name) DO UPDATE SET last_event_at = greatest(j.last_event_at, excluded.last_event_at)
      RETURNING j.id, j.xmax = 0 AS made`);
    if (!row) throw new Error('the insert of a job answers with one row');
    return row;
  }

  async observeRun(jobId: string, { id, state, parent }: NonNullable<JobObservation['run']>, at: Date): Promise<void> {
    const parentJob = parent && `${parent.namespace}/${parent.name}`;
    await this.db.execute(sql`
      INSERT INTO job_runs AS r (job_id, run_id, state, state_at, started_at, first_event_at, last_event_at, parent_run_id, parent_job)
      VALUES (${jobId}::uuid, ${id}::uuid, ${state}, ${state && at}::timestamptz, ${state === 'START' ? at : null}::timestamptz,
        ${at}::timestamptz, ${at}::timestamptz, ${parent?.runId ?? null}::uuid, ${parentJob})
      ON CONFLICT (job_id, run_id) DO UPDATE SET
        state = CASE WHEN ${newerState} THEN excluded.state ELSE r.state END,
        state_at = CASE WHEN ${newerState} THEN excluded.state_at ELSE r.state_at END,
        started_at = least(r.started_at, excluded.started_at),
        first_event_at = least(r.first_event_at, excluded.first_event_at),
        last_event_at = greatest(r.last_event_at, excluded.last_event_at),
        parent_run_id = COALESCE(r.parent_run_id, excluded.parent_run_id),
        parent_job = COALESCE(r.parent_job, excluded.parent_job)`);
  }

  /** Datasets are kept once for an experiment, as MLflow's are. Their columns are those of the last event that told them. */
  async observeData(
    experimentId: string,
    jobId: string,
    { at, run, data }: Pick<JobObservation, 'at' | 'run' | 'data'>,
  ): Promise<void> {
    const rows = Object.entries(data).flatMap(([direction, datasets]) =>
      datasets.map((dataset) => ({ ...rowOf(dataset), direction })),
    );
    if (rows.length === 0) return;
    await this.db.execute(sql`
      INSERT INTO datasets AS d (id, experiment_id, name, digest, source_type, source, schema)
      SELECT DISTINCT ON (g.name, g.digest) g.id, ${experimentId}::int8, g.name, g.digest, ${openLineageSource}, g.source, g.schema
      FROM ${given(rows)} ORDER BY g.name, g.digest, g.schema NULLS LAST
      ON CONFLICT (experiment_id, name, digest) DO UPDATE SET schema = excluded.schema
      WHERE d.source_type = ${openLineageSource} AND excluded.schema <> COALESCE(d.schema, '')`);
    // A statement of its own: it sees a dataset that another transaction committed while the insert waited for it.
    await this.db.execute(sql`
      INSERT INTO job_datasets AS o (job_id, direction, dataset_id, last_observed_at, run_id)
      SELECT DISTINCT ${jobId}::uuid, g.direction, d.id, ${at}::timestamptz, ${run?.id ?? null}::uuid
      FROM ${given(rows)} JOIN datasets d ON d.experiment_id = ${experimentId}::int8 AND d.name = g.name AND d.digest = g.digest
      ORDER BY 2, 3
      ON CONFLICT (job_id, direction, dataset_id) DO UPDATE SET
        last_observed_at = greatest(o.last_observed_at, excluded.last_observed_at),
        run_id = CASE WHEN (excluded.last_observed_at, COALESCE(excluded.run_id::text, '')) > (o.last_observed_at, COALESCE(o.run_id::text, ''))
          THEN excluded.run_id ELSE o.run_id END`);
  }

  /** Writes the columns of data wherever jobs have named it. @param editable a predicate over the row `s` of securables */
  async describe({ namespace, name, schema }: NamedDataset, editable: Sql): Promise<void> {
    await this.db.execute(sql`
      UPDATE datasets d SET schema = ${schema} FROM experiments e JOIN securables s ON s.id = e.securable_id
      WHERE d.location = dataset_location(${JSON.stringify({ namespace, name })}) AND d.source_type = ${openLineageSource}
        AND d.schema IS DISTINCT FROM ${schema} AND e.id = d.experiment_id AND e.lifecycle_stage = 'active' AND ${editable}`);
  }
}
