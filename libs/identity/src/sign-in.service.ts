import { type Authentication, Authenticator, credentialsOf, requireSameUser } from '@app/access';
import { Injectable } from '@nestjs/common';
import { ExternalLogins } from './external-login.service.js';
import { IssuedTokens } from './issued-token.service.js';
import { Sessions } from './session.service.js';

/** What a request shows of itself. */
export type Evidence = { authorization: string } | { session: string };

/** Who a request acts as: by a personal access token, by a token of an issuer, or by the session of a browser. */
@Injectable()
export class SignIn {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly external: ExternalLogins,
    private readonly issued: IssuedTokens,
    private readonly sessions: Sessions,
  ) {}

  /**
   * One statement, save for what a first login or a change of groups needs.
   * @throws Unauthenticated; IssuerUnavailable; LoginRefused
   */
  async authenticate(evidence: Evidence): Promise<Authentication> {
    if ('session' in evidence) return this.sessions.authenticate(evidence.session);
    const { token, user } = credentialsOf(evidence.authorization);
    if (!this.issued.recognizes(token)) return this.authenticator.authenticate(evidence.authorization);
    const authentication = await this.external.authenticate(await this.issued.verify(token));
    requireSameUser(user, authentication.caller.name);
    return authentication;
  }
}
