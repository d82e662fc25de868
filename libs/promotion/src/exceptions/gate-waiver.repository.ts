import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { GateWaiver } from './gate-waiver.js';

const columns =
  raw(`w.id, w.gate_run_id AS "gateRunId", w.request_id AS "requestId", w.reason, w.proposed_by AS "proposedBy",
  w.proposed_at AS "proposedAt", w.state, w.decided_by AS "decidedBy", w.decided_at AS "decidedAt", w.comment`);

@Injectable()
export class GateWaiverRepository {
  constructor(private readonly db: Database) {}

  byId(id: string): Promise<GateWaiver | undefined> {
    return this.db.first<GateWaiver>(sql`SELECT ${columns} FROM gate_waivers w WHERE w.id = ${id}::uuid`);
  }

  /** In the order in which they were proposed. */
  ofGateRuns(gateRunIds: readonly string[]): Promise<GateWaiver[]> {
    return this.db.query<GateWaiver>(sql`
      SELECT ${columns} FROM gate_waivers w WHERE w.gate_run_id = ANY(${gateRunIds}::uuid[])
      ORDER BY w.gate_run_id, w.proposed_at, w.id`);
  }

  /** @returns undefined when a proposal for this gate stands already: nothing was written */
  insert({
    gateRunId,
    requestId,
    reason,
    proposedBy,
  }: Pick<GateWaiver, 'gateRunId' | 'requestId' | 'reason' | 'proposedBy'>): Promise<GateWaiver | undefined> {
    return this.db.first<GateWaiver>(sql`
      INSERT INTO gate_waivers AS w (id, gate_run_id, request_id, reason, proposed_by, proposed_at)
      VALUES (${uuidv7()}::uuid, ${gateRunId}::uuid, ${requestId}::uuid, ${reason}, ${proposedBy}::uuid, clock_timestamp())
      ON CONFLICT (gate_run_id) WHERE state = 'PROPOSED' DO NOTHING RETURNING ${columns}`);
  }

  /** @returns undefined when it was decided already */
  decide(
    id: string,
    { state, decidedBy, comment }: Pick<GateWaiver, 'state' | 'comment'> & { decidedBy: string },
  ): Promise<GateWaiver | undefined> {
    return this.db.first<GateWaiver>(sql`
      UPDATE gate_waivers w SET state = ${state}, decided_by = ${decidedBy}::uuid, decided_at = clock_timestamp(), comment = ${comment}
      WHERE w.id = ${id}::uuid AND w.state = 'PROPOSED' RETURNING ${columns}`);
  }

  /** The name of who proposed it, for the record of the gate run. */
  async proposerOf({ proposedBy }: Pick<GateWaiver, 'proposedBy'>): Promise<string> {
    const row = await this.db.first<{ name: string }>(sql`SELECT name FROM principals WHERE id = ${proposedBy}::uuid`);
    return row?.name ?? 'somebody who is gone';
  }
}
