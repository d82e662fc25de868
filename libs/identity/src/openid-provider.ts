import { DomainError, type OpenidIssuer } from '@app/platform';
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { ServerMetadata } from 'openid-client';
import type { Logger } from 'pino';

const second = 1000;
/** For how long keys are taken as they were read: a key that the issuer withdrew is refused after that. */
const freshFor = 10 * 60 * second;
/** For how long keys serve that cannot be read again, because the issuer is away. */
const serveFor = 24 * 60 * 60 * second;
/** Between two reads. Tokens with keys that nobody has cannot make us ask the issuer more often. */
const pause = 5 * second;
const patience = 5 * second;

/** The issuer does not answer, or not as an issuer does. Why is in the log, and not for the caller. */
export class IssuerUnavailable extends DomainError {
  constructor(cause: unknown) {
    const message = 'the issuer of your identity cannot be asked at the moment: try again in a few seconds';
    super('UNAVAILABLE', 'ISSUER_UNAVAILABLE', message, { cause });
  }
}

interface Known {
  metadata: ServerMetadata;
  keys: JWTVerifyGetKey;
  readAt: number;
}

/**
 * What an issuer publishes: its metadata (OpenID Connect Discovery) and its keys. Read when they are first needed, kept,
 * and read again when they are old or a token names a key that is not among them; by all requests together, with a pause
 * between two attempts, failed ones too.
 */
export class OpenidProvider {
  private known: Known | undefined;
  private reading: Promise<void> | undefined;
  private notBefore = 0;
  private failure: unknown;

  constructor(
    private readonly issuer: OpenidIssuer,
    private readonly logger: Logger,
  ) {}

  /** @throws IssuerUnavailable */
  async metadata(): Promise<ServerMetadata> {
    return (await this.current()).metadata;
  }

  /** The key that verifies a token. @throws IssuerUnavailable; JWKSNoMatchingKey when the issuer has no such key */
  readonly key: JWTVerifyGetKey = async (header, token) => {
    const known = await this.current();
    try {
      return await known.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // The issuer may have changed its keys since.
      await this.read();
      if (this.failure) throw new IssuerUnavailable(this.failure);
      return ((await this.current()) as Known).keys(header, token);
    }
  };

  private async current(): Promise<Known> {
    const age = () => Date.now() - (this.known?.readAt ?? Number.NEGATIVE_INFINITY);
    if (age() > freshFor) await this.read();
    if (!this.known || age() > serveFor) throw new IssuerUnavailable(this.failure);
    return this.known;
  }

  /** Never fails: `failure` has what went wrong at the last attempt. */
  private read(): Promise<void> {
    if (!this.reading && Date.now() >= this.notBefore) {
      this.reading = this.attempt().finally(() => {
        this.notBefore = Date.now() + pause;
        this.reading = undefined;
      });
    }
    return this.reading ?? Promise.resolve();
  }

  private async attempt(): Promise<void> {
    const { issuer } = this.issuer;
    try {
      const metadata = (await fetchJson(
        `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      )) as ServerMetadata;
      // OpenID Connect Discovery, section 4.3: one issuer cannot speak for another.
      if (metadata.issuer !== issuer) throw new Error(`the issuer calls itself "${metadata.issuer}", not "${issuer}"`);
      if (issuer.startsWith('https:') && !metadata.jwks_uri?.startsWith('https:')) {
        throw new Error(`the issuer's keys are not behind https, but at "${metadata.jwks_uri}"`);
      }
      const keys = createLocalJWKSet((await fetchJson(metadata.jwks_uri)) as { keys: [] });
      this.known = { metadata, keys, readAt: Date.now() };
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
      this.logger.warn({ err: error, issuer }, 'the metadata and keys of an OpenID Connect issuer cannot be read');
    }
  }
}

async function fetchJson(url: string | undefined): Promise<unknown> {
  const signal = AbortSignal.timeout(patience);
  const answer = await fetch(String(url), { headers: { accept: 'application/json' }, redirect: 'error', signal });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return answer.json();
}
