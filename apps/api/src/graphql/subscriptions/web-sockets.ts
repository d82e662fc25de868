import { Unauthenticated } from '@app/access';
import { DomainError, LOGGER } from '@app/platform';
import fastifyWebsocket, { type WebSocket } from '@fastify/websocket';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Context, handleProtocols } from 'graphql-ws';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Logger } from 'pino';
import { Callers } from '../../auth/callers.js';
import { type Declaration, declarationKey } from '../../http/requires.js';
import { subscriptionPaths } from '../../http/surface.js';
import { type Subscriber, SubscriptionRunner } from './subscription-runner.js';
import { SubscriptionSlots } from './subscription-slots.js';

/** For the routes that carry operations of GraphQL. */
export const fieldsDeclare: Declaration = { open: 'each field declares what it asks: graphql/server/field.ts' };

/** Close codes of graphql-transport-ws, and of RFC 6455. */
const closing = { goingAway: 1001, tryAgainLater: 1013, unauthenticated: 4401, forbidden: 4403 } as const;

/** A document of the largest size that is allowed, and its variables. */
const maxPayload = 64 * 1024;
const initWithin = 5000;
const closeWithin = 2000;

/** Before the hooks that authenticate, so that they know a WebSocket. */
export async function registerWebSockets(app: NestFastifyApplication): Promise<void> {
  await app.register(fastifyWebsocket, {
    options: { maxPayload, handleProtocols },
    errorHandler: (_error, socket) => socket.terminate(),
    preClose(this: FastifyInstance, done: () => void) {
      const { clients } = this.websocketServer;
      for (const client of clients) client.close(closing.goingAway, 'the process ends: connect again');
      // A client that does not answer would hold up the end of the process.
      setTimeout(() => {
        for (const client of clients) client.terminate();
      }, closeWithin).unref();
      done();
    },
  });
}

type Extra = { socket: WebSocket; request: FastifyRequest; subscriber?: Subscriber };
type Connection = Context<{ authorization?: unknown }, Extra>;

/**
 * Subscriptions over graphql-transport-ws. A client authenticates by the headers of the handshake, where a browser's
 * session needs a page of ours; or by `authorization` in the payload of connection_init, which wins.
 */
@Injectable()
export class WebSockets implements OnModuleInit {
  constructor(
    private readonly callers: Callers,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly runner: SubscriptionRunner,
    private readonly slots: SubscriptionSlots,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const handler = makeHandler<{ authorization?: unknown }, Extra>({
      connectionInitWaitTimeout: initWithin,
      onConnect: (connection) => this.connect(connection as Connection),
      onSubscribe: ({ extra }, _id, params) => this.runner.prepare(extra.subscriber as Subscriber, params),
      subscribe: (args) => this.runner.open(args as Parameters<SubscriptionRunner['open']>[0]),
    });
    const { slots } = this;
    this.host.httpAdapter.getInstance().route({
      url: subscriptionPaths.webSocket,
      method: 'GET',
      config: { [declarationKey]: fieldsDeclare },
      handler: (_request, reply) => reply.status(426).header('upgrade', 'websocket').send(),
      wsHandler(this: FastifyInstance, socket: WebSocket, request: FastifyRequest) {
        try {
          socket.once('close', slots.takeOfProcess('WebSocket'));
          handler.call(this, socket, request);
        } catch (error) {
          socket.close(closing.tryAgainLater, reasonOf(error));
        }
      },
    });
  }

  /** connection_init. False: the connection is closed. */
  private async connect({ extra, connectionParams }: Connection): Promise<boolean> {
    const { socket, request } = extra;
    const given = connectionParams?.authorization;
    try {
      const evidence = this.callers.evidenceOf(request, typeof given === 'string' ? given : undefined);
      const { caller } = await this.callers.check(request, undefined, evidence);
      socket.once('close', this.slots.takeOfPrincipal('WebSocket', caller));
      extra.subscriber = {
        request,
        evidence,
        dismiss: (error) => socket.close(closing.unauthenticated, reasonOf(error)),
      };
      return true;
    } catch (error) {
      if (!(error instanceof DomainError)) this.logger.error({ err: error }, 'a WebSocket could not be authenticated');
      socket.close(error instanceof Unauthenticated ? closing.unauthenticated : closing.forbidden, reasonOf(error));
      return false;
    }
  }
}

/** The reason of a close frame has 123 bytes at most (RFC 6455, section 5.5), and tells what is meant for the caller only. */
const reasonOf = (error: unknown): string =>
  Buffer.from(error instanceof DomainError ? error.message : 'internal error')
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
