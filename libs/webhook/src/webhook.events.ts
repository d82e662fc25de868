import { defineEvent } from '@app/platform';
import { z } from 'zod';

/** A webhook has something to send. The trigger on audit_events writes it too, by this name. */
export const webhookDue = defineEvent('webhook.due', z.strictObject({ webhookId: z.uuid() }));
