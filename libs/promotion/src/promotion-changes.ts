import { Database, InvalidArgument, Notifications } from '@app/platform';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import sql from 'sql-template-tag';

/** An audited change of a request, or of one of its gates: thin, for whoever then looks at the request itself. */
export interface PromotionChange {
  /** Grows with each commit; what to resume after. */
  sequence: number;
  requestId: string;
  eventId: string;
  action: string;
}

/** Written by the trigger promotion_request_changed. */
const channel = 'promotion_request_changes';
const batchSize = 100;
/** How often a follower looks without having been told: a notification may be lost, and rights are looked at again. */
const lookEvery = 10_000;

interface Follower {
  requestId: string | null;
  wake(): void;
}

/**
 * The feed of changes, from PostgreSQL. Notifications wake the followers of all processes; each reads on from where it is,
 * as fast as its client takes: nothing is kept in memory for slow ones. No right is asked here: whoever passes a change on
 * asks for it (docs/adr/0012).
 */
@Injectable()
export class PromotionChanges implements OnApplicationShutdown {
  private readonly followers = new Set<Follower>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Database,
    private readonly notifications: Notifications,
  ) {}

  /**
   * The sequence to begin after: `after`, or that of the last change.
   * @throws InvalidArgument when `after` is not reached yet: it is none that the service has given out
   */
  async position(after: number | null): Promise<number> {
    const row = await this.db.first<{ last: number }>(
      sql`SELECT COALESCE(max(sequence), 0) AS last FROM promotion_request_changes`,
    );
    const last = row?.last ?? 0;
    if (after === null || after <= last) return after ?? last;
    throw new InvalidArgument(
      `after: ${after} is beyond the last change, ${last}: give the sequence of a change that you have received`,
      ['after'],
    );
  }

  /**
   * The changes after a sequence, of one request or of all, until `signal`. Null from time to time when there was none.
   */
  async *follow(after: number, requestId: string | null, signal: AbortSignal): AsyncGenerator<PromotionChange | null> {
    let position = after;
    // Awake before the first look: what is committed between a look and the wait is not missed.
    const follower = new Waking(requestId, signal);
    this.add(follower);
    try {
      while (!signal.aborted) {
        const changes = await this.read(position, requestId);
        for (const change of changes) {
          position = change.sequence;
          yield change;
          if (signal.aborted) return;
        }
        if (changes.length === batchSize) continue;
        if (changes.length === 0) yield null;
        await follower.woken();
      }
    } finally {
      this.followers.delete(follower);
    }
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private read(after: number, requestId: string | null): Promise<PromotionChange[]> {
    const which = requestId === null ? sql`TRUE` : sql`c.request_id = ${requestId}::uuid`;
    return this.db.query<PromotionChange>(sql`
      SELECT c.sequence, c.request_id AS "requestId", c.event_id AS "eventId", a.action
      FROM promotion_request_changes c JOIN audit_events a ON a.id = c.event_id
      WHERE c.sequence > ${after}::bigint AND ${which} ORDER BY c.sequence LIMIT ${batchSize}`);
  }

  private add(follower: Follower): void {
    this.followers.add(follower);
    if (this.timer) return;
    this.timer = setInterval(() => this.wake(), lookEvery).unref();
    this.notifications.listen(channel, (requestId) => this.wake(requestId));
  }

  /** @param requestId whose followers are woken, beside those of all requests; absent: everybody */
  private wake(requestId?: string): void {
    for (const follower of this.followers) {
      if (requestId === undefined || follower.requestId === null || follower.requestId === requestId) follower.wake();
    }
  }
}

/** Remembers that it was woken while it was not waiting. */
class Waking implements Follower {
  private isWoken = false;
  private resolve: (() => void) | undefined;

  constructor(
    readonly requestId: string | null,
    signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  wake(): void {
    this.isWoken = true;
    this.resolve?.();
  }

  async woken(): Promise<void> {
    if (!this.isWoken) await new Promise<void>((resolve) => (this.resolve = resolve));
    this.isWoken = false;
    this.resolve = undefined;
  }
}
