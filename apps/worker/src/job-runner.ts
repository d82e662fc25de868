import {
  type Batched,
  Batcher,
  Config,
  fullQueueName,
  LOGGER,
  QUEUE_CONNECTION,
  type QueueConnection,
  type QueueName,
  queueNames,
} from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import { DelayedError, type Job, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { GateSlots } from './gate-slots.js';
import { type JobData, jobData } from './job.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxRelay } from './outbox-relay.js';
import { attempts } from './queues.js';
import type { Subscription } from './subscriptions.js';
import { asWorker } from './worker-context.js';

/** A job whose worker has not been heard of for so long is given to another one. */
const jobLockMs = 15_000;
const stalledCheckMs = 5000;
const messageConcurrency = 16;
/** Mail servers bound how many connections one client has. */
const notificationConcurrency = 4;
/** A job that finds no slot of its type lets others pass, and asks again after that. */
const slotRetryMs = 250;

/** The receiving ends of the queues. */
@Injectable()
export class JobRunner {
  private workers: Worker[] = [];
  private readonly handled = new Batcher((batch: readonly Batched<number>[]) =>
    this.markHandled(batch.map(({ item }) => item)),
  );

  constructor(
    private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: OutboxRepository,
    @Inject(QUEUE_CONNECTION) private readonly queue: QueueConnection,
    private readonly relay: OutboxRelay,
    private readonly slots: GateSlots,
  ) {}

  start(subscriptions: ReadonlyMap<string, Subscription>): void {
    this.workers = queueNames.map((name) => this.worker(name, subscriptions));
  }

  /** Takes no more jobs, and waits for those that run. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.handled.settled();
  }

  private worker(name: QueueName, subscriptions: ReadonlyMap<string, Subscription>): Worker {
    const worker = new Worker<JobData>(
      fullQueueName(this.queue, name),
      (job, token) => this.run(job, subscriptions, token),
      {
        connection: this.queue.connection,
        concurrency: this.concurrencyOf(name),
        lockDuration: jobLockMs,
        stalledInterval: stalledCheckMs,
        maxStalledCount: 10,
      },
    );
    worker.on('failed', (job, error) => {
      const level = job && job.attemptsMade < attempts ? 'warn' : 'error';
      this.logger[level]({ err: error, event: job?.name, jobId: job?.id }, 'a job failed');
    });
    // The connection has its own way back; what it lost, the reconciler ships again.
    worker.on('error', (error) => this.logger.warn({ err: error, queue: name }, 'the queue is in trouble'));
    return worker;
  }

  private concurrencyOf(name: QueueName): number {
    const { GATE_CONCURRENCY, WEBHOOK_CONCURRENCY } = this.config.settings;
    return {
      messages: messageConcurrency,
      gates: GATE_CONCURRENCY,
      notifications: notificationConcurrency,
      deliveries: WEBHOOK_CONCURRENCY,
    }[name];
  }

  private async run(
    job: Job<JobData>,
    subscriptions: ReadonlyMap<string, Subscription>,
    token: string | undefined,
  ): Promise<void> {
    const { messageId, event, payload, requestId } = jobData.parse(job.data);
    const subscription = subscriptions.get(event);
    if (!subscription) throw new Error(`no handler for ${event}`);
    const gateType = subscription.gateType?.(payload);
    if (gateType !== undefined && !this.slots.take(gateType)) {
      await job.moveToDelayed(Date.now() + slotRetryMs, token);
      throw new DelayedError();
    }
    try {
      await asWorker(requestId ?? `message-${messageId}`, () => subscription.handle(payload));
    } finally {
      if (gateType !== undefined) this.slots.giveBack(gateType);
    }
    // The job need not wait for it: a mark that is lost brings the message once more, and its handler finds nothing to do.
    this.handled
      .add(messageId)
      .catch((error: Error) =>
        this.logger.warn({ err: error, messageId }, 'a message was handled, and could not be marked so'),
      );
    this.relay.wake();
  }

  private async markHandled(messageIds: readonly number[]): Promise<undefined[]> {
    await this.outbox.handled(messageIds);
    return messageIds.map(() => undefined);
  }
}
