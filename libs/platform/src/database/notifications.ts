import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';
import { Config } from '../config/config.js';
import { LOGGER } from '../platform.tokens.js';

/** Called for each notification; without a payload when some may have been missed, as after a connection was lost. */
type Handler = (payload?: string) => void;

const retryAfter = 1000;

/**
 * PostgreSQL's own notifications (LISTEN, NOTIFY): they leave with the commit of what they tell of, reach every process,
 * and need no Redis. One connection of its own, opened when the first listener comes; a notification only says "look again".
 */
@Injectable()
export class Notifications implements OnApplicationShutdown {
  private readonly handlers = new Map<string, Handler>();
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** One handler for each channel. It is called without a payload once the connection stands. */
  listen(channel: string, handler: Handler): void {
    this.handlers.set(channel, handler);
    if (this.client || this.retry) this.subscribe(channel);
    else this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    await this.client?.end();
  }

  private connect(): void {
    const { DATABASE_URL } = this.config.settings;
    const client = new pg.Client({
      connectionString: DATABASE_URL,
      connectionTimeoutMillis: 5000,
      query_timeout: 5000,
      keepAlive: true,
    });
    this.client = client;
    client.on('notification', ({ channel, payload }) => this.handlers.get(channel)?.(payload));
    client.on('error', (error) => this.reconnect(client, error));
    client.on('end', () => this.reconnect(client));
    client.connect().then(
      () => {
        for (const channel of this.handlers.keys()) this.subscribe(channel);
      },
      (error: Error) => this.reconnect(client, error),
    );
  }

  private subscribe(channel: string): void {
    const { client } = this;
    client?.query(`LISTEN ${pg.escapeIdentifier(channel)}`).then(
      () => this.handlers.get(channel)?.(),
      (error: Error) => this.reconnect(client, error),
    );
  }

  /** @param lost the connection that ended; nothing happens when another has taken its place */
  private reconnect(lost: pg.Client, error?: Error): void {
    if (this.isClosed || lost !== this.client) return;
    this.client = undefined;
    lost.end().catch(() => undefined);
    this.logger.warn({ err: error }, 'the connection for notifications is lost: it is opened again');
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.connect();
    }, retryAfter).unref();
  }
}
