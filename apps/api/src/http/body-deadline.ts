import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Runs while the body of this request is expected. */
    bodyDeadline?: NodeJS.Timeout;
  }
}

/** With the status that the door answers it with: RFC 9110, section 15.5.9. */
class BodyTooSlow extends Error {
  readonly statusCode = 408;

  constructor(seconds: number) {
    super(`the body of the request did not arrive within ${seconds} s: send it again`);
  }
}

/** How long the rest of a body is taken in after the answer, so that a client which still sends can read it. */
const lingerSeconds = 5;

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * A body that drips in byte by byte holds a connection, and never lets it be idle: it has to be there in time. Node's own
 * requestTimeout knows no routes, and would end every long upload.
 */
export function registerBodyDeadline(fastify: FastifyInstance, seconds: number): void {
  fastify.decorateRequest('bodyDeadline', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (hasBody(request)) {
      request.bodyDeadline = setTimeout(() => giveUp(request, reply, seconds), seconds * 1000).unref();
      const { raw } = request;
      for (const event of ['end', 'close']) raw.once(event, () => liftBodyDeadline(request));
    }
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { raw } = request;
    if (hasBody(request) && !raw.complete && !raw.destroyed) {
      liftBodyDeadline(request);
      request.bodyDeadline = setTimeout(() => giveUp(request, reply, lingerSeconds), lingerSeconds * 1000).unref();
    }
    done();
  });
}

/** For a body that may take as long as it moves on: an idle connection is closed all the same. */
export const liftBodyDeadline = (request: FastifyRequest): void => clearTimeout(request.bodyDeadline);

function giveUp({ raw }: FastifyRequest, reply: FastifyReply, seconds: number): void {
  // Answered already, while the body was on its way, or read by nobody: nobody waits for the rest.
  if (reply.raw.headersSent || raw.listenerCount('error') === 0) raw.destroy();
  else {
    reply.header('connection', 'close');
    // Who reads the body hears of it as of any error of the stream, so that the answer has the form of its surface.
    raw.emit('error', new BodyTooSlow(seconds));
  }
}
