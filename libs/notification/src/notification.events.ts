import { defineEvent } from '@app/platform';
import { z } from 'zod';

/** Somebody is to be told now. */
export const notificationDue = defineEvent('notification.due', z.strictObject({ notificationId: z.uuid() }));
