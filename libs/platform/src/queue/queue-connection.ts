import { createHash } from 'node:crypto';
import { type ConnectionOptions, setDefaultBackendFactory } from 'bullmq';
import { Redis } from 'ioredis';
import type { Config } from '../config/config.js';
import { createPatientBackend } from './postgres-backend.js';

export type QueueBackend = 'redis' | 'postgres';

export interface QueueConnection {
  backend: QueueBackend;
  /** What the name of a queue begins with: installations on one Redis keep apart by their databases. */
  namePrefix: string;
  /** For the `connection` option of BullMQ's Queue and Worker. */
  connection: ConnectionOptions;
  /** Asks the backend whether it answers. Rejects when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Short, and the same for all processes that are given the same database. */
function databaseHash(url: string): string {
  const { host, pathname } = new URL(url);
  return createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 8);
}

/**
 * The queue's backend: Redis or Valkey when REDIS_URL is set, otherwise BullMQ's PostgreSQL backend in the schema
 * `bullmq` of DATABASE_URL. The queue only delivers; PostgreSQL's rows are the truth (docs/adr/0004).
 */
export function openQueueConnection(config: Config): QueueConnection {
  const { REDIS_URL, DATABASE_URL } = config.settings;
  const namePrefix = `imprimatur-${databaseHash(DATABASE_URL)}`;
  if (!REDIS_URL) {
    setDefaultBackendFactory(createPatientBackend as never);
    // Each queue and each of its workers has a pool of its own: a few connections are enough for it.
    const connection = { connectionString: DATABASE_URL, schema: 'bullmq', migrate: true, max: 3 };
    // PostgreSQL is asked by the database's own health check.
    return {
      backend: 'postgres',
      namePrefix,
      connection: connection as never,
      ping: async () => {},
      close: async () => {},
    };
  }
  setDefaultBackendFactory(undefined);
  // maxRetriesPerRequest: null is BullMQ's own demand: its blocking commands wait for Redis to come back.
  // disconnectTimeout: at the end ioredis holds the process for that long when Redis is away.
  const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null, disconnectTimeout: 100 });
  const patience = { connectTimeout: 2000, commandTimeout: 2000, disconnectTimeout: 100 };
  const probe = new Redis(REDIS_URL, { maxRetriesPerRequest: 0, ...patience });
  for (const client of [redis, probe]) client.on('error', () => undefined);
  return {
    backend: 'redis',
    namePrefix,
    connection: redis as never,
    ping: async () => {
      await probe.ping();
    },
    close: async () => {
      redis.disconnect();
      probe.disconnect();
    },
  };
}
