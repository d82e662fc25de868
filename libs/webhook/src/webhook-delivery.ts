export const deliveryStatuses = ['PENDING', 'DELIVERED', 'GIVEN_UP', 'WITHHELD'] as const;
/** WITHHELD: the webhook's owner may not see what it tells of. */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One event for one webhook. */
export interface WebhookDelivery {
  id: string;
  webhookId: string;
  /** What the receiver knows it by: the same for each attempt, and for each replay. */
  eventId: string;
  eventType: string;
  status: DeliveryStatus;
  /** How often it was sent. */
  attempts: number;
  createdAt: Date;
  /** While PENDING: not before then. */
  dueAt: Date;
  endedAt: Date | null;
}

/** One line of the delivery log: an answer, or why there was none. */
export interface WebhookAttempt {
  deliveryId: string;
  number: number;
  startedAt: Date;
  durationMs: number;
  statusCode: number | null;
  /** How the body of the answer begins. */
  response: string | null;
  error: string | null;
}

const longestPauseMs = 4 * 60 * 60 * 1000;
const shortestRestMs = 1000;
const longestRestMs = 10 * 60 * 1000;

/**
 * The pause before the next attempt: exponential with full jitter, so that what failed together is not tried together.
 * @param tries how often it has failed, 1 or more
 * @param firstPauseMs what the first pause is at most
 */
export const pauseAfter = (tries: number, firstPauseMs: number, random = Math.random): number =>
  random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1));

/** For how long a receiver that fails is left alone with all that waits for it: the longer it has failed, the longer. */
export const restAfter = (failingMs: number, random = Math.random): number =>
  shortestRestMs + random() * Math.min(longestRestMs, failingMs / 2);

/**
 * For how long a receiver asks to be left alone (Retry-After: seconds, or a date), within our own bounds; 0 when it asks
 * for nothing that can be understood.
 */
export function askedToWait(retryAfter: string | undefined, now = Date.now()): number {
  if (!retryAfter) return 0;
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestPauseMs) : 0;
}
