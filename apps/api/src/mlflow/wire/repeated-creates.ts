import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Access } from '@app/access';
import { DomainError, type IdempotencyKey, type IdempotencyKeys, type KeptAnswer } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { isStream, requestHash } from '../../http/idempotency.js';

declare module 'fastify' {
  interface FastifyRequest {
    createAttempt?: Attempt;
  }
}

/** Calls that make a new thing each time they are sent, or refuse the second. */
const creates = /^\/api\/2\.0\/mlflow\/((experiments|runs|registered-models|model-versions)\/create|logged-models)$/;

/** The client tries for some four minutes, each time for up to two. */
const keptForSeconds = 900;
/** A repetition waits so long for the request that it repeats. Then the client repeats once more. */
const patienceMs = 30_000;

/** One create on its way. */
class Attempt {
  answer: KeptAnswer | undefined;
  isAnswered = false;
  /** The connection was closed before the answer was written to it. */
  isLost = false;
  private end: () => void = () => undefined;
  readonly ended = new Promise<void>((resolve) => {
    this.end = resolve;
  });

  constructor(
    readonly id: IdempotencyKey,
    readonly hash: string,
    private readonly forget: () => void,
  ) {}

  finish(): void {
    this.forget();
    this.end();
  }
}

/** The attempts of this process, and the answers that nobody heard. */
class Attempts {
  private readonly underWay = new Map<string, Set<Attempt>>();

  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly logger: Logger,
  ) {}

  begin(principalId: string, hash: string): Attempt {
    const name = `${principalId} ${hash}`;
    const same = this.underWay.get(name) ?? new Set<Attempt>();
    this.underWay.set(name, same);
    // A space: no key that a client may choose has one.
    const attempt = new Attempt({ principalId, key: `create ${hash}` }, hash, () => {
      same.delete(attempt);
      if (same.size === 0 && this.underWay.get(name) === same) this.underWay.delete(name);
    });
    same.add(attempt);
    return attempt;
  }

  /** Ends an attempt that nobody heard of, with its answer kept. */
  async keep(attempt: Attempt): Promise<void> {
    try {
      if (attempt.answer) await this.keys.put(attempt.id, attempt.answer);
    } catch (error) {
      this.logger.warn({ err: error }, 'the answer to a create whose client was gone was not kept');
    } finally {
      attempt.finish();
    }
  }

  /**
   * The answer to an earlier request like this one that nobody heard, which is waited for.
   * @throws DomainError when it takes too long
   */
  async unheard({ id, hash }: Attempt): Promise<KeptAnswer['response']> {
    const same = this.underWay.get(`${id.principalId} ${hash}`) ?? [];
    const lost = [...same].filter(({ isLost }) => isLost).map(({ ended }) => ended);
    if (lost.length > 0 && !(await withinPatience(lost))) {
      const message = 'the same request is still being carried out: send it again';
      throw new DomainError('UNAVAILABLE', 'CREATE_UNDER_WAY', message);
    }
    return (await this.keys.take(id, keptForSeconds))?.response ?? null;
  }
}

async function withinPatience(ends: readonly Promise<void>[]): Promise<boolean> {
  const timer = new AbortController();
  const tooLong = pause(patienceMs, false, { signal: timer.signal }).catch(() => false);
  const isInTime = await Promise.race([Promise.all(ends).then(() => true), tooLong]);
  timer.abort();
  return isInTime;
}

/**
 * MLflow's client repeats a request whose connection was cut, and sends no key with it. So an answer to a create that
 * could not be delivered is kept, for the next request of the same principal that is the same to the byte; that one gets
 * it instead of making a second thing. Answers that were delivered are not kept: whoever then sends the same again means it,
 * as do two that send the same at once.
 *
 * A repetition that reaches another process while the first request still runs is not recognized, nor is one whose
 * first answer was lost behind a proxy that had taken it: a header Idempotency-Key covers these too.
 */
export function registerRepeatedCreates(
  fastify: FastifyInstance,
  keys: IdempotencyKeys,
  access: Access,
  logger: Logger,
): void {
  const attempts = new Attempts(keys, logger);
  fastify.decorateRequest('createAttempt', undefined);

  fastify.addHook('preHandler', async (request, reply) => {
    const { context } = request;
    const principalId = context?.caller?.id;
    if (!context || !principalId || !isCreate(request)) return;
    const attempt = attempts.begin(principalId, requestHash(request));
    request.createAttempt = attempt;
    context.memo.allowed ??= new Set();
    watch(reply.raw, attempt);
    // Later ones wait for earlier ones, and never the other way round.
    const response = await attempts.unheard(attempt);
    if (!response) return;
    await access.authorizeAgain(response.allowed ?? []);
    context.memo.allowed = new Set(response.allowed);
    return reply
      .header('content-type', response.contentType)
      .header('idempotency-replayed', 'true')
      .send(response.body);
  });

  function watch(raw: ServerResponse, attempt: Attempt): void {
    attempt.isLost = raw.destroyed;
    raw.once('close', () => {
      attempt.isLost = !raw.writableFinished;
      if (!attempt.isLost) attempt.finish();
      else if (attempt.isAnswered) void attempts.keep(attempt);
    });
  }

  fastify.addHook('onSend', async (request, reply, payload) => {
    const { createAttempt: attempt, context } = request;
    if (!attempt) return payload;
    attempt.isAnswered = true;
    // A refusal is not kept: nothing was made.
    if (reply.statusCode === 200 && typeof payload === 'string') {
      const contentType = String(reply.getHeader('content-type'));
      const response = { body: payload, contentType, allowed: [...(context?.memo.allowed ?? [])] };
      attempt.answer = { bodyHash: attempt.hash, status: 200, response };
    }
    if (attempt.isLost) await attempts.keep(attempt);
    return payload;
  });
}

const isCreate = ({ method, url, headers, body }: FastifyRequest): boolean =>
  method === 'POST' &&
  !isStream(body) &&
  headers['idempotency-key'] === undefined &&
  creates.test(url.split('?', 1)[0] as string);
