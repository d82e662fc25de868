export { notificationDue } from './notification.events.js';
export {
  type Channel,
  channels,
  type Notification,
  type NotificationKind,
  type NotificationState,
  notificationKinds,
  notificationStates,
} from './notification.js';
export { NotificationModule } from './notification.module.js';
export { NotificationReader } from './notification.reader.js';
export { NotificationDelivery } from './notification-delivery.service.js';
export { type NotificationPreferences, NotificationPreferencesService } from './notification-preferences.service.js';
export { Notifications } from './notifications.service.js';
