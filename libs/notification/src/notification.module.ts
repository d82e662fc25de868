import { IdentityModule } from '@app/identity';
import { OutboundModule } from '@app/outbound';
import { PromotionModule } from '@app/promotion';
import { Module } from '@nestjs/common';
import { Concerns } from './concerns.js';
import { EmailNotifier } from './email.notifier.js';
import { MutedNotificationRepository } from './muted-notification.repository.js';
import { NotificationReader } from './notification.reader.js';
import { NotificationRepository } from './notification.repository.js';
import { NotificationDelivery } from './notification-delivery.service.js';
import { NotificationPreferencesService } from './notification-preferences.service.js';
import { Notifications } from './notifications.service.js';
import { SlackNotifier } from './slack.notifier.js';

@Module({
  imports: [IdentityModule, OutboundModule, PromotionModule],
  providers: [
    Concerns,
    EmailNotifier,
    MutedNotificationRepository,
    NotificationDelivery,
    NotificationPreferencesService,
    NotificationReader,
    NotificationRepository,
    Notifications,
    SlackNotifier,
  ],
  exports: [NotificationDelivery, NotificationPreferencesService, NotificationReader, Notifications],
})
export class NotificationModule {}
