import fastifyStatic from '@fastify/static';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Declaration, declarationKey } from '../http/requires.js';
import { boardPath, QueueBoard } from './queue-board.js';

/**
 * What the page needs: its own scripts, styles and images, and nothing from anywhere else. Styles in the page are the
 * board's; no text of a job becomes one.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const declared: { [declarationKey]: Declaration } = { [declarationKey]: { questions: ['MANAGE'] } };

/** The door to the board: pages, what they ask for, and their files, each for administrators only. */
@Injectable()
export class QueueBoardRoutes implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly queues: QueueBoard,
  ) {}

  onModuleInit(): void {
    const { board } = this.queues;
    const fastify = this.host.httpAdapter.getInstance();
    // Not awaited: that would make the routes which are there already ready, before Nest has said how errors are answered.
    void fastify.register(fastifyStatic, { root: board.staticPath, serve: false, cacheControl: false });
    for (const route of [board.entry?.route ?? []].flat()) {
      this.get(route === '/' ? '' : route, async (_request, reply) =>
        reply
          .type('text/html; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('content-security-policy', contentSecurityPolicy)
          .send(await this.queues.page()),
      );
    }
    for (const read of board.reads) {
      for (const route of [read.route].flat()) {
        this.get(route, async (request, reply) => {
          const { status = 200, body } = await this.queues.answer(read, request);
          return reply.status(status).header('cache-control', 'no-store').send(body);
        });
      }
    }
    // Their names change with their content.
    this.get('/static/*', (request, reply) =>
      reply.header('cache-control', 'private, max-age=86400').sendFile((request.params as { '*': string })['*']),
    );
  }

  private get(route: string, handle: (request: FastifyRequest, reply: FastifyReply) => unknown): void {
    this.host.httpAdapter.getInstance().route({
      method: 'GET',
      url: `${boardPath}${route}`,
      config: declared,
      handler: async (request, reply) => {
        await this.queues.authorize();
        return handle(request, reply);
      },
    });
  }
}
