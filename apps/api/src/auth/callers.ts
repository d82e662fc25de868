import { type Authentication, Unauthenticated } from '@app/access';
import { type Evidence, SignIn } from '@app/identity';
import { Config } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailedAuthentications } from '../http/failed-authentications.js';
import { Cookies } from './cookies.js';
import { requireSameOrigin } from './same-origin.js';

/** Who a request acts as: by the token in its Authorization header, or else by the session of its browser. */
@Injectable()
export class Callers {
  constructor(
    private readonly config: Config,
    private readonly cookies: Cookies,
    private readonly failures: FailedAuthentications,
    private readonly signIn: SignIn,
  ) {}

  /** @throws Unauthenticated, and what else the credentials, or where the request comes from, are refused for */
  async of(request: FastifyRequest, reply: FastifyReply): Promise<Authentication> {
    return this.check(request, reply, this.evidenceOf(request));
  }

  /**
   * What a request shows of itself.
   * @param authorization for a WebSocket, which may bring it in its first message: a browser can set no header
   * @throws Unauthenticated; DomainError PERMISSION_DENIED for a session on a page of another origin
   */
  evidenceOf(request: FastifyRequest, authorization = request.headers.authorization): Evidence {
    if (authorization) return { authorization };
    const session = this.cookies.read(request, 'session');
    if (!session) throw new Unauthenticated();
    requireSameOrigin(request, this.config);
    return { session };
  }

  /** True: it could be authenticated now, and need not wait for a first message. */
  hasEvidence(request: FastifyRequest): boolean {
    return Boolean(request.headers.authorization || this.cookies.read(request, 'session'));
  }

  /**
   * Authenticates, and counts a failure. @throws as `of`
   * @param reply absent where headers cannot be answered with any more
   */
  check(request: FastifyRequest, reply: FastifyReply | undefined, evidence: Evidence): Promise<Authentication> {
    const header = 'authorization' in evidence ? evidence.authorization : null;
    return this.failures.guard(request, reply, header, () => this.again(evidence));
  }

  /** Looks again at what was good before: it may have been revoked since. That is no attempt to guess. @throws Unauthenticated */
  again(evidence: Evidence): Promise<Authentication> {
    return this.signIn.authenticate(evidence);
  }
}
