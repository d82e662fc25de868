import { hashToken } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { GateRun } from '../gate-run.js';
import type { AskedRequest } from './validator-question.js';

/** One call of a validator for a gate run. */
export interface ValidatorCall {
  id: string;
  gateRunId: string;
  /** The name of the validator. */
  validator: string;
  questionDigest: string;
  reportUntil: Date;
}

type Claim = Pick<GateRun, 'id' | 'attempt'>;

const columns = raw(`c.id, c.gate_run_id AS "gateRunId", c.validator, c.question_digest AS "questionDigest",
  c.report_until AS "reportUntil"`);

@Injectable()
export class ValidatorCallRepository {
  constructor(private readonly db: Database) {}

  /** @returns undefined when the request is gone, or its model is */
  askedRequest(requestId: string): Promise<AskedRequest | undefined> {
    return this.db.first<AskedRequest>(sql`
      SELECT r.number, s.full_name AS model, jsonb_build_object('kind', r.target_kind, 'name', r.target_name) AS target
      FROM promotion_requests r JOIN securables s ON s.id = r.model_id WHERE r.id = ${requestId}::uuid`);
  }

  /**
   * Writes down a call that is about to be made, so that it can be reported from its first moment on.
   * @returns undefined when the claim was lost: nothing was written
   */
  insert(
    { id, attempt, timeoutSeconds }: Claim & Pick<GateRun, 'timeoutSeconds'>,
    { token, ...call }: { token: string; validator: string; questionDigest: string },
  ): Promise<ValidatorCall | undefined> {
    return this.db.first<ValidatorCall>(sql`
      INSERT INTO validator_calls AS c (id, gate_run_id, validator, question_digest, token_hash, report_until)
      SELECT ${uuidv7()}::uuid, g.id, ${call.validator}, ${call.questionDigest}, ${hashToken(token)},
        now() + ${timeoutSeconds}::int4 * interval '1 second'
      FROM gate_runs g WHERE g.id = ${id}::uuid AND g.attempt = ${attempt}::int4 AND g.status = 'RUNNING'
      RETURNING ${columns}`);
  }

  /** @param gateRunId as a caller wrote it: anything */
  byToken(gateRunId: string, token: string): Promise<ValidatorCall | undefined> {
    return this.db.first<ValidatorCall>(sql`
      SELECT ${columns} FROM validator_calls c
      WHERE c.token_hash = ${hashToken(token)} AND c.gate_run_id::text = ${gateRunId.toLowerCase()}`);
  }

  /** The last call for a run, and whether it may still be reported. Each call gives its run the same time again. */
  latest(gateRunId: string): Promise<(ValidatorCall & { isOpen: boolean }) | undefined> {
    return this.db.first(sql`
      SELECT ${columns}, c.report_until > now() AS "isOpen" FROM validator_calls c
      WHERE c.gate_run_id = ${gateRunId}::uuid ORDER BY c.sent_at DESC, c.id DESC LIMIT 1`);
  }

  /** Lets a run wait for its report: without a lease no worker holds it, and none takes it over. */
  async awaitReport({ id, attempt }: Claim): Promise<void> {
    await this.db.execute(sql`
      UPDATE gate_runs SET lease_until = NULL WHERE id = ${id}::uuid AND attempt = ${attempt}::int4 AND status = 'RUNNING'`);
  }

  /** Takes a run out of the hands of workers, and of the queue, in the transaction that ends it. */
  async takeOver({ id }: Pick<GateRun, 'id'>): Promise<void> {
    await this.db.execute(
      sql`UPDATE gate_runs SET status = 'RUNNING', lease_until = NULL, retry_at = NULL WHERE id = ${id}::uuid`,
    );
  }

  /** Runs that wait for a report that has not come in time. */
  async overdue(): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(sql`
      SELECT g.id FROM gate_runs g WHERE g.status = 'RUNNING' AND g.lease_until IS NULL AND NOT EXISTS (
        SELECT 1 FROM validator_calls c WHERE c.gate_run_id = g.id AND c.report_until > now())
      ORDER BY g.id LIMIT 500`);
    return rows.map(({ id }) => id);
  }

  async countLogLines(gateRunId: string): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM gate_logs WHERE gate_run_id = ${gateRunId}::uuid`,
    );
    return row?.count ?? 0;
  }
}
