import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { JobData } from './job.js';

const batchSize = 100;
/** After this time a shipped message that nobody has handled is shipped again; its job, if it is still there, stays the only one. */
const lostAfterSeconds = 10;
/** What was shipped more often is poison, or meets an outage: after twice as long each time, and an hour at most. */
const quickShipments = 5;
const rarestSeconds = 3600;
const keptForDays = 7;

interface OutboxLag {
  unhandled: number;
  stuck: number;
  oldestSeconds: number;
}

/** The sending side of the outbox (libs/platform/src/outbox). */
@Injectable()
export class OutboxRepository {
  constructor(private readonly db: Database) {}

  /** Takes the next messages to ship. Two relays never take the same one. */
  async take(): Promise<JobData[]> {
    const taken = await this.db.query<JobData>(sql`
      UPDATE outbox SET shipped_at = now(), shipments = shipments + 1 WHERE id IN (
        SELECT id FROM outbox WHERE handled_at IS NULL AND shipped_at IS NULL ORDER BY id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
      RETURNING id AS "messageId", event, payload, request_id AS "requestId"`);
    return taken.sort((a, b) => a.messageId - b.messageId);
  }

  /** Puts back what could not be shipped. */
  async putBack(messageIds: readonly number[]): Promise<void> {
    await this.db.execute(
      sql`UPDATE outbox SET shipped_at = NULL, shipments = shipments - 1 WHERE id = ANY(${messageIds}::int8[])`,
    );
  }

  async handled(messageIds: readonly number[]): Promise<void> {
    await this.db.execute(sql`UPDATE outbox SET handled_at = now() WHERE id = ANY(${messageIds}::int8[])`);
  }

  /** Whatever the queue has lost, or given up on, is shipped once more. A message that no handler manages is never dropped, but holds nobody up. */
  async reshipLost(): Promise<number> {
    return this.db.execute(sql`
      UPDATE outbox SET shipped_at = NULL
      WHERE handled_at IS NULL AND shipped_at < now() - least(
        ${lostAfterSeconds}::int4 * 2.0 ^ least(greatest(shipments - ${quickShipments}::int4, 0), 20), ${rarestSeconds}::int4) * interval '1 second'`);
  }

  /** Forgets what was handled long ago. */
  async purge(): Promise<number> {
    return this.db.execute(sql`DELETE FROM outbox WHERE handled_at < now() - ${keptForDays}::int4 * interval '1 day'`);
  }

  /** How many messages wait to be handled, how many of them were shipped in vain many times, and for how long the oldest has waited to be shipped. */
  async lag(): Promise<OutboxLag> {
    const row = await this.db.first<OutboxLag>(sql`
      SELECT count(*) AS unhandled, count(*) FILTER (WHERE shipments > ${quickShipments}::int4) AS stuck,
        COALESCE(extract(epoch FROM now() - min(created_at) FILTER (WHERE shipped_at IS NULL)), 0)::float8 AS "oldestSeconds"
      FROM outbox WHERE handled_at IS NULL`);
    return row ?? { unhandled: 0, stuck: 0, oldestSeconds: 0 };
  }
}
