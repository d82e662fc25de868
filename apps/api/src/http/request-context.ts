import { randomUUID } from 'node:crypto';
import { type RequestContext, runInContext } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Callers } from '../auth/callers.js';
import { approvalPaths, gateReportPath, hostMetadataPath, pathOf, subscriptionPaths } from './surface.js';

declare module 'fastify' {
  interface FastifyRequest {
    context?: RequestContext;
  }
}

const probes = new Set(['/health', '/health/live', '/health/ready', '/metrics', '/version']);
/** Routes that ask for no caller. Everything else is refused without one, routes that do not exist included. */
const publicPaths = new Set([
  ...probes,
  '/auth/login',
  '/auth/callback',
  '/.well-known/imprimatur-keys.json',
  hostMetadataPath,
  // They say what the address says (approvals/approvals.controller.ts).
  ...Object.values(approvalPaths),
  // It asks for the token of a call instead (gates/report-tokens.ts).
  gateReportPath,
]);

export const isPublic = (request: FastifyRequest): boolean => publicPaths.has(pathOf(request));

/** Asked every few seconds, by machines. */
export const isProbe = (request: FastifyRequest): boolean => probes.has(pathOf(request));

/** A browser's WebSocket without a session: its token comes in the first message (graphql/subscriptions). */
const awaitsFirstMessage = (request: FastifyRequest, callers: Callers): boolean =>
  request.ws === true && pathOf(request) === subscriptionPaths.webSocket && !callers.hasEvidence(request);

/** A request id is taken over from a proxy when it is harmless, and made otherwise. */
export const requestIdOf = (header: unknown): string =>
  typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : randomUUID();

/** Gives every request its context: a request id, the address, and the authenticated caller. */
export function registerRequestContext(fastify: FastifyInstance, callers: Callers): void {
  fastify.decorateRequest('context', undefined);

  fastify.addHook('onRequest', async (request, reply) => {
    const context: RequestContext = { requestId: request.id, address: request.ip, caller: null, memo: {} };
    request.context = context;
    reply.header('x-request-id', request.id);
    if (isPublic(request) || awaitsFirstMessage(request, callers)) return;
    const { caller, accessVersion } = await runInContext(context, () => callers.of(request, reply));
    context.caller = caller;
    context.memo.accessVersion = accessVersion;
  });

  // After the body is read: the parser's callbacks would lose an earlier context.
  fastify.addHook('preHandler', (request, _reply, done) => runInContext(request.context as RequestContext, done));
}
