import { AccessModule } from '@app/access';
import { ArtifactsModule } from '@app/artifacts';
import { AuditModule } from '@app/audit';
import { GateRuns, GatesModule } from '@app/gates';
import { IdentityModule } from '@app/identity';
import { LineageModule, PromotionEvents } from '@app/lineage';
import { NotificationDelivery, NotificationModule, Notifications } from '@app/notification';
import { type Config, definedEvents, PlatformModule } from '@app/platform';
import { GateJobs, PromotionModule, PromotionProgress } from '@app/promotion';
import { Registrations, RegistryModule } from '@app/registry';
import { TransparencyModule } from '@app/transparency';
import { WebhookDispatcher, WebhookModule } from '@app/webhook';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AuditAnchoring } from './audit-anchoring.js';
import { AuditSealing } from './audit-sealing.js';
import { GateSlots } from './gate-slots.js';
import { JobRunner } from './job-runner.js';
import { OperationsController } from './operations.controller.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxRelay } from './outbox-relay.js';
import { PendingRegistrations } from './pending-registrations.js';
import { Queues } from './queues.js';
import { Reconciler } from './reconciler.js';
import { oneForEach, subscriptionsOf } from './subscriptions.js';
import { WorkerMetrics } from './worker-metrics.js';

/** How long running jobs may take to end when the worker is stopped, and then its connections to close. */
const graceMs = 8000;
const exitAfterMs = 2000;

@Module({})
export class WorkerModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly anchoring: AuditAnchoring,
    private readonly gateJobs: GateJobs,
    private readonly gateRuns: GateRuns,
    private readonly jobs: JobRunner,
    private readonly metrics: WorkerMetrics,
    private readonly notifications: Notifications,
    private readonly notificationDelivery: NotificationDelivery,
    private readonly promotionEvents: PromotionEvents,
    private readonly promotions: PromotionProgress,
    private readonly reconciler: Reconciler,
    private readonly registrations: Registrations,
    private readonly relay: OutboxRelay,
    private readonly sealing: AuditSealing,
    private readonly webhooks: WebhookDispatcher,
  ) {}

  static forRoot(config: Config): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        PlatformModule.forRoot('worker', config),
        AccessModule,
        ArtifactsModule,
        AuditModule,
        GatesModule,
        IdentityModule,
        LineageModule,
        NotificationModule,
        PromotionModule,
        RegistryModule,
        TransparencyModule,
        WebhookModule,
      ],
      controllers: [OperationsController],
      providers: [
        AuditAnchoring,
        AuditSealing,
        GateSlots,
        JobRunner,
        OutboxRelay,
        OutboxRepository,
        PendingRegistrations,
        Queues,
        Reconciler,
        WorkerMetrics,
      ],
    };
  }

  onApplicationBootstrap(): void {
    const { gateJobs, metrics, notifications, notificationDelivery, promotionEvents, promotions } = this;
    const { registrations, webhooks } = this;
    const subscriptions = oneForEach(
      definedEvents(),
      subscriptionsOf({
        gateJobs,
        metrics,
        notifications,
        notificationDelivery,
        promotionEvents,
        promotions,
        registrations,
        webhooks,
      }),
    );
    this.relay.start(subscriptions);
    this.jobs.start(subscriptions);
    this.reconciler.start();
    this.sealing.start();
    this.anchoring.start();
  }

  /** Takes on nothing new and lets what runs end; what does not end in time is given back. */
  async beforeApplicationShutdown(): Promise<void> {
    this.webhooks.stop();
    const stopped = Promise.all([
      this.jobs.stop(),
      this.reconciler.stop(),
      this.relay.stop(),
      this.sealing.stop(),
      this.anchoring.stop(),
    ]).then(() => true);
    const graceOver = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), graceMs).unref());
    if (await Promise.race([stopped, graceOver])) return;
    // What still runs may hold a connection or a file, or wait for a queue that is away: the end does not wait for it.
    setTimeout(() => process.exit(0), exitAfterMs).unref();
    await this.gateRuns.release();
  }
}
