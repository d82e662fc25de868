import { PrincipalRepository } from '@app/access';
import { EmailAddresses } from '@app/identity';
import { type Caller, Config, LOGGER } from '@app/platform';
import type { Told } from '@app/promotion';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Concerns } from './concerns.js';
import { EmailNotifier } from './email.notifier.js';
import { channelMessage, personalMessage } from './message.js';
import type { Notification } from './notification.js';
import { NotificationRepository } from './notification.repository.js';
import { DeliveryFailed, type Message, Undeliverable } from './notifier.js';
import { SlackNotifier } from './slack.notifier.js';

/** Nobody is told, and why. */
class Dropped {
  constructor(readonly why: string) {}
}

interface Parcel {
  message: Message;
  address: string;
}

/**
 * Tells one person, or the channel, of one thing: at least once, again after growing pauses, and no more after a day. Whether
 * it still concerns him, and what of it he may read, is asked right before it is sent.
 */
@Injectable()
export class NotificationDelivery {
  constructor(
    private readonly addresses: EmailAddresses,
    private readonly concerns: Concerns,
    private readonly config: Config,
    private readonly email: EmailNotifier,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly notifications: NotificationRepository,
    private readonly principals: PrincipalRepository,
    private readonly slack: SlackNotifier,
  ) {}

  /** Makes one attempt, when it is time for one. What fails is noted, and not thrown: the next attempt has its own time. */
  async deliver(id: string): Promise<void> {
    const notification = await this.notifications.take(id);
    if (!notification) return;
    try {
      const parcel = await this.parcelOf(notification);
      if (parcel instanceof Dropped) return await this.notifications.note(id, 'DROPPED', parcel.why);
      const notifier = { EMAIL: this.email, SLACK: this.slack }[notification.channel];
      await notifier.send(parcel.message, parcel.address);
      await this.notifications.note(id, 'SENT', null);
    } catch (error) {
      await this.failed(notification, error);
    }
  }

  private async failed({ id, attempts, isLast }: Notification & { isLast: boolean }, error: unknown): Promise<void> {
    const isOver = isLast || error instanceof Undeliverable;
    const told = isOver ? 'a notification is given up' : 'a notification could not be delivered: it is tried again';
    this.logger.warn({ err: error, notificationId: id, attempts }, told);
    const detail = error instanceof DeliveryFailed ? error.message : 'an error of the service';
    await this.notifications.note(id, isOver ? 'FAILED' : 'PENDING', detail);
  }

  private async parcelOf(notification: Notification): Promise<Parcel | Dropped> {
    const { publicUrl } = this.config;
    if (notification.principalId === null) {
      const told = await this.concerns.toldOfAnybody(notification);
      if (!told) return new Dropped('it concerns nobody any more');
      return { message: channelMessage(notification, told, { publicUrl }), address: '' };
    }
    const person = await this.personOf(notification.principalId);
    if (!person) return new Dropped('the user is disabled');
    const address = await this.addresses.of(person.id);
    const wanted = await this.notifications.reachable([person.id], notification.kind);
    if (!address || wanted.length === 0) return new Dropped('the user wants no such mail');
    const told = await this.concerns.told(person, notification);
    if (!told) return new Dropped('it does not concern the user any more');
    const by = await this.nameOf(told);
    return { message: personalMessage(notification, told, { by, publicUrl }), address: address.address };
  }

  private async personOf(principalId: string): Promise<Caller | undefined> {
    const user = await this.principals.byId(principalId);
    return user && user.disabledAt === null ? { id: user.id, name: user.name, kind: user.kind } : undefined;
  }

  private async nameOf({ byId }: Told): Promise<string> {
    return (await this.principals.byId(byId))?.name ?? 'Somebody who is gone';
  }
}
