import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { validate as isUuid, v7 as uuidv7 } from 'uuid';
import type { WebhookFormat } from './event-type.js';
import { type Webhook, type WebhookSettings, webhookNameKey } from './webhook.js';

/** A Webhook, of the row `w`. Its secrets are not in it. */
export const webhookColumns =
  raw(`w.id, w.securable_id AS "securableId", w.name, w.url, w.format, w.event_types AS "eventTypes",
  w.description, w.owner_id AS "ownerId", w.status, w.disabled_reason AS "disabledReason", w.disabled_at AS "disabledAt",
  CASE WHEN w.previous_secret_until > now() THEN w.previous_secret_until END AS "previousSecretUntil",
  w.failing_since AS "failingSince", w.created_at AS "createdAt", w.created_by AS "createdBy", w.updated_at AS "updatedAt"`);

export interface NewWebhook extends WebhookSettings {
  securableId: string;
  ownerId: string;
  format: WebhookFormat;
  /** null: it is active. */
  disabledReason: string | null;
  /** Sealed; null: nothing is signed, which the format must allow. */
  sealedSecret(id: string): string | null;
}

export interface WebhookChanges extends WebhookSettings {
  ownerId: string;
  /** null: it is active. */
  disabledReason: string | null;
}

@Injectable()
export class WebhookRepository {
  constructor(private readonly db: Database) {}

  /** @returns undefined when the name is taken there */
  insert(webhook: NewWebhook): Promise<Webhook | undefined> {
    const { securableId, ownerId, name, url, format, eventTypes, description, disabledReason, sealedSecret } = webhook;
    const id = uuidv7();
    const isDisabled = disabledReason !== null;
    return this.db.first<Webhook>(sql`
      INSERT INTO webhooks AS w (id, securable_id, name, name_key, url, format, event_types, description, owner_id, created_by,
        status, disabled_reason, disabled_at, secret)
      VALUES (${id}::uuid, ${securableId}::uuid, ${name}, ${webhookNameKey(name)}, ${url}, ${format},
        ${[...eventTypes]}::text[], ${description}, ${ownerId}::uuid, ${ownerId}::uuid,
        ${isDisabled ? 'DISABLED' : 'ACTIVE'}, ${disabledReason}, CASE WHEN ${isDisabled} THEN now() END, ${sealedSecret(id)})
      ON CONFLICT (securable_id, name_key) DO NOTHING RETURNING ${webhookColumns}`);
  }

  async byId(id: string): Promise<Webhook | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db.first<Webhook>(sql`SELECT ${webhookColumns} FROM webhooks w WHERE w.id = ${id}::uuid`);
  }

  /** Locks the row until the transaction ends. */
  lock(id: string): Promise<Webhook | undefined> {
    return this.db.first<Webhook>(
      sql`SELECT ${webhookColumns} FROM webhooks w WHERE w.id = ${id}::uuid FOR NO KEY UPDATE`,
    );
  }

  async countOn(securableId: string): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM webhooks WHERE securable_id = ${securableId}::uuid`,
    );
    return row?.count ?? 0;
  }

  /** Is there another one of the name on the same securable? */
  async isNameTaken({ id, securableId }: Webhook, name: string): Promise<boolean> {
    const taken = await this.db.first(sql`SELECT 1 FROM webhooks
      WHERE securable_id = ${securableId}::uuid AND name_key = ${webhookNameKey(name)} AND id <> ${id}::uuid`);
    return taken !== undefined;
  }

  /** With the row locked. What is known of a failing receiver is forgotten: it may be another one now. */
  async update(id: string, { name, url, eventTypes, description, ownerId, disabledReason }: WebhookChanges) {
    const isDisabled = disabledReason !== null;
    return (await this.db.first<Webhook>(sql`
      UPDATE webhooks w SET name = ${name}, name_key = ${webhookNameKey(name)}, url = ${url},
        event_types = ${[...eventTypes]}::text[], description = ${description}, owner_id = ${ownerId}::uuid,
        status = ${isDisabled ? 'DISABLED' : 'ACTIVE'}, disabled_reason = ${disabledReason},
        disabled_at = CASE WHEN ${isDisabled} THEN COALESCE(w.disabled_at, now()) END,
        failing_since = NULL, paused_until = NULL, updated_at = now()
      WHERE w.id = ${id}::uuid RETURNING ${webhookColumns}`)) as Webhook;
  }

  /**
   * What the service does by itself.
   * @param url the one that it was decided for
   * @returns undefined when it is disabled already, or has another URL by now: then nothing changed
   */
  disable({ id, url }: Pick<Webhook, 'id' | 'url'>, reason: string): Promise<Webhook | undefined> {
    return this.db.first<Webhook>(sql`
      UPDATE webhooks w SET status = 'DISABLED', disabled_reason = ${reason}, disabled_at = now(), updated_at = now()
      WHERE w.id = ${id}::uuid AND w.status = 'ACTIVE' AND w.url = ${url} RETURNING ${webhookColumns}`);
  }

  /** @param graceHours for how long the secret of now signs on; 0: no more from now on */
  async rotate(id: string, sealed: string, graceHours: number): Promise<Webhook | undefined> {
    return this.db.first<Webhook>(sql`
      UPDATE webhooks w SET secret = ${sealed}, updated_at = now(),
        previous_secret = CASE WHEN ${graceHours}::int4 > 0 THEN w.secret END,
        previous_secret_until = CASE WHEN ${graceHours}::int4 > 0 THEN now() + ${graceHours}::int4 * interval '1 hour' END
      WHERE w.id = ${id}::uuid RETURNING ${webhookColumns}`);
  }

  /** @returns false when it is gone. What waits for it is forgotten by the reconciler, its log in its time */
  async delete(id: string): Promise<boolean> {
    return (await this.db.execute(sql`DELETE FROM webhooks WHERE id = ${id}::uuid`)) > 0;
  }
}
