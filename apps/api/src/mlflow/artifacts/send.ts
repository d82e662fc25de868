import { type Artifacts, RangeNotSatisfiable } from '@app/artifacts';
import { HttpException, HttpStatus } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { savedAs } from './content-type.js';
import { parseRange } from './range.js';

/**
 * Answers with an artifact, or with the range of it that the request asks for: as a stream, and as a file to be saved.
 * @throws NotFound, PermissionDenied; 416 for a range behind the end
 */
export async function sendArtifact(
  artifacts: Artifacts,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { size, span, stream } = await artifacts.open(path, parseRange(request.headers.range)).catch((error) => {
    if (!(error instanceof RangeNotSatisfiable)) throw error;
    reply.header('content-range', `bytes */${error.size}`);
    throw new HttpException(error.message, HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE);
  });
  const { contentType, contentDisposition } = savedAs(path);
  reply
    .headers({
      'accept-ranges': 'bytes',
      'content-type': contentType,
      'content-disposition': contentDisposition,
      'x-content-type-options': 'nosniff',
      'content-length': span ? span.end - span.start + 1 : size,
    })
    .status(span ? 206 : 200);
  if (span) reply.header('content-range', `bytes ${span.start}-${span.end}/${size}`);
  await reply.send(stream);
}
