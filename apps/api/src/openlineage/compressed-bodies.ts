import { PassThrough, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DomainError, InvalidArgument } from '@app/platform';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { lineagePaths, pathOf } from '../http/surface.js';

const compressed: readonly string[] = Object.values(lineagePaths);

const takesCompressed = (request: FastifyRequest): boolean => compressed.includes(pathOf(request));

/** With the status that the door answers it with: RFC 9110, section 15.5.16. */
class UnknownEncoding extends Error {
  readonly statusCode = 415;

  constructor(encoding: string) {
    super(`Content-Encoding: "${encoding.slice(0, 50)}" is not gzip: send the body as gzip, or as it is`);
  }
}

/**
 * Clients of OpenLineage may compress what they send.
 * @param limit the most bytes of a body, when it is inflated
 */
export function registerCompressedBodies(fastify: FastifyInstance, limit: number): void {
  fastify.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding']?.toLowerCase();
    if (!encoding || encoding === 'identity' || !takesCompressed(request)) return payload;
    if (encoding !== 'gzip') throw new UnknownEncoding(encoding);
    return inflated(payload, limit);
  });
}

/** The bytes of a gzip stream, up to the limit: what lies behind it is not inflated. The source is left open, so that the client can be told. */
function inflated(source: Readable, limit: number): RequestPayload {
  const gunzip = createGunzip();
  const target: RequestPayload & PassThrough = Object.assign(new PassThrough(), { receivedEncodedLength: 0 });
  let bytes = 0;
  const fail = (error: Error) => {
    source.unpipe(gunzip);
    gunzip.destroy();
    target.destroy(error);
  };
  // Fastify holds it against the length that the client declared.
  source.on('data', (chunk: Buffer) => {
    target.receivedEncodedLength = (target.receivedEncodedLength ?? 0) + chunk.length;
  });
  source.once('error', fail);
  gunzip.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit)
      fail(new DomainError('TOO_LARGE', 'TOO_LARGE', `the body has more than ${limit} bytes when it is inflated`));
  });
  gunzip.once('error', ({ message }) =>
    fail(new InvalidArgument(`the body is not gzip, as its Content-Encoding says: ${message}`)),
  );
  // Who reads it hears of an error all the same; until somebody does, it must not end the process.
  target.on('error', () => undefined);
  source.pipe(gunzip).pipe(target);
  return target;
}
