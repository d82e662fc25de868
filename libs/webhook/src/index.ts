export { type WebhookFormat, webhookFormats } from './event-type.js';
export { RegistryWebhooks } from './registry-webhooks.reader.js';
export { webhookDue } from './webhook.events.js';
export { type Webhook, type WebhookStatus, webhookStatuses } from './webhook.js';
export { WebhookModule } from './webhook.module.js';
export { WebhookReader } from './webhook.reader.js';
export { WebhookDeliveries } from './webhook-deliveries.service.js';
export {
  type DeliveryStatus,
  deliveryStatuses,
  type WebhookAttempt,
  type WebhookDelivery,
} from './webhook-delivery.js';
export { WebhookDispatcher } from './webhook-dispatcher.js';
export { Webhooks } from './webhooks.service.js';
