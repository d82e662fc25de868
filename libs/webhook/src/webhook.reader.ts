import { Access, type Securable } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { ManagedWebhooks } from './managed-webhooks.js';
import type { Webhook } from './webhook.js';
import { webhookColumns } from './webhook.repository.js';
import type { DeliveryStatus, WebhookAttempt, WebhookDelivery } from './webhook-delivery.js';
import { deliveryColumns } from './webhook-delivery.repository.js';

export interface DeliveryFilter {
  status?: DeliveryStatus | null;
}

/** Of each delivery, the newest lines of its log. */
const linesShown = 50;

/** Webhooks and their deliveries for people: for holders of MANAGE on what a webhook hangs on. */
@Injectable()
export class WebhookReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly managed: ManagedWebhooks,
  ) {}

  /** The webhooks on a securable that the caller sees, by name; null when he may not manage it: to ask is no attempt to. */
  async on(securable: Securable, args: PageArgs): Promise<Page<Webhook> | null> {
    if (!(await this.access.allowed('MANAGE', securable))) return null;
    return keysetPage<Webhook, Webhook>(this.db, {
      select: webhookColumns,
      from: sql`webhooks w`,
      where: sql`w.securable_id = ${securable.id}::uuid`,
      orderName: 'NAME ASC',
      order: [
        { expression: sql`w.name_key`, type: 'text', direction: 'ASC' },
        { expression: sql`w.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (webhook) => webhook,
    });
  }

  /** The webhooks of MLflow's format on the metastore, which are those that its clients know, the oldest first. @throws PermissionDenied */
  async ofMlflow(args: PageArgs): Promise<Page<Webhook>> {
    const { object } = await this.managed.place({ kind: 'METASTORE', fullName: 'metastore' });
    return keysetPage<Webhook, Webhook>(this.db, {
      select: webhookColumns,
      from: sql`webhooks w`,
      where: sql`w.securable_id = ${object.id}::uuid AND w.format = 'MLFLOW'`,
      orderName: 'ID ASC',
      order: [{ expression: sql`w.id`, type: 'uuid', direction: 'ASC' }],
      args,
      toNode: (webhook) => webhook,
    });
  }

  async countOn(securable: Securable): Promise<number> {
    if (!(await this.access.allowed('MANAGE', securable))) return 0;
    return this.count(sql`webhooks w WHERE w.securable_id = ${securable.id}::uuid`);
  }

  /** The deliveries of a webhook, the newest first. @throws NotFound, PermissionDenied */
  async deliveries(webhookId: string, filter: DeliveryFilter, args: PageArgs): Promise<Page<WebhookDelivery>> {
    const { webhook } = await this.managed.byId(webhookId);
    return keysetPage<WebhookDelivery, WebhookDelivery>(this.db, {
      select: deliveryColumns,
      from: sql`webhook_deliveries d`,
      where: matching(webhook.id, filter),
      orderName: 'CREATED_AT DESC',
      order: [
        { expression: sql`d.created_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`d.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (delivery) => delivery,
    });
  }

  async countDeliveries(webhookId: string, filter: DeliveryFilter): Promise<number> {
    const { webhook } = await this.managed.byId(webhookId);
    return this.count(sql`webhook_deliveries d WHERE ${matching(webhook.id, filter)}`);
  }

  /** The log of deliveries that are shown, the newest line first. Asks no right. */
  attemptsOf(deliveryIds: readonly string[]): Promise<WebhookAttempt[]> {
    return this.db.query<WebhookAttempt>(sql`
      SELECT a.* FROM unnest(${[...deliveryIds]}::uuid[]) AS shown(id) CROSS JOIN LATERAL (
        SELECT l.delivery_id AS "deliveryId", l.number, l.started_at AS "startedAt", l.duration_ms AS "durationMs",
          l.status_code AS "statusCode", l.response, l.error
        FROM webhook_attempts l WHERE l.delivery_id = shown.id ORDER BY l.number DESC LIMIT ${linesShown}) a`);
  }

  private async count(from: Sql): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from}`);
    return row?.count ?? 0;
  }
}

const matching = (webhookId: string, { status }: DeliveryFilter): Sql =>
  status == null
    ? sql`d.webhook_id = ${webhookId}::uuid`
    : sql`d.webhook_id = ${webhookId}::uuid AND d.status = ${status}`;
