import { fullQueueName, QUEUE_CONNECTION, type QueueConnection, type QueueName, queueNames } from '@app/platform';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import { type JobData, jobIdOf } from './job.js';

/** How often BullMQ tries a job; after that the reconciler ships its message again. */
export const attempts = 3;

/** What is sent, and before which others it is taken (subscriptions.ts). */
export interface QueuedJob {
  data: JobData;
  priority: number | undefined;
}

/** The sending ends of the queues. */
@Injectable()
export class Queues implements OnApplicationShutdown {
  private readonly queues: Map<QueueName, Queue<JobData>>;

  constructor(@Inject(QUEUE_CONNECTION) queue: QueueConnection) {
    const { connection } = queue;
    this.queues = new Map(
      queueNames.map((name) => [name, new Queue<JobData>(fullQueueName(queue, name), { connection })]),
    );
    // Each call rejects by itself when the server is away; without a listener the event would end the process.
    for (const queue of this.queues.values()) queue.on('error', () => undefined);
  }

  async add(name: QueueName, jobs: readonly QueuedJob[]): Promise<void> {
    await this.queue(name).addBulk(
      jobs.map(({ data, priority }) => ({
        name: data.event,
        data,
        opts: {
          jobId: jobIdOf(data),
          priority,
          attempts,
          backoff: { type: 'exponential', delay: 1000 },
          // The row in the outbox is the record. A job that is gone can be shipped again.
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    );
  }

  /** How many jobs are in each state. */
  counts(name: QueueName): Promise<Record<string, number>> {
    return this.queue(name).getJobCounts('waiting', 'prioritized', 'active', 'delayed');
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }

  private queue(name: QueueName): Queue<JobData> {
    return this.queues.get(name) as Queue<JobData>;
  }
}
