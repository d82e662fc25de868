import { ArtifactStaging } from '@app/artifacts';
import { GateReports, GateRuns } from '@app/gates';
import { Sessions } from '@app/identity';
import { Notifications } from '@app/notification';
import { Config, IdempotencyKeys, LOGGER, TransactionalPool } from '@app/platform';
import { PromotionProgress } from '@app/promotion';
import { WebhookDispatcher } from '@app/webhook';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Loop } from './loop.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxRelay } from './outbox-relay.js';
import { PendingRegistrations } from './pending-registrations.js';
import { asWorker } from './worker-context.js';

/** Any number will do, as long as it is nobody else's in this database. */
const leaderLock = 7_461_290_355;

/**
 * Brings on what was left behind: lost messages, gate runs whose worker died, requests whose time has come. PostgreSQL
 * says what is due; the queue is not asked. Of several workers one does it at a time.
 */
@Injectable()
export class Reconciler {
  private readonly loop = new Loop(async () => {
    await this.attempt('lead', () => this.roundAsLeader());
    return this.config.settings.RECONCILE_SECONDS * 1000;
  });

  constructor(
    private readonly artifactStaging: ArtifactStaging,
    private readonly config: Config,
    private readonly gateReports: GateReports,
    private readonly gateRuns: GateRuns,
    private readonly idempotencyKeys: IdempotencyKeys,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly notifications: Notifications,
    private readonly outbox: OutboxRepository,
    @Inject(TransactionalPool) private readonly pool: TransactionalPool,
    private readonly pendingRegistrations: PendingRegistrations,
    private readonly promotions: PromotionProgress,
    private readonly relay: OutboxRelay,
    private readonly sessions: Sessions,
    private readonly webhooks: WebhookDispatcher,
  ) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** The lock belongs to a connection of its own, and ends with it: a dead leader holds up nobody. */
  private async roundAsLeader(): Promise<void> {
    const connection = await this.pool.checkout();
    try {
      const { rows } = await connection.query('SELECT pg_try_advisory_lock($1) AS leads', [leaderLock]);
      if (!rows[0].leads) return;
      await this.round().finally(() => connection.query('SELECT pg_advisory_unlock($1)', [leaderLock]));
    } finally {
      connection.release();
    }
  }

  private async round(): Promise<void> {
    await this.attempt('ship lost messages', () => this.outbox.reshipLost());
    await this.attempt('queue stranded gate runs', () => this.gateRuns.requeueStranded());
    await this.attempt('end gate runs without a report', () => this.gateReports.endOverdue());
    await this.attempt('queue pending registrations', () => this.pendingRegistrations.requeue());
    await this.attempt('queue due notifications', () => this.notifications.requeueDue());
    await this.attempt('bring on requests', async () => {
      for (const work of await this.promotions.due()) {
        await this.attempt(`${work.work} request ${work.id}`, () => this.promotions.bringOn(work));
      }
    });
    await this.attempt('queue what webhooks are to send', () => this.webhooks.requeueDue());
    await this.attempt('tidy up deliveries', () => this.webhooks.tidyUp());
    await this.attempt('remove uploads that nobody ended', () => this.artifactStaging.sweep());
    await this.attempt('forget old messages', () => this.outbox.purge());
    await this.attempt('forget old idempotency keys', () => this.idempotencyKeys.purge());
    await this.attempt('forget old notifications', () => this.notifications.purge());
    await this.attempt('forget old sessions', () => this.sessions.purge());
    this.relay.wake();
  }

  /** One step that fails does not keep the others from being done. */
  private async attempt(what: string, step: () => Promise<unknown>): Promise<void> {
    try {
      await asWorker('reconciler', step);
    } catch (error) {
      this.logger.error({ err: error }, `the reconciler failed to ${what}`);
    }
  }
}
