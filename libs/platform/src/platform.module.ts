import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Config } from './config/config.js';
import { Database, Transaction } from './database/database.js';
import { Notifications } from './database/notifications.js';
import { TransactionalPool } from './database/pool.js';
import { Readiness } from './health/readiness.js';
import { IdempotencyKeys } from './idempotency/idempotency-keys.js';
import { createLogger } from './logging/logger.js';
import { Metrics } from './metrics/metrics.js';
import { Outbox } from './outbox/outbox.js';
import { LOGGER, QUEUE_CONNECTION } from './platform.tokens.js';
import { openQueueConnection, type QueueConnection } from './queue/queue-connection.js';

/** The machine below the nouns: configuration, PostgreSQL, the outbox, the queue's connection, logging. */
@Global()
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    @Inject(TransactionalPool) private readonly pool: TransactionalPool,
    @Inject(QUEUE_CONNECTION) private readonly queue: QueueConnection,
  ) {}

  static forRoot(app: string, config: Config): DynamicModule {
    const { DATABASE_URL, DATABASE_POOL_SIZE, LOG_LEVEL } = config.settings;
    const logger: Logger = createLogger(LOG_LEVEL, app);
    const providers = [
      { provide: Config, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: TransactionalPool, useFactory: () => new TransactionalPool(DATABASE_URL, DATABASE_POOL_SIZE) },
      { provide: QUEUE_CONNECTION, useFactory: () => openQueueConnection(config) },
      Database,
      Transaction,
      IdempotencyKeys,
      Notifications,
      Outbox,
      Readiness,
      Metrics,
    ];
    return { module: PlatformModule, providers, exports: providers };
  }

  /** Last of all: everything above has ended its work by now. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
    await this.pool.end();
  }
}
