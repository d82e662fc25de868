import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app';
import type { Queue } from 'bullmq';

/**
 * What bull-board tells a server of itself, for our own routes to serve. Its plugin for Fastify would register routes that
 * declare no privileges, and answer errors in its own way.
 */
export class Board implements IServerAdapter {
  queues: BullBoardQueues = new Map();
  uiConfig: UIConfig = {};
  viewsPath = '';
  staticPath = '';
  entry: AppViewRoute | undefined;
  /** The routes that read. Those that retry, remove or pause are not served at all. */
  reads: AppControllerRoute[] = [];
  private readonly add: ReturnType<typeof createBullBoard>['addQueue'];

  constructor() {
    const { addQueue } = createBullBoard({
      queues: [],
      serverAdapter: this,
      options: { uiConfig: { boardTitle: 'Imprimatur: queues', hideDocsLink: true } },
    });
    this.add = addQueue;
  }

  /** @param name what people call the queue */
  show(queue: Queue, name: string): void {
    this.add(new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false, displayName: name }));
  }

  setQueues(queues: BullBoardQueues): this {
    this.queues = queues;
    return this;
  }

  setUIConfig(config: UIConfig): this {
    this.uiConfig = config;
    return this;
  }

  setViewsPath(path: string): this {
    this.viewsPath = path;
    return this;
  }

  setStaticPath(_route: string, path: string): this {
    this.staticPath = path;
    return this;
  }

  setEntryRoute(route: AppViewRoute): this {
    this.entry = route;
    return this;
  }

  setApiRoutes(routes: AppControllerRoute[]): this {
    this.reads = routes.filter(({ method }) => method === 'get');
    return this;
  }

  /** Errors are answered as everywhere else. */
  setErrorHandler(): this {
    return this;
  }
}
