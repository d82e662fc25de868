import { Access } from '@app/access';
import { DomainError, LOGGER, Metrics } from '@app/platform';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { dayOf, type Loads } from './consumer.js';
import { ConsumerRepository } from './consumer.repository.js';

const flushEvery = 2000;
/** Versions times principals times days that wait for PostgreSQL at most. */
const mostWaiting = 10_000;

/**
 * Counts the loads of versions. To load is the hottest read of the service, and gets no statement more: loads gather in
 * memory and are added together every two seconds, and at the end of the process. A killed process loses what it has gathered.
 * Where the connection breaks between the commit and its answer, that batch is added twice: these are figures of use, and no
 * events of the audit trail.
 */
@Injectable()
export class ConsumerLog implements OnModuleInit, OnApplicationShutdown {
  private waiting = new Map<string, Loads>();
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly lost: Counter;

  constructor(
    private readonly access: Access,
    private readonly consumers: ConsumerRepository,
    @Inject(LOGGER) private readonly logger: Logger,
    { registry }: Metrics,
  ) {
    this.lost = new Counter({
      name: 'consumer_loads_uncounted_total',
      help: 'Loads of model versions that could not be counted.',
      registers: [registry],
    });
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), flushEvery).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    this.giveUp([...this.waiting.values()]);
  }

  /** The caller has loaded a version, which he may. */
  note({ id, modelId }: { id: string; modelId: string }): void {
    const now = new Date();
    const load = { versionId: id, modelId, principalId: this.access.caller().id, day: dayOf(now), loads: 1 };
    this.gather({ ...load, firstAt: now, lastAt: now });
  }

  /** Until what was noted before is written, or has failed and waits. */
  async flush(): Promise<void> {
    await this.writing;
    this.writing ??= this.write().finally(() => {
      this.writing = undefined;
    });
    await this.writing;
  }

  private gather(load: Loads): void {
    const key = `${load.versionId} ${load.principalId} ${load.day}`;
    const known = this.waiting.get(key);
    if (known) this.waiting.set(key, together(known, load));
    else if (this.waiting.size < mostWaiting) this.waiting.set(key, load);
    else this.lost.inc(load.loads);
  }

  private async write(): Promise<void> {
    const batch = [...this.waiting.values()];
    if (batch.length === 0) return;
    this.waiting = new Map();
    try {
      await this.consumers.add(batch);
    } catch (error) {
      this.logger.error({ err: error, waiting: batch.length }, 'loads of versions could not be counted');
      if (error instanceof DomainError && error.kind === 'UNAVAILABLE') for (const load of batch) this.gather(load);
      // What PostgreSQL will never take must not stand in the way of the rest.
      else this.giveUp(batch);
    }
  }

  private giveUp(loads: readonly Loads[]): void {
    this.lost.inc(loads.reduce((sum, each) => sum + each.loads, 0));
  }
}

const together = (one: Loads, other: Loads): Loads => ({
  ...one,
  loads: one.loads + other.loads,
  firstAt: one.firstAt < other.firstAt ? one.firstAt : other.firstAt,
  lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt,
});
