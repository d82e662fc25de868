import { defineEvent } from '@app/platform';
import { z } from 'zod';

/** A gate run waits for a worker. */
export const gateRunQueued = defineEvent(
  'gate_run.queued',
  z.strictObject({
    gateRunId: z.uuid(),
    /** How many gates of a type run at once is the worker's decision, before it looks at the run. */
    type: z.string(),
    /** It stands before a rollback: somebody waits for a bad version to be gone. */
    urgent: z.boolean(),
  }),
);

/** A gate run has its judgement: the request that waits for it must be looked at. */
export const gateRunFinished = defineEvent(
  'gate_run.finished',
  z.strictObject({ gateRunId: z.uuid(), promotionRequestId: z.uuid() }),
);
