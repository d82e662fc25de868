import {
  type OutboundAnswer,
  OutboundFailed,
  OutboundHttp,
  OutboundRefused,
  SecretBox,
  SecretUnreadable,
  signed,
} from '@app/outbound';
import { Config } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { DeliveryRights, type Obstacle } from './delivery-rights.js';
import { testEventType } from './event-type.js';
import { isMlflowEventType } from './mlflow-event-type.js';
import { mlflowBody, mlflowHeaders } from './mlflow-form.js';
import { type ToldEvent, ToldEvents } from './told-event.js';
import { secretContext } from './webhook.js';
import { askedToWait, pauseAfter } from './webhook-delivery.js';
import type { ClaimedDelivery, Ending } from './webhook-queue.repository.js';

/** Of an answer, so much is kept in the log. */
const keptResponse = 1000;

/** How an attempt ended, and what it says of the receiver. */
export interface Sent extends Ending {
  delivery: ClaimedDelivery;
  /** UNASKED: nothing was sent. */
  receiver: 'WELL' | 'FAILING' | 'UNASKED';
  /** For how long the receiver asks to be left alone. */
  askedToWaitMs: number;
  /** Why the webhook is to be disabled. */
  disable?: string;
}

const obstacles: Record<Obstacle, string> = {
  OWNER: 'not sent: the owner of the webhook may not manage what it is on any more',
  EVENT: 'not sent: the owner of the webhook may not see what it tells of',
};

type Line = Ending['line'];

/** Also a secret that cannot be read: until it is rotated, or its key is back, the rest must not wait for it. */
const isUnsent = (error: unknown): error is Error =>
  error instanceof OutboundFailed || error instanceof OutboundRefused || error instanceof SecretUnreadable;

/** Makes one attempt to deliver one event. Writes nothing. */
@Injectable()
export class WebhookSender {
  constructor(
    private readonly box: SecretBox,
    private readonly config: Config,
    private readonly events: ToldEvents,
    private readonly http: OutboundHttp,
    private readonly rights: DeliveryRights,
  ) {}

  async send(delivery: ClaimedDelivery): Promise<Sent> {
    const startedAt = new Date();
    const event = await this.events.byId(delivery.eventId);
    if (!event) return unasked(delivery, startedAt, 'GIVEN_UP', 'not sent: the audit trail has no such event');
    const obstacle = await this.rights.obstacle(delivery, event);
    if (obstacle) {
      const withheld = unasked(delivery, startedAt, 'WITHHELD', obstacles[obstacle]);
      return obstacle === 'OWNER' ? { ...withheld, disable: 'its owner may not manage what it is on' } : withheld;
    }
    try {
      return answered(delivery, startedAt, await this.post(delivery, event, startedAt), this.firstPauseMs);
    } catch (error) {
      if (isUnsent(error)) return unanswered(delivery, startedAt, error, this.firstPauseMs);
      throw error;
    }
  }

  private get firstPauseMs(): number {
    return this.config.settings.WEBHOOK_FIRST_PAUSE_SECONDS * 1000;
  }

  /** Each attempt has its own timestamp, so that a receiver can refuse what is old. */
  private post(delivery: ClaimedDelivery, event: ToldEvent, timestamp: Date) {
    const { url, webhookId, secrets } = delivery;
    const opened = secrets.map((sealed) => this.box.open(sealed, secretContext(webhookId)));
    const { headers, body } = this.messageOf(delivery, event, { timestamp, secrets: opened });
    const timeoutMs = this.config.settings.WEBHOOK_TIMEOUT_SECONDS * 1000;
    return this.http.post({ url, headers, body, timeoutMs, maxResponseBytes: 4 * keptResponse });
  }

  private messageOf(
    { format, eventId: id, eventType: type }: ClaimedDelivery,
    event: ToldEvent,
    { timestamp, secrets }: { timestamp: Date; secrets: readonly string[] },
  ): { headers: Record<string, string>; body: string } {
    if (format === 'MLFLOW' && isMlflowEventType(type)) {
      const isTest = event.action === testEventType;
      const body = mlflowBody({ type, isTest }, event, (name) => this.events.flatName(name));
      return { headers: mlflowHeaders({ id, timestamp, body, secret: secrets[0] }), body };
    }
    const body = JSON.stringify(this.events.toCloudEvent(event));
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...signed({ id, timestamp, body, secrets }),
    };
    return { headers, body };
  }
}

function answered(
  delivery: ClaimedDelivery,
  startedAt: Date,
  { status, headers, body, durationMs }: OutboundAnswer,
  firstPauseMs: number,
): Sent {
  const response = body.replaceAll('\u0000', '').slice(0, keptResponse);
  const line: Line = { startedAt, durationMs, statusCode: status, response, error: null };
  if (status >= 200 && status < 300) return ended(delivery, line, 'DELIVERED', 'WELL');
  if (status === 410) {
    return { ...ended(delivery, line, 'GIVEN_UP', 'WELL'), disable: 'the receiver answered 410 Gone' };
  }
  return failing(delivery, line, askedToWait(headers['retry-after']?.toString()), firstPauseMs);
}

/** What is refused for its address is refused again: only a replay, after a change, can succeed. */
function unanswered(delivery: ClaimedDelivery, startedAt: Date, error: Error, firstPauseMs: number): Sent {
  const line = { ...silent(startedAt, error.message), durationMs: Date.now() - startedAt.getTime() };
  return error instanceof OutboundRefused
    ? ended(delivery, line, 'GIVEN_UP', 'FAILING')
    : failing(delivery, line, 0, firstPauseMs);
}

const silent = (startedAt: Date, error: string): Line => ({
  startedAt,
  durationMs: 0,
  statusCode: null,
  response: null,
  error,
});

const unasked = (delivery: ClaimedDelivery, startedAt: Date, status: Ending['status'], why: string): Sent =>
  ended(delivery, silent(startedAt, why), status, 'UNASKED');

const ended = (delivery: ClaimedDelivery, line: Line, status: Ending['status'], receiver: Sent['receiver']): Sent => ({
  delivery,
  line,
  status,
  receiver,
  pauseMs: 0,
  askedToWaitMs: 0,
});

const failing = (delivery: ClaimedDelivery, line: Line, askedToWaitMs: number, firstPauseMs: number): Sent => ({
  ...ended(delivery, line, 'PENDING', 'FAILING'),
  pauseMs: Math.max(pauseAfter(delivery.tries + 1, firstPauseMs), askedToWaitMs),
  askedToWaitMs,
});
