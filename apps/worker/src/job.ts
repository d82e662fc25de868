import { z } from 'zod';

/** What a job carries: which message it delivers, and the ids in it. Everything else is read from PostgreSQL. */
export const jobData = z.strictObject({
  messageId: z.int(),
  event: z.string(),
  payload: z.unknown(),
  /** Of the request that caused it, so that its log lines can be found together. */
  requestId: z.string().nullable(),
});
export type JobData = z.output<typeof jobData>;

/** One job for each message: a message that is shipped again while its job is there adds none. BullMQ refuses ids that are numbers. */
export const jobIdOf = ({ messageId }: JobData): string => `message-${messageId}`;
