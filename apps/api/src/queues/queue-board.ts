import path from 'node:path';
import { Access, METASTORE_ID, SecurableRepository } from '@app/access';
import { DomainError, fullQueueName, QUEUE_CONNECTION, type QueueConnection, queueNames } from '@app/platform';
import type { AppControllerRoute } from '@bull-board/api/typings/app';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import ejs from 'ejs';
import type { FastifyRequest } from 'fastify';
import { Board } from './board.js';

/** Where the board is: its page asks for everything below it. */
export const boardPath = '/queues';

/**
 * What the queues hold, for operators. It only shows: the queue delivers, and what is to be done stands in PostgreSQL, so
 * that a job which is removed here would come back, and one that is retried would do nothing.
 */
@Injectable()
export class QueueBoard implements OnApplicationShutdown {
  readonly board = new Board();
  private queues: Queue[] = [];

  constructor(
    private readonly access: Access,
    @Inject(QUEUE_CONNECTION) private readonly connection: QueueConnection,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws PermissionDenied unless the caller has MANAGE on the metastore: jobs of all catalogs are shown together */
  async authorize(): Promise<void> {
    const metastore = await this.securables.byId(METASTORE_ID);
    await this.access.authorize('MANAGE', metastore, 'METASTORE', 'metastore');
  }

  /** The page itself; it holds nothing of the queues. */
  async page(): Promise<string> {
    const { entry, uiConfig, viewsPath } = this.board;
    if (!entry) throw new Error('the board has no page');
    const { name, params } = entry.handler({ basePath: boardPath, uiConfig });
    return ejs.renderFile(path.join(viewsPath, name), params);
  }

  /** What the page asks for. @throws DomainError UNAVAILABLE while the queue's backend is away */
  async answer(route: AppControllerRoute, { params, query }: FastifyRequest) {
    await this.requireBackend();
    this.open();
    return route.handler({
      queues: this.board.queues,
      uiConfig: this.board.uiConfig,
      params: params as Record<string, string>,
      query: query as Record<string, string>,
      body: {},
      headers: {},
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close()));
  }

  /** BullMQ itself would wait until the backend is back. */
  private async requireBackend(): Promise<void> {
    await this.connection.ping().catch((cause: unknown) => {
      throw new DomainError('UNAVAILABLE', 'QUEUE_UNAVAILABLE', 'the queue does not answer: try again in a moment', {
        cause,
      });
    });
  }

  /** At the first question: nobody else in this process needs the queues, and on PostgreSQL each has connections. */
  private open(): void {
    if (this.queues.length > 0) return;
    this.queues = queueNames.map((name) => {
      const queue = new Queue(fullQueueName(this.connection, name), { connection: this.connection.connection });
      // Each call rejects by itself when the server is away; without a listener the event would end the process.
      queue.on('error', () => undefined);
      this.board.show(queue, name);
      return queue;
    });
  }
}
