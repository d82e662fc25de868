import type { Evidence } from '@app/identity';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { Callers } from '../../auth/callers.js';
import { declarationKey } from '../../http/requires.js';
import { subscriptionPaths } from '../../http/surface.js';
import type { OperationParams } from './operation.js';
import { SubscriptionRunner } from './subscription-runner.js';
import { fieldsDeclare } from './web-sockets.js';

/**
 * Subscriptions over server-sent events (the "distinct connections" of GraphQL over SSE): one request, one subscription.
 * The request is authenticated, and held to its origin, as every other.
 */
@Injectable()
export class EventStreams implements OnModuleInit {
  constructor(
    private readonly callers: Callers,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly runner: SubscriptionRunner,
  ) {}

  onModuleInit(): void {
    const handler = createHandler({
      // Streams that are reserved by a token and shared by several operations are not offered.
      authenticate: () => null,
      onSubscribe: ({ raw }, params) => this.open(raw, params as OperationParams),
    });
    this.host.httpAdapter.getInstance().route({
      url: subscriptionPaths.eventStream,
      method: ['GET', 'POST'],
      config: { [declarationKey]: fieldsDeclare },
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        // The library compares the whole header; which media types it may list was looked at before (surface.ts).
        request.headers.accept = 'text/event-stream';
        // The library's comments keep it open; an idle connection would be closed.
        request.raw.socket.setTimeout(0);
        await handler(request, reply);
        return reply.hijack();
      },
    });
  }

  /** @returns what is streamed: the results of the subscription, or the one that says why it cannot begin */
  private async open(request: FastifyRequest, params: OperationParams) {
    const evidence: Evidence = this.callers.evidenceOf(request);
    const prepared = this.runner.prepare({ request, evidence }, params);
    const outcome = Array.isArray(prepared) ? { errors: prepared } : await this.runner.open(prepared);
    return Symbol.asyncIterator in outcome ? outcome : streamOf(outcome);
  }
}

/** The library takes a result without data for something else. */
async function* streamOf(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}
