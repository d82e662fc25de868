import { randomBytes } from 'node:crypto';
import { type Authentication, Unauthenticated } from '@app/access';
import { Config, FailedPrecondition, InvalidArgument, LOGGER, type OpenidIssuer } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import * as openid from 'openid-client';
import type { Logger } from 'pino';
import { EmailAddresses } from './email-addresses.service.js';
import { ExternalLogins } from './external-login.service.js';
import { IssuedTokens } from './issued-token.service.js';
import { LoginRepository } from './login.repository.js';
import { IssuerUnavailable } from './openid-provider.js';

type Client = OpenidIssuer & { clientId: string };

/** The authorization code flow with PKCE (OpenID Connect Core, section 3.1; RFC 7636): how a browser signs in. */
@Injectable()
export class Logins {
  private readonly callback: string;

  constructor(
    config: Config,
    private readonly emails: EmailAddresses,
    private readonly external: ExternalLogins,
    private readonly issued: IssuedTokens,
    private readonly logins: LoginRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.callback = `${config.publicUrl}/auth/callback`;
  }

  /**
   * Begins a login.
   * @param input.returnTo a path of ours, to go to afterwards
   * @param input.issuer the first that has a client when absent
   * @param former the secret of the browser from an earlier login of it that is still on its way
   * @returns where to send the browser, and a secret for it to keep meanwhile
   * @throws InvalidArgument; FailedPrecondition when no issuer has a client; IssuerUnavailable
   */
  async begin(
    input: { returnTo?: string; issuer?: string },
    former?: string,
  ): Promise<{ location: string; browser: string }> {
    const returnTo = localPath(input.returnTo);
    const issuer = this.clientOf(input.issuer);
    const configuration = await this.configurationOf(issuer);
    const browser = former ?? newSecret();
    const state = newSecret();
    const nonce = newSecret();
    const codeVerifier = openid.randomPKCECodeVerifier();
    await this.logins.insert(state, browser, { issuer: issuer.issuer, nonce, codeVerifier, returnTo });
    const location = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: this.callback,
      scope: issuer.scope,
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    return { location: location.href, browser };
  }

  /**
   * Ends a login with what the issuer sent back. An answer counts once, and in the browser that asked.
   * @param query of the URL that the issuer sent the browser to
   * @throws Unauthenticated when the answer is not ours, not valid, or a refusal; IssuerUnavailable; LoginRefused
   */
  async complete(query: string, browser: string | undefined): Promise<Authentication & { returnTo: string }> {
    const state = new URLSearchParams(query).get('state');
    const attempt = state && browser ? await this.logins.take(state, browser) : undefined;
    if (!state || !attempt) {
      throw new Unauthenticated(
        'this login was not begun in this browser, is used up, or took too long: begin it again',
      );
    }
    const issuer = this.clientOf(attempt.issuer);
    const configuration = await this.configurationOf(issuer);
    const failed = (error: unknown) => {
      throw this.told(error, issuer.issuer);
    };
    const tokens = await openid
      .authorizationCodeGrant(configuration, new URL(`${this.callback}?${query}`), {
        expectedState: state,
        expectedNonce: attempt.nonce,
        pkceCodeVerifier: attempt.codeVerifier,
        idTokenExpected: true,
      })
      .catch(failed);
    // openid-client trusts the connection that the token came by. We check the signature too, and what every token must be.
    const claims = await this.issued.verify(tokens.id_token as string, {
      clientId: issuer.clientId,
      userInfo: async (subject) => {
        if (!configuration.serverMetadata().userinfo_endpoint) return {};
        return (await openid.fetchUserInfo(configuration, tokens.access_token, subject).catch(failed)) as JWTPayload;
      },
    });
    const authentication = await this.external.authenticate(claims);
    await this.emails.claim(authentication.caller, claims.email);
    return { ...authentication, returnTo: attempt.returnTo };
  }

  private clientOf(name: string | undefined): Client {
    const clients = this.issued.issuers.filter((each): each is Client => each.clientId !== undefined);
    if (clients.length === 0) {
      throw new FailedPrecondition(
        'LOGIN_NOT_CONFIGURED',
        'nobody can sign in through a browser here: no issuer has a clientId (OIDC_ISSUERS)',
      );
    }
    const found = name === undefined ? clients[0] : clients.find(({ issuer }) => issuer === name);
    if (found) return found;
    const right = clients.map(({ issuer }) => issuer).join(' or ');
    throw new InvalidArgument(`issuer: "${name}" has no client here: it must be ${right}`, ['issuer']);
  }

  private async configurationOf(client: Client): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret, clockSkewSeconds } = client;
    const configuration = new openid.Configuration(
      await this.issued.provider(issuer).metadata(),
      clientId,
      { [openid.clockTolerance]: clockSkewSeconds },
      clientSecret ? openid.ClientSecretBasic(clientSecret) : openid.None(),
    );
    configuration.timeout = 5;
    // The settings let no other issuer be without TLS than one on this machine.
    if (issuer.startsWith('http:')) openid.allowInsecureRequests(configuration);
    return configuration;
  }

  private told(error: unknown, issuer: string): Error {
    this.logger.warn({ err: error, issuer }, 'a login could not be completed');
    // What comes from outside is shown when it is one of the words that the standards have for it.
    if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) {
      const word = /^[a-z_]{1,64}$/.exec(error.error)?.[0] ?? 'an unknown error';
      return new Unauthenticated(`the issuer refused the login (${word}): begin it again`);
    }
    if (error instanceof openid.ClientError && !unanswered.has(error.code ?? '')) {
      return new Unauthenticated('the answer of the issuer to the login is not valid: begin it again');
    }
    return new IssuerUnavailable(error);
  }
}

/** The codes of openid-client for an issuer that is silent, or whose answer is no answer of an issuer. */
const unanswered = new Set(['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);

const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * A path on our own origin. Browsers read "//host", "/\host" and control characters as the way to somebody else.
 * @throws InvalidArgument
 */
export function localPath(returnTo = '/auth/session'): string {
  const base = 'http://here.invalid';
  const isPath = /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(returnTo) && URL.canParse(returnTo, base);
  const url = isPath ? new URL(returnTo, base) : undefined;
  if (url?.origin !== base || url.pathname.startsWith('//')) {
    throw new InvalidArgument(`returnTo: "${returnTo}" must be a path of this service, for example /models`, [
      'returnTo',
    ]);
  }
  return url.pathname + url.search + url.hash;
}
