import { gateRunFinished, gateRunQueued } from '@app/gates';
import type { PromotionEvents } from '@app/lineage';
import { NotificationDelivery, Notifications, notificationDue } from '@app/notification';
import type { OutboxEvent, QueueName } from '@app/platform';
import {
  discussionCommentMade,
  GateJobs,
  gateWaiverProposed,
  PromotionProgress,
  promotionRequestApproved,
  promotionRequestClosed,
  promotionRequestMoved,
} from '@app/promotion';
import { modelVersionRegistered, Registrations } from '@app/registry';
import { WebhookDispatcher, webhookDue } from '@app/webhook';
import type { WorkerMetrics } from './worker-metrics.js';

/** One arrow: an event, the queue that carries it, and what happens then. The handler may be called more than once. */
export interface Subscription {
  event: string;
  queue: QueueName;
  handle(payload: unknown): Promise<void>;
  /** The type of gate that it is, of which only so many may run at once. */
  gateType?(payload: unknown): string;
  /** In a queue whose jobs take their time: the lower one is taken first. All of one queue have one, or none has. */
  priority?(payload: unknown): number;
}

interface Services {
  gateJobs: GateJobs;
  metrics: WorkerMetrics;
  notifications: Notifications;
  notificationDelivery: NotificationDelivery;
  promotionEvents: PromotionEvents;
  promotions: PromotionProgress;
  registrations: Registrations;
  webhooks: WebhookDispatcher;
}

function on<Payload>(
  event: OutboxEvent<Payload>,
  queue: QueueName,
  handle: (payload: Payload) => Promise<void>,
): Subscription {
  return { event: event.name, queue, handle: (payload) => handle(event.payload.parse(payload)) };
}

/** For what ends a wait that people feel: an approved version moves, a bad one is rolled back. */
const first = 1;
const usual = 2;

/** Every asynchronous arrow of the service, on one page. */
export const subscriptionsOf = ({
  gateJobs,
  metrics,
  notifications,
  notificationDelivery,
  promotionEvents,
  promotions,
  registrations,
  webhooks,
}: Services): Subscription[] => [
  {
    ...on(modelVersionRegistered, 'gates', ({ versionId }) => registrations.complete(versionId)),
    priority: () => usual,
  },
  {
    ...on(gateRunQueued, 'gates', ({ gateRunId }) => metrics.timeGate(() => gateJobs.run(gateRunId))),
    gateType: (payload) => gateRunQueued.payload.parse(payload).type,
    priority: (payload) => (gateRunQueued.payload.parse(payload).urgent ? first : usual),
  },
  on(gateRunFinished, 'messages', ({ promotionRequestId }) => promotions.evaluate(promotionRequestId)),
  {
    ...on(promotionRequestApproved, 'gates', ({ promotionRequestId }) => promotions.apply(promotionRequestId)),
    priority: () => first,
  },
  on(promotionRequestMoved, 'notifications', (moved) => notifications.requestMoved(moved)),
  on(promotionRequestClosed, 'deliveries', ({ promotionRequestId }) => promotionEvents.tell(promotionRequestId)),
  on(gateWaiverProposed, 'notifications', (proposed) => notifications.waiverProposed(proposed)),
  on(discussionCommentMade, 'notifications', (made) => notifications.commentMade(made)),
  on(notificationDue, 'notifications', ({ notificationId }) => notificationDelivery.deliver(notificationId)),
  on(webhookDue, 'deliveries', ({ webhookId }) => webhooks.run(webhookId)),
];

/**
 * The subscriptions by event, when each event has exactly one.
 * @throws Error naming the events that have none, or two; and handlers of what is no event
 */
export function oneForEach(
  events: readonly string[],
  subscriptions: readonly Subscription[],
): Map<string, Subscription> {
  const byEvent = new Map(subscriptions.map((subscription) => [subscription.event, subscription]));
  const handled = subscriptions.map(({ event }) => event);
  const problems = [
    ...events.filter((event) => !byEvent.has(event)).map((event) => `${event} has no handler`),
    ...handled.filter((event, index) => handled.indexOf(event) !== index).map((event) => `${event} has two handlers`),
    ...handled.filter((event) => !events.includes(event)).map((event) => `${event} is no event`),
  ];
  if (problems.length > 0) throw new Error(`the subscriptions are wrong: ${problems.join('; ')}`);
  return byEvent;
}
