import type { RefusalLog } from '@app/audit';
import type { RequestContext } from '@app/platform';
import type { FastifyInstance } from 'fastify';

/**
 * Keeps what a request is refused until its answer has left. "close" comes after an answer, and also when the client went
 * away before one: who hangs up is on record like anybody else.
 */
export function recordRefusalsAfterAnswer(fastify: FastifyInstance, refusals: RefusalLog): void {
  fastify.addHook('preHandler', (request, reply, done) => {
    const context = request.context as RequestContext;
    // The client is gone already, and "close" will not come again: what is noted now is written at once.
    if (!reply.raw.destroyed) {
      refusals.hold(context);
      reply.raw.once('close', () => refusals.release(context));
    }
    done();
  });
}
