import { z } from 'zod';

/** What bounds the delivery of webhooks (docs/webhooks.md). */
export const webhookSettings = {
  WEBHOOK_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('Webhooks that one worker delivers to at the same time, with up to four requests each.'),
  WEBHOOK_FIRST_PAUSE_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(3600)
    .default(5)
    .describe(
      'The pause before a webhook is tried again, at most: after each failure it may be twice as long, up to 4 hours.',
    ),
  WEBHOOK_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(15)
    .default(10)
    .describe('Within it the receiver of a webhook must have answered.'),
};
