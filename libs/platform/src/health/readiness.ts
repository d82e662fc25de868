import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import sql from 'sql-template-tag';
import { Database } from '../database/database.js';
import { LOGGER, QUEUE_CONNECTION } from '../platform.tokens.js';
import type { QueueConnection } from '../queue/queue-connection.js';

const patienceMilliseconds = 2000;

export interface ReadinessReport {
  ready: boolean;
  parts: Record<string, { status: 'ok' | 'unavailable'; milliseconds: number; backend?: string }>;
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Whether a process can do its work: asks PostgreSQL and the queue's backend, each time, with a time limit. */
@Injectable()
export class Readiness {
  constructor(
    private readonly db: Database,
    @Inject(QUEUE_CONNECTION) private readonly queue: QueueConnection,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never throws. The report names no addresses, since anybody may read it; the log has the reason. */
  async report(): Promise<ReadinessReport> {
    const [postgresql, queue] = await Promise.all([
      this.ask('postgresql', () => this.db.query(sql`SELECT 1`)),
      this.ask('queue', () => this.queue.ping()),
    ]);
    return {
      ready: postgresql.status === 'ok' && queue.status === 'ok',
      parts: { postgresql, queue: { ...queue, backend: this.queue.backend } },
    };
  }

  private async ask(part: string, question: () => Promise<unknown>): Promise<ReadinessReport['parts'][string]> {
    const asked = performance.now();
    const milliseconds = () => Math.round(performance.now() - asked);
    try {
      await within(patienceMilliseconds, question());
      return { status: 'ok', milliseconds: milliseconds() };
    } catch (error) {
      this.logger.warn({ err: error, part }, 'a part of the service does not answer');
      return { status: 'unavailable', milliseconds: milliseconds() };
    }
  }
}
