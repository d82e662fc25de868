import { defineEvent } from '@app/platform';
import { z } from 'zod';

/** Every rule is met and there is no wait, but the bytes must be read first: the worker applies it. */
export const promotionRequestApproved = defineEvent(
  'promotion_request.approved',
  z.strictObject({ promotionRequestId: z.uuid() }),
);

/** The states that somebody is told of when a request comes into them. */
export const toldStates = [
  'AWAITING_APPROVAL',
  'BLOCKED',
  'CHANGES_REQUESTED',
  'APPLIED',
  'REJECTED',
  'EXPIRED',
  'SUPERSEDED',
] as const;
export type ToldState = (typeof toldStates)[number];

/** A request has come into a state, with this evidence. `moveId` tells this time from every other. */
export const promotionRequestMoved = defineEvent(
  'promotion_request.moved',
  z.strictObject({
    promotionRequestId: z.uuid(),
    moveId: z.uuid(),
    state: z.enum(toldStates),
    evidenceDigest: z.string().nullable(),
  }),
);

/** A request is closed, in whichever way. */
export const promotionRequestClosed = defineEvent(
  'promotion_request.closed',
  z.strictObject({ promotionRequestId: z.uuid() }),
);

/** A waiver waits for a second person. */
export const gateWaiverProposed = defineEvent(
  'gate_waiver.proposed',
  z.strictObject({ promotionRequestId: z.uuid(), gateWaiverId: z.uuid() }),
);

/** Somebody has said something about a request. */
export const discussionCommentMade = defineEvent(
  'discussion_comment.made',
  z.strictObject({ promotionRequestId: z.uuid(), commentId: z.uuid() }),
);
