import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { validate as isUuid } from 'uuid';
import type { WebhookDelivery } from './webhook-delivery.js';

export const deliveryColumns = raw(`d.id, d.webhook_id AS "webhookId", d.event_id AS "eventId",
  d.event_type AS "eventType", d.status, d.attempts, d.created_at AS "createdAt", d.due_at AS "dueAt", d.ended_at AS "endedAt"`);

/** How long it is tried. The trigger on audit_events says the same. */
const givenUpAfterHours = 24;
const keptForDays = 30;
/** Rows that one round forgets. */
const purgedAtOnce = 5000;

const dueAgain = raw(`status = 'PENDING', tries = 0, due_at = now(), ended_at = NULL,
  give_up_at = now() + ${givenUpAfterHours} * interval '1 hour'`);

/** Deliveries for those who look after them. What the worker does with them stands in webhook-queue.repository.ts. */
@Injectable()
export class WebhookDeliveryRepository {
  constructor(private readonly db: Database) {}

  async byId(id: string): Promise<WebhookDelivery | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db.first<WebhookDelivery>(
      sql`SELECT ${deliveryColumns} FROM webhook_deliveries d WHERE d.id = ${id}::uuid`,
    );
  }

  /**
   * A delivery of an event that no trigger has made one of: a test.
   * @param afterSeconds the worker leaves it for so long to whoever makes it
   */
  async insert(webhookId: string, eventType: string, eventId: string, afterSeconds = 0): Promise<WebhookDelivery> {
    return (await this.db.first<WebhookDelivery>(sql`
      INSERT INTO webhook_deliveries AS d (webhook_id, event_id, event_type, give_up_at, due_at)
      VALUES (${webhookId}::uuid, ${eventId}::uuid, ${eventType}, now(), now() + ${afterSeconds}::int4 * interval '1 second')
      RETURNING ${deliveryColumns}`)) as WebhookDelivery;
  }

  /** It is due now, under the same id, and as patient as a new one. @returns undefined when it is gone */
  replay(id: string): Promise<WebhookDelivery | undefined> {
    return this.db.first<WebhookDelivery>(
      sql`UPDATE webhook_deliveries d SET ${dueAgain} WHERE d.id = ${id}::uuid RETURNING ${deliveryColumns}`,
    );
  }

  /** The same for those that ended without success, of events since then, the oldest first. @returns how many */
  replayFailed(webhookId: string, since: Date, most: number): Promise<number> {
    return this.db.execute(sql`
      UPDATE webhook_deliveries SET ${dueAgain} WHERE id IN (
        SELECT id FROM webhook_deliveries
        WHERE webhook_id = ${webhookId}::uuid AND status IN ('GIVEN_UP', 'WITHHELD') AND created_at >= ${since}::timestamptz
        ORDER BY created_at, id LIMIT ${most} FOR UPDATE)`);
  }

  /** A receiver that was left alone is tried at once. */
  async wake(webhookId: string): Promise<void> {
    await this.db.execute(
      sql`UPDATE webhooks SET paused_until = now() WHERE id = ${webhookId}::uuid AND paused_until > now()`,
    );
  }

  /** Forgets what ended long ago, and what waits for a webhook that is gone. */
  async purge(): Promise<void> {
    await this.db.execute(sql`
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE ended_at < now() - ${keptForDays}::int4 * interval '1 day' LIMIT ${purgedAtOnce})`);
    await this.db.execute(sql`
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT d.id FROM webhook_deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id
        WHERE d.status = 'PENDING' AND w.id IS NULL LIMIT ${purgedAtOnce})`);
  }
}
