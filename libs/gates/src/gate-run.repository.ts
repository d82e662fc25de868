import type { Securable } from '@app/access';
import { Database } from '@app/platform';
import type { EffectiveGate } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { type GateRun, type Judgement, leaseSeconds, retryDelaySeconds } from './gate-run.js';
import { gateRunQueued } from './gates.events.js';

const columns = raw(`g.id, g.request_id AS "requestId", g.version_id AS "versionId",
  g.incumbent_version_id AS "incumbentVersionId", g.policy_revision_id AS "policyRevisionId",
  g.round, g.key, g.type, g.required, g.config, g.timeout_seconds AS "timeoutSeconds", g.max_attempts AS "maxAttempts",
  g.attempt, g.status, g.progress, g.summary, g.output, g.inputs, g.queued_at AS "queuedAt", g.started_at AS "startedAt",
  g.lease_until AS "leaseUntil", g.retry_at AS "retryAt", g.finished_at AS "finishedAt"`);

const lease = raw(`now() + interval '${leaseSeconds} seconds'`);

/** Waits for a worker, and not for the end of a pause. */
const isDue = raw(`g.status = 'QUEUED' AND (g.retry_at IS NULL OR g.retry_at <= now())`);

/** Of the log of one run, by its id. */
const nextLine = (id: Sql): Sql =>
  sql`(SELECT COALESCE(max(l.line), 0) + 1 FROM gate_logs l WHERE l.gate_run_id = ${id})`;

/** What the worker is told of a run that waits for it. */
type QueuedRun = { gateRunId: string; type: string; urgent: boolean };

/** One go through the gates of a request. */
export type Round = Pick<GateRun, 'requestId' | 'versionId' | 'incumbentVersionId' | 'round'>;

/** The claim that a worker holds on a run: a later claim has a higher attempt, and takes it away. */
type Claim = Pick<GateRun, 'id' | 'attempt'>;

/** A run that has just got its judgement, and what it judged by the names of now: null when that was deleted. */
export interface FinishedRun extends Claim {
  versionName: string | null;
  model: Pick<Securable, 'id' | 'catalogId' | 'schemaId'> | null;
}

@Injectable()
export class GateRunRepository {
  constructor(private readonly db: Database) {}

  byId(id: string): Promise<GateRun | undefined> {
    return this.db.first<GateRun>(sql`SELECT ${columns} FROM gate_runs g WHERE g.id = ${id}::uuid`);
  }

  /** The same, locked until the transaction ends. Lines can be added to its log meanwhile. */
  lock(id: string): Promise<GateRun | undefined> {
    return this.db.first<GateRun>(sql`SELECT ${columns} FROM gate_runs g WHERE g.id = ${id}::uuid FOR NO KEY UPDATE`);
  }

  /** The runs of requests, of their latest round. */
  ofRequests(requestIds: readonly string[]): Promise<GateRun[]> {
    return this.db.query<GateRun>(sql`
      SELECT ${columns} FROM gate_runs g JOIN promotion_requests r ON r.id = g.request_id AND r.round = g.round
      WHERE g.request_id = ANY(${requestIds}::uuid[]) ORDER BY g.request_id, g.id`);
  }

  async insert(
    gates: readonly EffectiveGate[],
    { requestId, versionId, incumbentVersionId, round }: Round,
  ): Promise<QueuedRun[]> {
    const rows = gates.map((gate) => ({ ...gate, id: uuidv7() }));
    return this.db.query<QueuedRun>(sql`
      INSERT INTO gate_runs (id, request_id, version_id, incumbent_version_id, policy_revision_id, round, key, type, required, config, timeout_seconds, max_attempts)
      SELECT g.id, ${requestId}::uuid, ${versionId}::uuid, ${incumbentVersionId}::uuid, g."policyRevisionId", ${round}::int4, g.key, g.type, g.required, g.config,
        g."timeoutSeconds", g.attempts
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS g(id uuid, "policyRevisionId" uuid, key text, type text,
        required boolean, config jsonb, "timeoutSeconds" int4, attempts int4)
      RETURNING id AS "gateRunId", type, (SELECT r.kind = 'ROLLBACK' FROM promotion_requests r WHERE r.id = request_id) AS urgent`);
  }

  /**
   * Takes those of the runs that wait, or whose holder has stopped renewing its lease, and begins the attempt in their
   * logs. A run that somebody else has locked is being claimed or cancelled, and is left to him; should he not do it, the
   * reconciler queues it again.
   */
  claim(ids: readonly string[]): Promise<GateRun[]> {
    return this.db.query<GateRun>(sql`
      WITH free AS (
        SELECT g.id FROM gate_runs g
        WHERE g.id = ANY(${ids}::uuid[]) AND (${isDue} OR g.status = 'RUNNING' AND g.lease_until < now())
        FOR NO KEY UPDATE SKIP LOCKED
      ), claimed AS (
        UPDATE gate_runs g SET status = 'RUNNING', attempt = attempt + 1, started_at = now(), lease_until = ${lease}, retry_at = NULL, progress = NULL
        FROM free WHERE g.id = free.id RETURNING g.*
      ), logged AS (
        INSERT INTO gate_logs (gate_run_id, line, stream, text)
        SELECT c.id, ${nextLine(raw('c.id'))}, 'log', format('attempt %s of %s', c.attempt, c.max_attempts)
        FROM claimed c WHERE c.attempt <= c.max_attempts ON CONFLICT DO NOTHING
      )
      SELECT ${columns} FROM claimed g`);
  }

  /** @returns false when the claim was lost: the run was cancelled, somebody else has claimed it, or it waits for a report */
  async renew({ id, attempt }: Claim): Promise<boolean> {
    const renewed = await this.db.execute(sql`
      UPDATE gate_runs SET lease_until = ${lease}
      WHERE id = ${id}::uuid AND attempt = ${attempt}::int4 AND status = 'RUNNING' AND lease_until IS NOT NULL`);
    return renewed > 0;
  }

  /**
   * Writes judgements down, and as the last lines of their logs. It waits for nobody: who holds several rows must not. An
   * evaluator whose time is over may still be writing its own line; the summary of the run stands then without its line.
   * @returns those that were written. Of the others the claim was lost, or somebody has locked the row
   */
  finish(judged: readonly (Claim & Judgement)[]): Promise<FinishedRun[]> {
    return this.db.query<FinishedRun>(sql`
      WITH held AS (
        SELECT j.* FROM gate_runs g JOIN jsonb_to_recordset(${JSON.stringify(judged)}::jsonb)
          AS j(id uuid, attempt int4, status text, summary text, output jsonb, inputs jsonb) ON j.id = g.id AND j.attempt = g.attempt
        WHERE g.status = 'RUNNING' FOR NO KEY UPDATE OF g SKIP LOCKED
      ), finished AS (
        UPDATE gate_runs g SET status = held.status, summary = held.summary, output = held.output, inputs = held.inputs,
          finished_at = now(), lease_until = NULL
        FROM held WHERE g.id = held.id RETURNING g.*
      ), logged AS (
        INSERT INTO gate_logs (gate_run_id, line, stream, text)
        SELECT f.id, ${nextLine(raw('f.id'))}, CASE f.status WHEN 'ERRORED' THEN 'error' ELSE 'log' END, f.status || ': ' || f.summary
        FROM finished f ON CONFLICT DO NOTHING
      )
      SELECT f.id, f.attempt, s.full_name || '/' || v.number AS "versionName", CASE WHEN s.id IS NOT NULL THEN
        json_build_object('id', s.id, 'catalogId', s.catalog_id, 'schemaId', s.schema_id) END AS model
      FROM finished f LEFT JOIN model_versions v ON v.id = f.version_id LEFT JOIN securables s ON s.id = v.model_id`);
  }

  /** @returns false when it has not failed */
  async waive(id: string, summary: string): Promise<boolean> {
    const waived = await this.db.execute(sql`
      UPDATE gate_runs SET status = 'WAIVED', summary = ${summary} WHERE id = ${id}::uuid AND status IN ('FAILED', 'ERRORED')`);
    return waived > 0;
  }

  /** Puts a claimed run back, to be tried again after a pause. */
  async putBack({ id, attempt }: Claim): Promise<void> {
    await this.db.execute(sql`
      UPDATE gate_runs SET status = 'QUEUED', lease_until = NULL,
        retry_at = now() + ${retryDelaySeconds(attempt)}::int4 * interval '1 second'
      WHERE id = ${id}::uuid AND attempt = ${attempt}::int4 AND status = 'RUNNING'`);
  }

  /** Puts back what a worker that is stopped holds; a stop is not counted as an attempt. */
  async release(claims: readonly Claim[]): Promise<void> {
    await this.db.execute(sql`
      UPDATE gate_runs g SET status = 'QUEUED', attempt = g.attempt - 1, lease_until = NULL
      FROM unnest(${claims.map(({ id }) => id)}::uuid[], ${claims.map(({ attempt }) => attempt)}::int4[]) AS held(id, attempt)
      WHERE g.id = held.id AND g.attempt = held.attempt AND g.status = 'RUNNING' AND g.lease_until IS NOT NULL`);
  }

  async cancelOf(requestId: string, summary: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE gate_runs SET status = 'CANCELLED', summary = ${summary}, finished_at = now(), lease_until = NULL
      WHERE request_id = ${requestId}::uuid AND status IN ('QUEUED', 'RUNNING')`);
  }

  /**
   * Adds a line, and says how far the run is. The worker and a validator may write at the same time: who finds his number
   * taken takes the next one.
   */
  async log(gateRunId: string, stream: 'log' | 'error', text: string, percent?: number): Promise<void> {
    const written = await this.db.execute(sql`
      INSERT INTO gate_logs (gate_run_id, line, stream, text)
      VALUES (${gateRunId}::uuid, ${nextLine(sql`${gateRunId}::uuid`)}, ${stream}, ${text})
      ON CONFLICT DO NOTHING`);
    if (written === 0) await this.log(gateRunId, stream, text, percent);
    else if (percent !== undefined) {
      await this.db.execute(sql`
        UPDATE gate_runs SET progress = ${percent}::int4 WHERE id = ${gateRunId}::uuid AND finished_at IS NULL`);
    }
  }

  /** Runs that nobody works on and no message is under way for: the queue lost them, their worker died, or they are to be tried again. */
  stranded(): Promise<QueuedRun[]> {
    return this.db.query<QueuedRun>(sql`
      SELECT g.id AS "gateRunId", g.type, r.kind = 'ROLLBACK' AS urgent
      FROM gate_runs g JOIN promotion_requests r ON r.id = g.request_id
      WHERE (${isDue} OR g.status = 'RUNNING' AND g.lease_until < now()) AND NOT EXISTS (
        SELECT 1 FROM outbox o
        WHERE o.handled_at IS NULL AND o.event = ${gateRunQueued.name} AND o.payload ->> 'gateRunId' = g.id::text)
      ORDER BY g.id LIMIT 500`);
  }
}
