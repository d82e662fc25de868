import type { Securable } from '@app/access';
import { AuditLog } from '@app/audit';
import { Outbox, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { NIL, v7 as uuidv7 } from 'uuid';
import { requireMlflowType, testEventType } from './event-type.js';
import { ManagedWebhooks } from './managed-webhooks.js';
import { DeliveryNotFound, WebhookDisabled, WebhookNotFound } from './webhook.errors.js';
import { webhookDue } from './webhook.events.js';
import { auditedWebhook, type Webhook } from './webhook.js';
import { WebhookRepository } from './webhook.repository.js';
import type { WebhookAttempt, WebhookDelivery } from './webhook-delivery.js';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { WebhookQueueRepository } from './webhook-queue.repository.js';
import { WebhookSender } from './webhook-sender.js';

/** What one call replays at most. */
const mostReplayed = 1000;
/** Longer than an attempt takes: a test that its caller did not come back from is then left to the worker. */
const testSeconds = 60;

/** What a holder of MANAGE has sent: a test, and once more what was sent before. */
@Injectable()
export class WebhookDeliveries {
  constructor(
    private readonly audit: AuditLog,
    private readonly deliveries: WebhookDeliveryRepository,
    private readonly managed: ManagedWebhooks,
    private readonly outbox: Outbox,
    private readonly queue: WebhookQueueRepository,
    private readonly sender: WebhookSender,
    private readonly transaction: Transaction,
    private readonly webhooks: WebhookRepository,
  ) {}

  /** @throws NotFound when it is absent or hidden; PermissionDenied */
  async get(id: string): Promise<WebhookDelivery> {
    return (await this.visible(id)).delivery;
  }

  /**
   * Sends an event of the type webhook.tested, now, and once.
   * @throws NotFound, PermissionDenied; FailedPrecondition when the webhook is disabled
   */
  async test(webhookId: string): Promise<WebhookDelivery> {
    const { securable } = await this.managed.byId(webhookId);
    return this.transaction.run(async () => {
      const { webhook, delivery } = await this.insertTest(webhookId, securable);
      await this.sendNow(webhook);
      return delivery;
    });
  }

  /**
   * The same of a webhook of MLflow's format, and waits for what the receiver says.
   * @param eventType the one whose example is sent; absent: the first of the webhook's
   * @throws NotFound, PermissionDenied, InvalidArgument; FailedPrecondition when the webhook is disabled
   */
  async testNow(webhookId: string, eventType?: string): Promise<Omit<WebhookAttempt, 'deliveryId' | 'number'>> {
    const { securable } = await this.managed.byId(webhookId);
    if (eventType !== undefined) requireMlflowType(eventType, ['event']);
    const { delivery } = await this.transaction.run(() =>
      this.insertTest(webhookId, securable, { eventType, afterSeconds: testSeconds }),
    );
    const claimed = await this.queue.byId(delivery.id);
    if (!claimed) throw new WebhookNotFound(webhookId);
    const sent = await this.sender.send(claimed);
    await this.transaction.run(() => this.queue.record(claimed, sent));
    return sent.line;
  }

  /**
   * Sends one delivery once more, whatever became of it, under the id that it had: a receiver that has seen it knows it.
   * @throws NotFound, PermissionDenied; FailedPrecondition when the webhook is disabled
   */
  async replay(id: string): Promise<WebhookDelivery> {
    const { delivery, securable } = await this.visible(id);
    return this.transaction.run(async () => {
      const webhook = await this.lockActive(delivery.webhookId);
      const replayed = await this.deliveries.replay(id);
      if (!replayed) throw new DeliveryNotFound(id);
      const after = { eventId: replayed.eventId, eventType: replayed.eventType };
      await this.record('webhook.delivery_replayed', webhook, securable, after);
      await this.sendNow(webhook);
      return replayed;
    });
  }

  /**
   * The same for all that ended without success since then, the oldest first, up to 1000.
   * @returns how many; when it is 1000 there may be more: ask again
   * @throws NotFound, PermissionDenied; FailedPrecondition when the webhook is disabled
   */
  async replayFailed(webhookId: string, since: Date): Promise<number> {
    const { securable } = await this.managed.byId(webhookId);
    return this.transaction.run(async () => {
      const webhook = await this.lockActive(webhookId);
      const count = await this.deliveries.replayFailed(webhook.id, since, mostReplayed);
      if (count === 0) return 0;
      await this.record('webhook.deliveries_replayed', webhook, securable, { since, count });
      await this.sendNow(webhook);
      return count;
    });
  }

  private async insertTest(
    webhookId: string,
    securable: Securable,
    { eventType, afterSeconds = 0 }: { eventType?: string; afterSeconds?: number } = {},
  ): Promise<{ webhook: Webhook; delivery: WebhookDelivery }> {
    const webhook = await this.lockActive(webhookId);
    const id = uuidv7();
    await this.audit.record({ id, action: testEventType, object: auditedWebhook(webhook, securable) });
    const told = webhook.format === 'MLFLOW' ? (eventType ?? (webhook.eventTypes[0] as string)) : testEventType;
    return { webhook, delivery: await this.deliveries.insert(webhook.id, told, id, afterSeconds) };
  }

  private async visible(id: string): Promise<{ delivery: WebhookDelivery; securable: Securable }> {
    const delivery = await this.deliveries.byId(id);
    const asked = { noun: 'Webhook delivery', name: id };
    const { securable } = await this.managed.byId(delivery?.webhookId ?? NIL, asked);
    if (!delivery) throw new DeliveryNotFound(id);
    return { delivery, securable };
  }

  private async lockActive(id: string): Promise<Webhook> {
    const webhook = await this.webhooks.lock(id);
    if (!webhook) throw new WebhookNotFound(id);
    if (webhook.status === 'DISABLED') throw new WebhookDisabled(webhook.name, webhook.disabledReason);
    return webhook;
  }

  private async sendNow({ id }: Webhook): Promise<void> {
    await this.deliveries.wake(id);
    await this.outbox.add(webhookDue, { webhookId: id });
  }

  private record(action: string, webhook: Webhook, securable: Securable, after: object): Promise<void> {
    return this.audit.record({ action, object: auditedWebhook(webhook, securable), after });
  }
}
