import type { QueueConnection } from './queue-connection.js';

/**
 * Quick steps go through `messages`; what reads files, and may take its time, through `gates`; what waits for mail servers,
 * through `notifications`; what waits for the receivers of webhooks, through `deliveries`.
 */
export const queueNames = ['messages', 'gates', 'notifications', 'deliveries'] as const;
export type QueueName = (typeof queueNames)[number];

/** What BullMQ calls a queue of ours: other programs, and other installations, may share the server. */
export const fullQueueName = ({ namePrefix }: QueueConnection, name: QueueName): string => `${namePrefix}-${name}`;
