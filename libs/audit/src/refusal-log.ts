import { setTimeout } from 'node:timers/promises';
import { refusalOf } from '@app/access';
import { currentContext, DomainError, LOGGER, Metrics, type RequestContext } from '@app/platform';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { AuditLog, type AuditRow } from './audit-log.js';

/** Rows of one INSERT. */
const batchSize = 500;
/** Rows that wait for PostgreSQL at most. */
const mostWaiting = 10_000;
const retryAfter = 1000;
/** A batch gathers for so long: written at once, a refusal would hold up the same client's next request, and so tell of itself. */
const gatherFor = 100;

type Memo = RequestContext['memo'];

/**
 * Refusals for lack of privilege, in the audit trail. They are written after the answer has left: a statement before it
 * would tell by the time that it takes what is hidden from what does not exist (docs/adr/0009).
 */
@Injectable()
export class RefusalLog implements OnApplicationShutdown {
  private readonly held = new WeakMap<Memo, Map<string, AuditRow>>();
  private waiting: AuditRow[] = [];
  private writing: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private readonly lost: Counter;

  constructor(
    private readonly audit: AuditLog,
    @Inject(LOGGER) private readonly logger: Logger,
    { registry }: Metrics,
  ) {
    this.lost = new Counter({
      name: 'audit_refusals_unwritten_total',
      help: 'Refusals that could not be written to the audit trail; each is in the log of the process.',
      registers: [registry],
    });
  }

  /** Keeps the refusals of a request until it is answered. */
  hold({ memo }: RequestContext): void {
    this.held.set(memo, new Map());
  }

  /** Notes the refusal that an error stands for, if it stands for one. One privilege refused on one object counts once a request. */
  note(error: unknown): void {
    const refusal = refusalOf(error);
    const context = currentContext();
    if (!refusal || !context) return;
    const row = this.audit.refusalRow(refusal);
    const held = this.held.get(context.memo);
    if (held) held.set(`${refusal.privilege} ${refusal.object.id} ${refusal.reason}`, row);
    else this.enqueue([row]);
  }

  /** The request is answered, or its client is gone: what was refused is written now, with what else waits. */
  release({ memo }: RequestContext): void {
    const held = this.held.get(memo);
    this.held.delete(memo);
    if (held?.size) this.enqueue([...held.values()]);
  }

  /** Until everything that was released is written, or given up. */
  async onApplicationShutdown(): Promise<void> {
    await this.writing;
    clearTimeout(this.retry);
    await this.writeAll();
    this.giveUp(this.waiting.splice(0));
  }

  private enqueue(rows: AuditRow[]): void {
    this.waiting.push(...rows);
    if (this.waiting.length > mostWaiting) this.giveUp(this.waiting.splice(mostWaiting));
    this.writing ??= this.writeAll(gatherFor).finally(() => {
      this.writing = undefined;
      // Noted since the last look.
      if (this.waiting.length > 0 && !this.retry) this.enqueue([]);
    });
  }

  /** One batch after the other, each after a pause in which it gathers, while PostgreSQL takes them. */
  private async writeAll(pause = 0): Promise<void> {
    do if (pause > 0) await setTimeout(pause);
    while (await this.writeBatch());
  }

  /** What PostgreSQL does not take stays, and is tried again. @returns whether there is more to write, and it can be */
  private async writeBatch(): Promise<boolean> {
    const batch = this.waiting.slice(0, batchSize);
    if (batch.length === 0) return false;
    try {
      await this.audit.write(batch);
      this.waiting.splice(0, batch.length);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'UNAVAILABLE') {
        this.logger.error({ err: error, waiting: this.waiting.length }, 'refusals could not be written, and wait');
        this.retry ??= globalThis.setTimeout(() => this.tryAgain(), retryAfter).unref();
        return false;
      }
      // What PostgreSQL will never take must not stand in the way of the rest.
      this.logger.error({ err: error }, 'refusals could not be written');
      this.giveUp(this.waiting.splice(0, batch.length));
    }
    return this.waiting.length > 0;
  }

  private tryAgain(): void {
    this.retry = undefined;
    this.enqueue([]);
  }

  private giveUp(rows: readonly AuditRow[]): void {
    this.lost.inc(rows.length);
    for (const refusal of rows) this.logger.error({ refusal }, 'a refusal is not in the audit trail');
  }
}
