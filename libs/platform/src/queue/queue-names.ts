import type { QueueConnection } from './queue-connection.js';

/** Quick steps go through `messages`; what reads files, and may take its time, through `gates`. */
export const queueNames = ['messages', 'gates'] as const;
export type QueueName = (typeof queueNames)[number];

/** What BullMQ calls a queue of ours: other programs, and other installations, may share the server. */
export const fullQueueName = ({ namePrefix }: QueueConnection, name: QueueName): string => `${namePrefix}-${name}`;
