import { OutboundModule } from '@app/outbound';
import { Module } from '@nestjs/common';
import { DeliveryRights } from './delivery-rights.js';
import { ManagedWebhooks } from './managed-webhooks.js';
import { RegistryWebhooks } from './registry-webhooks.reader.js';
import { ToldEvents } from './told-event.js';
import { WebhookReader } from './webhook.reader.js';
import { WebhookRepository } from './webhook.repository.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { WebhookDispatcher } from './webhook-dispatcher.js';
import { WebhookQueueRepository } from './webhook-queue.repository.js';
import { WebhookSender } from './webhook-sender.js';
import { Webhooks } from './webhooks.service.js';

@Module({
  imports: [OutboundModule],
  providers: [
    DeliveryRights,
    ManagedWebhooks,
    RegistryWebhooks,
    ToldEvents,
    WebhookDeliveries,
    WebhookDeliveryRepository,
    WebhookDispatcher,
    WebhookQueueRepository,
    WebhookReader,
    WebhookRepository,
    WebhookSender,
    Webhooks,
  ],
  exports: [RegistryWebhooks, WebhookDeliveries, WebhookDispatcher, WebhookReader, Webhooks],
})
export class WebhookModule {}
