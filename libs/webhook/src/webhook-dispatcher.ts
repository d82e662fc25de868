import { randomUUID } from 'node:crypto';
import { SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { LOGGER, Outbox, Transaction } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { webhookDue } from './webhook.events.js';
import { auditedWebhook } from './webhook.js';
import { WebhookRepository } from './webhook.repository.js';
import { restAfter } from './webhook-delivery.js';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { type ClaimedDelivery, WebhookQueueRepository } from './webhook-queue.repository.js';
import { type Sent, WebhookSender } from './webhook-sender.js';

/** Requests to one receiver that are under way at the same time. */
const lanes = 4;
/** After that, other webhooks have their turn. */
const turnMs = 20_000;
const disabledAfterDays = 5;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Delivers what waits. The worker calls it; rows own the truth: one run at a time has the lease of a webhook, an attempt is
 * recorded after it was made, and whoever is killed in between has it made once more, under the same id.
 */
@Injectable()
export class WebhookDispatcher {
  private stopped = false;

  constructor(
    private readonly audit: AuditLog,
    private readonly deliveries: WebhookDeliveryRepository,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: Outbox,
    private readonly queue: WebhookQueueRepository,
    private readonly securables: SecurableRepository,
    private readonly sender: WebhookSender,
    private readonly transaction: Transaction,
    private readonly webhooks: WebhookRepository,
  ) {}

  /** Sends what is due for a webhook, for a turn. Does nothing when another run is at it, which then sees all of it. */
  async run(webhookId: string): Promise<void> {
    const holder = randomUUID();
    const turnEnds = performance.now() + turnMs;
    const isOver = () => this.stopped || performance.now() > turnEnds;
    try {
      for (;;) {
        const batch = isOver() ? [] : await this.queue.claim(webhookId, holder, lanes);
        if (batch.length > 0) await this.deliver(batch);
        else {
          await this.queue.release(webhookId, holder);
          // What became due while the lease was held has met it, and gone: look again without it.
          if (!(await this.queue.isDue(webhookId))) return;
          if (isOver()) return await this.queueAgain([webhookId]);
        }
      }
    } catch (error) {
      await this.queue.release(webhookId, holder);
      throw error;
    }
  }

  /** Queues what waits and has nobody at it: what is due again, and what a worker has left behind. */
  async requeueDue(): Promise<void> {
    await this.queueAgain(await this.queue.stranded());
  }

  /** Gives up what has waited too long, and forgets what ended long ago. */
  async tidyUp(): Promise<void> {
    await this.queue.giveUpOverdue();
    await this.deliveries.purge();
  }

  /** Begins no further attempt. */
  stop(): void {
    this.stopped = true;
  }

  private async queueAgain(webhookIds: readonly string[]): Promise<void> {
    if (webhookIds.length === 0) return;
    const payloads = webhookIds.map((webhookId) => ({ webhookId }));
    await this.transaction.run(() => this.outbox.addAll(webhookDue, payloads));
  }

  private async deliver(batch: readonly ClaimedDelivery[]): Promise<void> {
    const settled = await Promise.allSettled(batch.map((delivery) => this.deliverOne(delivery)));
    const sent = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await this.judgeReceiver(sent);
    for (const { delivery, disable } of sent) if (disable) await this.disable(delivery, disable);
    const failure = settled.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  private async deliverOne(delivery: ClaimedDelivery): Promise<Sent> {
    const sent = await this.sender.send(delivery);
    await this.transaction.run(() => this.queue.record(delivery, sent));
    return sent;
  }

  /** A receiver that took nothing of a batch is left alone for a while: it keeps no slot from others. */
  private async judgeReceiver(sent: readonly Sent[]): Promise<void> {
    const well = sent.find(({ receiver }) => receiver === 'WELL');
    const [failed] = sent.filter(({ receiver }) => receiver === 'FAILING');
    if (well) await this.queue.succeeded(well.delivery.webhookId);
    if (!failed) return;
    const asked = Math.max(...sent.map(({ askedToWaitMs }) => askedToWaitMs));
    const failingMs = well ? 0 : await this.queue.failed(failed.delivery);
    if (failingMs === undefined) return;
    if (failingMs > disabledAfterDays * dayMs) {
      await this.disable(failed.delivery, `the receiver has taken nothing for ${disabledAfterDays} days`);
    }
    const rest = well ? asked : Math.max(asked, restAfter(failingMs));
    if (rest > 0) await this.queue.pause(failed.delivery, rest);
  }

  private async disable({ webhookId, url }: ClaimedDelivery, reason: string): Promise<void> {
    await this.transaction.run(async () => {
      const webhook = await this.webhooks.disable({ id: webhookId, url }, reason);
      if (!webhook) return;
      const securable = await this.securables.byId(webhook.securableId);
      if (!securable) return;
      const object = auditedWebhook(webhook, securable);
      await this.audit.record({ action: 'webhook.disabled', object, after: { status: 'DISABLED' }, reason });
      this.logger.warn({ webhookId, reason }, 'a webhook was disabled');
    });
  }
}
