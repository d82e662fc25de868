import { defineEvent } from '@app/platform';
import { z } from 'zod';

/** Every rule is met and there is no wait, but the bytes must be read first: the worker applies it. */
export const promotionRequestApproved = defineEvent(
  'promotion_request.approved',
  z.strictObject({ promotionRequestId: z.uuid() }),
);
