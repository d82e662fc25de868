import { createHash } from 'node:crypto';
import { type Batched, Batcher, type Caller, Database, type Narrowing } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { Unauthenticated } from './access.errors.js';

/**
 * The SHA-256 of a secret that we made, in hex: what is stored and looked for. It has 256 random bits, so that a slow hash
 * would add nothing; and whoever times the look-up learns of a hash, from which no secret can be made.
 */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** What a request shows of itself in its Authorization header. */
export interface Credentials {
  token: string;
  /** The user name of HTTP basic. */
  user?: string;
}

export interface Authentication {
  caller: Caller;
  /** The access version of the same moment: saves the decision core a statement. */
  accessVersion: number;
}

interface TokenRow extends Narrowing {
  hash: string;
  id: string;
  name: string;
  kind: string;
  tokenId: string;
  usable: boolean;
  touch: boolean;
  accessVersion: number;
}

/**
 * Turns a personal access token into its caller. It is looked up for every request, after that has come in: what was revoked
 * before is refused. Requests that come at the same moment share one statement.
 */
@Injectable()
export class Authenticator {
  private readonly tokens = new Batcher((batch: readonly Batched<string>[]) =>
    this.byHashes(batch.map(({ item }) => item)),
  );

  constructor(private readonly db: Database) {}

  /**
   * @param header the Authorization header: `Bearer TOKEN`, or `Basic` with the token as the password
   * @throws Unauthenticated when the token is malformed, unknown, expired or revoked, or its principal is disabled; all alike
   */
  async authenticate(header: string): Promise<Authentication> {
    const { token, user } = credentialsOf(header);
    const row = await this.tokens.add(hashToken(token));
    if (!row?.usable) throw invalidCredentials();
    requireSameUser(user, row.name);
    // Once a minute is enough for "last used", and keeps reads from writing.
    if (row.touch)
      await this.db.execute(sql`UPDATE access_tokens SET last_used_at = now() WHERE id = ${row.tokenId}::uuid`);
    const { id, name, kind, readOnly, catalogId, accessVersion } = row;
    const narrowed = readOnly || catalogId !== null;
    return { caller: { id, name, kind, ...(narrowed && { narrowing: { readOnly, catalogId } }) }, accessVersion };
  }

  private async byHashes(hashes: readonly string[]): Promise<(TokenRow | undefined)[]> {
    const rows = await this.db.query<TokenRow>(sql`
      SELECT t.hash, p.id, p.name, p.kind, t.id AS "tokenId", t.read_only AS "readOnly", t.catalog_id AS "catalogId",
        t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()) AND p.disabled_at IS NULL AS usable,
        t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute' AS touch,
        (SELECT version FROM access_version WHERE id = 1) AS "accessVersion"
      FROM access_tokens t JOIN principals p ON p.id = t.principal_id WHERE t.hash = ANY(${[...new Set(hashes)]}::text[])`);
    const found = new Map(rows.map((row) => [row.hash, row]));
    return hashes.map((hash) => found.get(hash));
  }
}

/** Says the same whatever is wrong, so that nobody learns which users and tokens there are. */
const invalidCredentials = () =>
  new Unauthenticated(
    'the token is not valid: it is unknown, expired or revoked, its owner is disabled, or the user name sent with it is not its owner’s',
  );

/** @throws Unauthenticated when HTTP basic named somebody else than the token stands for, as for a token that is not valid */
export function requireSameUser(user: string | undefined, name: string): void {
  if (user !== undefined && user.toLowerCase() !== name.toLowerCase()) throw invalidCredentials();
}

/**
 * MLflow clients send the token as a bearer, or as the password of HTTP basic (RFC 6750, RFC 7617).
 * @param header the Authorization header
 * @throws Unauthenticated when it is neither
 */
export function credentialsOf(header: string): Credentials {
  const [scheme = '', value = ''] = header.trim().split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value) return { token: value };
  if (/^basic$/i.test(scheme) && value) {
    const [user, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
    if (user && password.length > 0) return { token: password.join(':'), user };
  }
  throw new Unauthenticated(
    'the Authorization header is malformed: it must be "Bearer <token>" or HTTP basic with a token as the password',
  );
}
