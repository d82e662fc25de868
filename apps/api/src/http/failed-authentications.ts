import { Unauthenticated } from '@app/access';
import { Config, DomainError, LOGGER, Metrics, QUEUE_CONNECTION, type QueueConnection } from '@app/platform';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { clientOf, presentedPrincipal } from './presented-principal.js';
import { RefusedClients } from './refused-clients.js';

/** What a client is told that has done it too often: before its credentials are looked at, so that it learns nothing about them. */
const tooMany = {
  'failed-authentications': {
    reason: 'TOO_MANY_FAILED_AUTHENTICATIONS',
    message: 'too many failed authentications: check the token, and',
  },
  logins: { reason: 'TOO_MANY_LOGINS', message: 'too many logins were begun from your address:' },
};

/**
 * Counts failed authentications, and logins that are begun, for each client address and for each principal that is presented, over a window that
 * begins with the first failure; all API processes count together where there is a Redis, and each by itself, in memory,
 * where there is none or while it is away.
 *
 * An address over its limit is refused before its credentials are looked at. A principal over its limit is not: nobody can
 * lock somebody else out. While it is over, one failure with it is enough for an address to be refused with it
 * (docs/operations.md). A process learns of what others have counted at its own first failure: a success asks nobody.
 */
@Injectable()
export class FailedAuthentications implements OnApplicationShutdown {
  private readonly redis: Redis | undefined;
  private readonly addresses: RateLimiterAbstract;
  private readonly principals: RateLimiterAbstract;
  private readonly logins: RateLimiterAbstract;
  private readonly refused = new RefusedClients();
  private readonly failures: Counter<'outcome'>;
  private readonly settings: Config['settings'];
  private warnedOfProxy = false;

  constructor(
    config: Config,
    metrics: Metrics,
    @Inject(QUEUE_CONNECTION) queue: QueueConnection,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.settings = config.settings;
    const { REDIS_URL, AUTH_FAILURES_PER_ADDRESS, AUTH_FAILURES_PER_PRINCIPAL } = config.settings;
    this.redis = REDIS_URL ? this.connect(REDIS_URL) : undefined;
    this.addresses = this.limiter(`${queue.namePrefix}-failed-authentications-of-address`, AUTH_FAILURES_PER_ADDRESS);
    this.principals = this.limiter(
      `${queue.namePrefix}-failed-authentications-of-principal`,
      AUTH_FAILURES_PER_PRINCIPAL,
    );
    this.logins = this.limiter(`${queue.namePrefix}-logins-of-address`, AUTH_FAILURES_PER_ADDRESS);
    this.failures = new Counter({
      name: 'failed_authentications_total',
      help: 'Requests whose credentials were wrong (outcome="failed"), or not looked at after too many such (outcome="refused").',
      labelNames: ['outcome'],
      registers: [metrics.registry],
    });
    for (const outcome of ['failed', 'refused']) this.failures.inc({ outcome }, 0);
  }

  /**
   * Authenticates a request that presents credentials.
   * @param header the credentials as they were sent; null for a session, which tells nothing of its principal
   * @throws what `authenticate` throws; DomainError RATE_LIMITED instead of Unauthenticated, and without a call of
   *   `authenticate`, when this client has failed too often
   */
  async guard<T>(
    request: FastifyRequest,
    reply: FastifyReply | undefined,
    header: string | null,
    authenticate: () => Promise<T>,
  ): Promise<T> {
    const address = clientOf(request.ip);
    if (!this.refused.isEmpty) {
      const wait = Math.max(this.refused.of(address), header ? this.refused.of(pairOf(address, header)) : 0);
      if (wait > 0) throw this.refusal(reply, wait);
    }
    try {
      return await authenticate();
    } catch (error) {
      if (!(error instanceof Unauthenticated)) throw error;
      const wait = Math.max(
        await this.countOfAddress(request, address),
        header ? await this.countOfPrincipal(address, header) : 0,
      );
      if (wait > 0) throw this.refusal(reply, wait);
      this.failures.inc({ outcome: 'failed' });
      throw error;
    }
  }

  /**
   * Counts a login that is begun. Nobody is known yet, and each one keeps a row for a while: an address may begin as many as
   * it may fail. Beyond that it begins no more; what it does with right credentials goes on.
   * @throws DomainError RATE_LIMITED
   */
  async admitLogin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { consumedPoints: begun, msBeforeNext } = await this.logins.penalty(clientOf(request.ip));
    if (begun > this.settings.AUTH_FAILURES_PER_ADDRESS) throw this.refusal(reply, msBeforeNext, 'logins');
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }

  /** Counts a failure. @returns for how many milliseconds the address is refused; 0 when it was within its limit */
  private async countOfAddress(request: FastifyRequest, address: string): Promise<number> {
    this.warnOfProxy(request);
    const limit = this.settings.AUTH_FAILURES_PER_ADDRESS;
    const { consumedPoints: failures, msBeforeNext } = await this.addresses.penalty(address);
    if (failures >= limit) {
      this.refused.add(address, msBeforeNext);
      this.logger.warn({ address, failures }, 'an address is refused: it has failed to authenticate too often');
    }
    return failures > limit ? msBeforeNext : 0;
  }

  /** The same for the address with the principal that it presented. */
  private async countOfPrincipal(address: string, header: string): Promise<number> {
    const limit = this.settings.AUTH_FAILURES_PER_PRINCIPAL;
    const { consumedPoints: failures, msBeforeNext } = await this.principals.penalty(presentedPrincipal(header));
    if (failures >= limit) this.refused.add(pairOf(address, header), msBeforeNext);
    return failures > limit ? msBeforeNext : 0;
  }

  /** Retry-After (RFC 9110), and the fields of draft-ietf-httpapi-ratelimit-headers. */
  private refusal(
    reply: FastifyReply | undefined,
    milliseconds: number,
    policy: keyof typeof tooMany = 'failed-authentications',
  ): DomainError {
    if (policy === 'failed-authentications') this.failures.inc({ outcome: 'refused' });
    const seconds = Math.max(Math.ceil(milliseconds / 1000), 1);
    const { AUTH_FAILURES_PER_ADDRESS, AUTH_FAILURES_WINDOW_SECONDS } = this.settings;
    reply?.headers({
      'retry-after': String(seconds),
      'ratelimit-policy': `"${policy}";q=${AUTH_FAILURES_PER_ADDRESS};w=${AUTH_FAILURES_WINDOW_SECONDS}`,
      ratelimit: `"${policy}";r=0;t=${seconds}`,
    });
    const { reason, message } = tooMany[policy];
    const details = { retryAfterSeconds: seconds };
    return new DomainError('RATE_LIMITED', reason, `${message} try again in ${seconds} s`, { details });
  }

  private limiter(keyPrefix: string, points: number): RateLimiterAbstract {
    const options = { keyPrefix, points, duration: this.settings.AUTH_FAILURES_WINDOW_SECONDS };
    const inMemory = new RateLimiterMemory(options);
    if (!this.redis) return inMemory;
    return new RateLimiterRedis({
      ...options,
      storeClient: this.redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: inMemory,
    });
  }

  /** A connection that answers at once or not at all: nobody waits for a Redis that is away. */
  private connect(url: string): Redis {
    const redis = new Redis(url, {
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      connectTimeout: 2000,
      commandTimeout: 500,
      disconnectTimeout: 100,
    });
    let away = false;
    redis.on('error', (error) => {
      if (!away) this.logger.warn({ err: error }, 'Redis is away: failed authentications are counted in each process');
      away = true;
    });
    redis.on('ready', () => {
      away = false;
    });
    return redis;
  }

  /** Behind a proxy that the settings do not name, all clients are one address, and lock one another out. */
  private warnOfProxy(request: FastifyRequest): void {
    if (this.warnedOfProxy || this.settings.TRUST_PROXY.length > 0 || !request.headers['x-forwarded-for']) return;
    this.warnedOfProxy = true;
    this.logger.warn(
      { address: request.ip },
      'a request carries X-Forwarded-For, which is not believed: behind a proxy, set TRUST_PROXY to its address',
    );
  }
}

const pairOf = (address: string, header: string): string => `${address} ${presentedPrincipal(header)}`;
