import { type Readable, Transform } from 'node:stream';
import { ArtifactTooLarge } from '@app/artifacts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { liftBodyDeadline } from '../../http/body-deadline.js';

/** The artifact proxy, and what MLflow's pages upload with (run-files.controller.ts). */
const uploads: Record<string, RegExp> = {
  PUT: /^\/api\/2\.0\/mlflow-artifacts\/artifacts\//,
  POST: /^\/api\/2\.0\/mlflow\/upload-artifact(\?|$)/,
};

const isUpload = ({ method, url }: FastifyRequest): boolean => uploads[method]?.test(url) ?? false;

/**
 * MLflow clients name the type of the file that they upload: a model's input_example.json comes as application/json.
 * Here every upload is bytes, which no parser reads into memory. It may take as long as it moves on.
 * @param limit the most bytes of one file
 */
export function registerRawUploads(fastify: FastifyInstance, limit: number): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isUpload(request)) {
      request.headers['content-type'] = 'application/octet-stream';
      // An upload may be repeated anyway, and its bytes are not in memory to be compared with the first one's.
      delete request.headers['idempotency-key'];
    }
    done();
  });

  // Whatever is not JSON is handed to its controller as a stream.
  fastify.addContentTypeParser('*', (request, payload, done) => {
    if (!isUpload(request)) return done(null, payload);
    liftBodyDeadline(request);
    const declared = Number(request.headers['content-length']);
    if (declared > limit) done(new ArtifactTooLarge(limit));
    else done(null, Number.isNaN(declared) ? bounded(payload, limit) : payload);
  });
}

/** The same bytes, up to the limit. The source is left open when they are too many, so that the client can be told. */
function bounded(source: Readable, limit: number): Readable {
  let received = 0;
  const target = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > limit) done(new ArtifactTooLarge(limit));
      else done(null, chunk);
    },
  });
  source.once('error', (error) => target.destroy(error));
  // Who reads it hears of an error all the same; until somebody does, it must not end the process.
  target.on('error', () => undefined);
  return source.pipe(target);
}
