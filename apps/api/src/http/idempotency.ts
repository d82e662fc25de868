import { createHash } from 'node:crypto';
import type { Access } from '@app/access';
import { Conflict, type IdempotencyKey, type IdempotencyKeys, InvalidArgument } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while this request owns an idempotency key that waits for its answer. */
    idempotencyKey?: IdempotencyKey;
    /** Set by what answers with a secret that is shown once: the answer is not kept. */
    answerHoldsSecret?: boolean;
  }
}

const writes = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** A key is printable ASCII, as an HTTP header can carry it. */
function keyOf(request: FastifyRequest): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  const principalId = request.context?.caller?.id;
  // A body that is a stream cannot be compared with the first one's; no route that writes takes one.
  if (key === undefined || !principalId || !writes.has(request.method) || isStream(request.body)) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new InvalidArgument('Idempotency-Key: must be 1 to 255 printable ASCII characters without spaces', [
      'Idempotency-Key',
    ]);
  }
  return { principalId, key };
}

export const isStream = (body: unknown): boolean =>
  typeof (body as { pipe?: unknown } | undefined)?.pipe === 'function';

/** With the bounds of the token: a narrowed one is not shown what a wider one of the same principal was answered. */
export const requestHash = ({ method, url, body, context }: FastifyRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([method, url, body ?? null, context?.caller?.narrowing ?? null]))
    .digest('hex');

/**
 * The header Idempotency-Key on writes (draft-ietf-httpapi-idempotency-key-header): the same key and request get the
 * first answer again, while the caller is still allowed what it took; the same key with another request is a conflict. An
 * answer that cannot be kept is given all the same: what it tells of was done. The worker's reconciler forgets keys after a day.
 */
export function registerIdempotency(
  fastify: FastifyInstance,
  keys: IdempotencyKeys,
  access: Access,
  logger: Logger,
): void {
  fastify.decorateRequest('idempotencyKey', undefined);
  fastify.decorateRequest('answerHoldsSecret', false);

  fastify.addHook('preHandler', async (request, reply) => {
    const owned = keyOf(request);
    if (!owned) return;
    const bodyHash = requestHash(request);
    if (await keys.reserve(owned, bodyHash)) {
      request.idempotencyKey = owned;
      if (request.context) request.context.memo.allowed = new Set();
      return;
    }
    const kept = await keys.find(owned);
    if (kept?.bodyHash !== bodyHash) {
      throw new Conflict(
        'IDEMPOTENCY_KEY_REUSED',
        `Idempotency-Key: "${owned.key}" was used for another request, or with a token of other bounds: take a new key`,
      );
    }
    if (!kept.status || !kept.response) {
      throw new Conflict(
        'IDEMPOTENCY_KEY_IN_USE',
        `Idempotency-Key: no answer to the first request with "${owned.key}" is kept (it is not there yet, or holds a secret): repeat later, or look at what it did`,
      );
    }
    await access.authorizeAgain(kept.response.allowed ?? []);
    return reply
      .status(kept.status)
      .header('content-type', kept.response.contentType)
      .header('idempotency-replayed', 'true')
      .send(kept.response.body);
  });

  fastify.addHook('onSend', async (request, reply, payload) => {
    const { idempotencyKey: owned } = request;
    if (!owned || request.answerHoldsSecret) return payload;
    // A failure of ours is no answer to keep: the same key may be tried again.
    const failed = reply.statusCode >= 500 || request.context?.memo.failed;
    const contentType = String(reply.getHeader('content-type'));
    const allowed = [...(request.context?.memo.allowed ?? [])];
    try {
      if (failed || typeof payload !== 'string') await keys.release(owned);
      else await keys.keep(owned, reply.statusCode, { body: payload, contentType, allowed });
    } catch (error) {
      logger.warn({ err: error, requestId: request.id }, 'the answer to an idempotency key was not kept');
    }
    return payload;
  });
}
