import { Unauthenticated } from '@app/access';
import { Config, LOGGER, type OpenidIssuer } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Logger } from 'pino';
import { type Claims, claimsOf, lacksClaims, malformed, requireBearerOfOurs } from './claims.js';
import { OpenidProvider } from './openid-provider.js';

/** Tokens that the configured issuers signed. */
@Injectable()
export class IssuedTokens {
  private readonly providers: ReadonlyMap<string, { issuer: OpenidIssuer; provider: OpenidProvider }>;

  constructor(config: Config, @Inject(LOGGER) logger: Logger) {
    this.providers = new Map(
      config.settings.OIDC_ISSUERS.map((issuer) => [
        issuer.issuer,
        { issuer, provider: new OpenidProvider(issuer, logger) },
      ]),
    );
  }

  get issuers(): OpenidIssuer[] {
    return [...this.providers.values()].map(({ issuer }) => issuer);
  }

  /** @throws Error for an issuer that is not configured */
  provider(issuer: string): OpenidProvider {
    const found = this.providers.get(issuer);
    if (!found) throw new Error(`${issuer} is not a configured issuer`);
    return found.provider;
  }

  /** Is it worth verifying: does it have the form of a signed JWT, and is any issuer configured? */
  recognizes(token: string): boolean {
    return this.providers.size > 0 && unverified(token) !== undefined;
  }

  /**
   * @param login for a token of a login: the client that it must be for, and where to ask for claims that it lacks
   * @throws Unauthenticated when the issuer is not configured, or the token is not signed by it, is not valid now, or is
   *   for something else; IssuerUnavailable
   */
  async verify(
    token: string,
    login?: { clientId: string; userInfo(subject: string): Promise<JWTPayload> },
  ): Promise<Claims> {
    const found = this.providers.get(unverified(token)?.iss ?? '');
    if (!found) throw new Unauthenticated(invalid);
    const { issuer, provider } = found;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, provider.key, {
        issuer: issuer.issuer,
        audience: login?.clientId ?? issuer.audience,
        algorithms: issuer.algorithms,
        clockTolerance: issuer.clockSkewSeconds,
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      requireBearerOfOurs(protectedHeader, payload, issuer.clockSkewSeconds);
      const told = login && lacksClaims(payload, issuer) ? await login.userInfo(payload.sub as string) : {};
      return claimsOf({ ...told, ...payload }, issuer);
    } catch (error) {
      throw error instanceof errors.JOSEError ? new Unauthenticated(explain(error)) : error;
    }
  }
}

const invalid = 'the token is not valid: no configured issuer signed it';

function unverified(token: string): JWTPayload | undefined {
  try {
    decodeProtectedHeader(token);
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

/** Claims are looked at after the signature: who is told of them holds a token that the issuer made. */
function explain(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return invalid;
  if (error.claim === 'aud') return 'the token is for another audience';
  if (error.claim === 'nbf') return 'the token is not valid yet';
  return malformed(error.claim).message;
}
