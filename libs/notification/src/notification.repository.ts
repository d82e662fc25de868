import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { notificationDue } from './notification.events.js';
import type { Channel, Notification, NotificationKind } from './notification.js';

/** A Notification from the rows `n` of notifications and `r` of promotion_requests. */
export const notificationColumns =
  raw(`n.id, n.kind, n.request_id AS "requestId", r.number AS "requestNumber", n.occasion,
  n.channel, n.principal_id AS "principalId", n.state, n.detail, n.attempts, n.created_at AS "createdAt", n.closed_at AS "closedAt"`);

/** After so long it is not tried again. */
const givenUpAfterHours = 24;
/** The pause after the first attempt, doubled after each further one, and up to twice as long by chance. */
const firstPauseSeconds = 60;
const longestPauseSeconds = 3600;
const keptForDays = 90;

/** Somebody to be told, and how. */
export interface Recipient {
  channel: Channel;
  principalId: string | null;
}

@Injectable()
export class NotificationRepository {
  constructor(private readonly db: Database) {}

  /** Those of the users who have an address, and have not switched the kind off. */
  async reachable(principalIds: readonly string[], kind: NotificationKind): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(sql`
      SELECT e.principal_id AS id FROM email_addresses e WHERE e.principal_id = ANY(${principalIds}::uuid[])
        AND NOT EXISTS (SELECT 1 FROM muted_notifications m WHERE m.principal_id = e.principal_id AND m.kind = ${kind})`);
    return rows.map(({ id }) => id);
  }

  /** @returns the ids of those that are new: who was told of the same before is not told again */
  async insert(
    { kind, requestId, occasion }: Pick<Notification, 'kind' | 'requestId' | 'occasion'>,
    recipients: readonly Recipient[],
  ): Promise<string[]> {
    const rows = recipients.map(({ channel, principalId }) => ({
      id: uuidv7(),
      channel,
      principal_id: principalId,
      recipient: principalId ?? channel,
    }));
    // Due a moment ago: the column rounds, and now() could be written as a time to come.
    const inserted = await this.db.query<{ id: string }>(sql`
      INSERT INTO notifications (id, kind, request_id, occasion, channel, principal_id, recipient, next_attempt_at)
      SELECT x.id, ${kind}, ${requestId}::uuid, ${occasion}, x.channel, x.principal_id, x.recipient, now() - interval '1 second'
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS x(id uuid, channel text, principal_id uuid, recipient text)
      ON CONFLICT (request_id, kind, occasion, recipient) DO NOTHING RETURNING id`);
    return inserted.map(({ id }) => id);
  }

  /**
   * Takes a notification for one attempt, and says when the next one would be: whoever dies in between has it tried again,
   * and of two who come at once one has it.
   * @returns undefined when it is closed, not due, or somebody else's now
   */
  take(id: string): Promise<(Notification & { isLast: boolean }) | undefined> {
    return this.db.first(sql`
      UPDATE notifications n SET attempts = n.attempts + 1, next_attempt_at = now() + interval '1 second' * (1 + random())
        * least(${longestPauseSeconds}::float8, ${firstPauseSeconds}::float8 * power(2, least(n.attempts, 20)))
      FROM promotion_requests r
      WHERE n.id = ${id}::uuid AND r.id = n.request_id AND n.state = 'PENDING' AND n.next_attempt_at <= now()
      RETURNING ${notificationColumns}, n.created_at <= now() - ${givenUpAfterHours}::int4 * interval '1 hour' AS "isLast"`);
  }

  /** What the attempt came to; PENDING: it is tried again. */
  async note(id: string, state: Notification['state'], detail: string | null): Promise<void> {
    await this.db.execute(sql`
      UPDATE notifications SET state = ${state}, detail = ${detail}, closed_at = CASE WHEN ${state} <> 'PENDING' THEN now() END
      WHERE id = ${id}::uuid AND state = 'PENDING'`);
  }

  /** Those whose next attempt has come, and that no message is on its way for. */
  async due(limit = 200): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(sql`
      SELECT n.id FROM notifications n
      WHERE n.state = 'PENDING' AND n.next_attempt_at <= now() AND NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.handled_at IS NULL AND o.event = ${notificationDue.name}
          AND o.payload ->> 'notificationId' = n.id::text)
      ORDER BY n.next_attempt_at LIMIT ${limit}`);
    return rows.map(({ id }) => id);
  }

  /** Forgets what was closed long ago. */
  async purge(): Promise<number> {
    return this.db.execute(
      sql`DELETE FROM notifications WHERE closed_at < now() - ${keptForDays}::int4 * interval '1 day'`,
    );
  }
}
