import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import type { WebhookFormat } from './event-type.js';
import { webhookDue } from './webhook.events.js';
import type { DeliveryStatus, WebhookAttempt } from './webhook-delivery.js';

/** Longer than a batch can take: whoever does not come back by then has died. */
const leaseSeconds = 60;
/** Without an attempt for so long, a receiver has not been failing all the time. */
const failingGap = sql`interval '1 day'`;
/** What was never tried, because its receiver was left alone all the time, is given up a little later. */
const untriedGrace = sql`interval '1 hour'`;

/** A delivery that is to be made now, with all that it takes. */
export interface ClaimedDelivery {
  id: string;
  eventId: string;
  eventType: string;
  attempts: number;
  tries: number;
  webhookId: string;
  webhookName: string;
  securableId: string;
  ownerId: string;
  url: string;
  format: WebhookFormat;
  /** Sealed: what signs, the newest first. */
  secrets: string[];
}

/** How an attempt ended. */
export interface Ending {
  /** PENDING: it is tried again. */
  status: DeliveryStatus;
  /** Of PENDING: after that. Past the time of the delivery, it is given up. */
  pauseMs: number;
  line: Pick<WebhookAttempt, 'startedAt' | 'durationMs' | 'statusCode' | 'response' | 'error'>;
}

/** A ClaimedDelivery, of the rows `d` and `w`. */
const claimedColumns = raw(`d.id, d.event_id AS "eventId", d.event_type AS "eventType", d.attempts, d.tries,
  w.id AS "webhookId", w.name AS "webhookName", w.securable_id AS "securableId", w.owner_id AS "ownerId", w.url, w.format,
  array_remove(ARRAY[w.secret, CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END], NULL) AS secrets`);

/** Is there anything to send for the row `w` of webhooks, and nobody at it? */
const isDue: Sql = sql`w.status = 'ACTIVE' AND (w.paused_until IS NULL OR w.paused_until <= now())
  AND (w.lease_until IS NULL OR w.lease_until < now())
  AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.status = 'PENDING' AND d.due_at <= now())`;

/** What waits to be sent. One run of a worker at a time delivers for a webhook: it holds the lease of its row. */
@Injectable()
export class WebhookQueueRepository {
  constructor(private readonly db: Database) {}

  /** Takes or renews the lease, and answers with what is due; nothing when another one has the lease. */
  claim(webhookId: string, holder: string, most: number): Promise<ClaimedDelivery[]> {
    return this.db.query<ClaimedDelivery>(sql`
      WITH held AS (
        UPDATE webhooks w SET lease_holder = ${holder}::uuid, lease_until = now() + ${leaseSeconds}::int4 * interval '1 second'
        WHERE w.id = ${webhookId}::uuid AND w.status = 'ACTIVE' AND (w.paused_until IS NULL OR w.paused_until <= now())
          AND (w.lease_holder = ${holder}::uuid OR w.lease_until IS NULL OR w.lease_until < now())
        RETURNING w.*)
      SELECT ${claimedColumns} FROM held w JOIN webhook_deliveries d ON d.webhook_id = w.id
      WHERE d.status = 'PENDING' AND d.due_at <= now() ORDER BY d.due_at, d.id LIMIT ${most}`);
  }

  /** A delivery that the caller makes himself, whoever has the lease. */
  byId(deliveryId: string): Promise<ClaimedDelivery | undefined> {
    return this.db.first<ClaimedDelivery>(sql`
      SELECT ${claimedColumns} FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
      WHERE d.id = ${deliveryId}::uuid`);
  }

  async release(webhookId: string, holder: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE webhooks SET lease_holder = NULL, lease_until = NULL
      WHERE id = ${webhookId}::uuid AND lease_holder = ${holder}::uuid`);
  }

  /** Whether somebody should come: also for what became due while the lease was held. */
  async isDue(webhookId: string): Promise<boolean> {
    return (
      (await this.db.first(sql`SELECT 1 FROM webhooks w WHERE w.id = ${webhookId}::uuid AND ${isDue}`)) !== undefined
    );
  }

  /** The webhooks with something to send, and no message under way that would say so. */
  async stranded(): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(sql`
      SELECT w.id FROM webhooks w WHERE ${isDue} AND NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.handled_at IS NULL AND o.event = ${webhookDue.name}
          AND o.payload ->> 'webhookId' = w.id::text)
      ORDER BY w.id LIMIT 500`);
    return rows.map(({ id }) => id);
  }

  /** Call in a transaction. @returns false when somebody else has recorded an attempt meanwhile: nothing was written */
  async record({ id, attempts }: ClaimedDelivery, { status, pauseMs, line }: Ending): Promise<boolean> {
    const later = sql`now() + ${pauseMs}::float8 * interval '1 millisecond'`;
    const isOver = sql`${status} <> 'PENDING' OR ${later} > give_up_at`;
    const written = await this.db.execute(sql`
      UPDATE webhook_deliveries SET attempts = attempts + 1, tries = tries + 1, due_at = ${later},
        status = CASE WHEN ${status} = 'PENDING' AND ${later} > give_up_at THEN 'GIVEN_UP' ELSE ${status} END,
        ended_at = CASE WHEN ${isOver} THEN now() END
      WHERE id = ${id}::uuid AND status = 'PENDING' AND attempts = ${attempts}`);
    if (written === 0) return false;
    const { startedAt, durationMs, statusCode, response, error } = line;
    await this.db.execute(sql`
      INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, status_code, response, error)
      VALUES (${id}::uuid, ${attempts + 1}, ${startedAt}, ${durationMs}, ${statusCode}, ${response}, ${error})`);
    return true;
  }

  /** The receiver is well. */
  async succeeded(webhookId: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE webhooks SET failing_since = NULL, paused_until = NULL
      WHERE id = ${webhookId}::uuid AND (failing_since IS NOT NULL OR paused_until IS NOT NULL)`);
  }

  /** The receiver fails. @returns for how long it has, in milliseconds; undefined when it has another URL by now */
  async failed({ webhookId, url }: ClaimedDelivery): Promise<number | undefined> {
    const row = await this.db.first<{ ms: number }>(sql`
      UPDATE webhooks SET failing_since = CASE
        WHEN failing_since IS NULL OR paused_until < now() - ${failingGap} THEN now() ELSE failing_since END
      WHERE id = ${webhookId}::uuid AND url = ${url}
      RETURNING (extract(epoch FROM now() - failing_since) * 1000)::float8 AS ms`);
    return row && Math.max(row.ms, 0);
  }

  /** Nothing is sent to it for so long. */
  async pause({ webhookId, url }: ClaimedDelivery, ms: number): Promise<void> {
    await this.db.execute(sql`
      UPDATE webhooks SET paused_until = now() + ${ms}::float8 * interval '1 millisecond'
      WHERE id = ${webhookId}::uuid AND url = ${url}`);
  }

  /**
   * Gives up what has waited beyond its time: was tried, or could not be because its webhook is disabled or its receiver
   * fails. What waited because no worker ran is tried all the same.
   */
  async giveUpOverdue(): Promise<number> {
    return this.db.execute(sql`
      UPDATE webhook_deliveries d SET status = 'GIVEN_UP', ended_at = now() FROM webhooks w
      WHERE w.id = d.webhook_id AND d.status = 'PENDING' AND (w.lease_until IS NULL OR w.lease_until < now())
        AND ((d.tries > 0 AND d.give_up_at < now())
          OR ((w.status = 'DISABLED' OR w.failing_since IS NOT NULL) AND d.give_up_at < now() - ${untriedGrace}))`);
  }
}
