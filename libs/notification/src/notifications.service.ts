import { Outbox, Transaction } from '@app/platform';
import type { ToldState } from '@app/promotion';
import { Injectable } from '@nestjs/common';
import { Concerns } from './concerns.js';
import { EmailNotifier } from './email.notifier.js';
import { notificationDue } from './notification.events.js';
import { type Notification, outcomeOccasion } from './notification.js';
import { NotificationRepository, type Recipient } from './notification.repository.js';
import { SlackNotifier } from './slack.notifier.js';

type About = Pick<Notification, 'kind' | 'requestId' | 'occasion'>;

/**
 * Who is to be told of what has happened. It writes down whom, once for each occasion, and lets each of them be told by a
 * message of its own; an event that comes twice changes nothing. For the worker: no right is asked of the caller.
 */
@Injectable()
export class Notifications {
  constructor(
    private readonly concerns: Concerns,
    private readonly email: EmailNotifier,
    private readonly notifications: NotificationRepository,
    private readonly outbox: Outbox,
    private readonly slack: SlackNotifier,
    private readonly transaction: Transaction,
  ) {}

  /** A request has come into a state. */
  async requestMoved(event: {
    promotionRequestId: string;
    moveId: string;
    state: ToldState;
    evidenceDigest: string | null;
  }): Promise<void> {
    const { promotionRequestId: requestId, moveId, state, evidenceDigest } = event;
    if (state === 'AWAITING_APPROVAL') {
      return this.plan({ kind: 'APPROVAL_AWAITED', requestId, occasion: evidenceDigest ?? '' });
    }
    if (state === 'APPLIED') await this.plan({ kind: 'REVIEW_AWAITED', requestId, occasion: moveId });
    await this.plan({ kind: 'REQUEST_OUTCOME', requestId, occasion: outcomeOccasion(state, moveId) });
  }

  /** A waiver waits for a second person. */
  waiverProposed(event: { promotionRequestId: string; gateWaiverId: string }): Promise<void> {
    return this.plan({ kind: 'WAIVER_AWAITED', requestId: event.promotionRequestId, occasion: event.gateWaiverId });
  }

  /** Somebody has said something about a request. */
  commentMade(event: { promotionRequestId: string; commentId: string }): Promise<void> {
    return this.plan({ kind: 'COMMENT', requestId: event.promotionRequestId, occasion: event.commentId });
  }

  /** Brings on what is to be tried again, or whose message was lost: for the reconciler. */
  async requeueDue(): Promise<void> {
    const due = await this.notifications.due();
    await this.outbox.addAll(
      notificationDue,
      due.map((notificationId) => ({ notificationId })),
    );
  }

  /** Forgets what was sent or dropped long ago: for the reconciler. */
  purge(): Promise<number> {
    return this.notifications.purge();
  }

  private async plan(about: About): Promise<void> {
    if (!this.email.isEnabled && !this.slack.isEnabled) return;
    // Asked outside of the transaction, where what Access reads of a person is kept for the next question.
    const recipients = await this.recipientsOf(about);
    if (recipients.length === 0) return;
    await this.transaction.run(async () => {
      const made = await this.notifications.insert(about, recipients);
      await this.outbox.addAll(
        notificationDue,
        made.map((notificationId) => ({ notificationId })),
      );
    });
  }

  private async recipientsOf(about: About): Promise<Recipient[]> {
    const people = (await this.concerns.people(about)).map(({ id }) => id);
    if (people.length === 0) return [];
    const reached = this.email.isEnabled ? await this.notifications.reachable(people, about.kind) : [];
    const byMail = reached.map((principalId) => ({ channel: 'EMAIL' as const, principalId }));
    // What people say to one another is no news for a channel.
    const isNews = this.slack.isEnabled && about.kind !== 'COMMENT';
    return isNews ? [...byMail, { channel: 'SLACK', principalId: null }] : byMail;
  }
}
