import { LOGGER, type QueueName, queueNames } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { JobData } from './job.js';
import { Loop } from './loop.js';
import { OutboxRepository } from './outbox.repository.js';
import { type QueuedJob, Queues } from './queues.js';
import type { Subscription } from './subscriptions.js';

/** The longest that a message of the API waits before it is seen. Messages of this process wake the relay at once. */
const pollMs = 150;
const pauseAfterErrorMs = 1000;

/**
 * Ships messages of the outbox to the queues. A message is marked as shipped before it is: one that is lost in between
 * is found by the reconciler, and no transaction ever waits for Redis.
 */
@Injectable()
export class OutboxRelay {
  private loop: Loop | undefined;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: OutboxRepository,
    private readonly queues: Queues,
  ) {}

  start(subscriptions: ReadonlyMap<string, Subscription>): void {
    this.loop = new Loop(() => this.step(subscriptions));
    this.loop.start();
  }

  /** There is something to ship. */
  wake(): void {
    this.loop?.wake();
  }

  async stop(): Promise<void> {
    await this.loop?.stop();
  }

  private step(subscriptions: ReadonlyMap<string, Subscription>): Promise<number> {
    return this.shipBatch(subscriptions).then(
      (shipped) => (shipped > 0 ? 0 : pollMs),
      (error) => {
        this.logger.error({ err: error }, 'messages could not be shipped');
        return pauseAfterErrorMs;
      },
    );
  }

  private async shipBatch(subscriptions: ReadonlyMap<string, Subscription>): Promise<number> {
    const messages = await this.outbox.take();
    for (const name of queueNames) {
      await this.ship(name, jobsFor(name, messages, subscriptions));
    }
    const unknown = messages.filter(({ event }) => !subscriptions.has(event));
    // Left as shipped: a newer version of the worker, which knows the event, takes it up by its reconciler.
    if (unknown.length > 0)
      this.logger.error({ events: unknown.map(({ event }) => event) }, 'messages of unknown events');
    return messages.length;
  }

  private async ship(name: QueueName, jobs: readonly QueuedJob[]): Promise<void> {
    if (jobs.length === 0) return;
    try {
      await this.queues.add(name, jobs);
    } catch (error) {
      await this.outbox.putBack(jobs.map(({ data }) => data.messageId));
      throw error;
    }
  }
}

function jobsFor(
  name: QueueName,
  messages: readonly JobData[],
  subscriptions: ReadonlyMap<string, Subscription>,
): QueuedJob[] {
  return messages.flatMap((data) => {
    const subscription = subscriptions.get(data.event);
    return subscription?.queue === name ? [{ data, priority: subscription.priority?.(data.payload) }] : [];
  });
}
