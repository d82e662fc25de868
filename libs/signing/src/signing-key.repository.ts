import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import type { PublicSigningKey, SigningKey } from './signing-key.js';

const columns = raw(
  `k.kid, k.public_key AS "publicKey", k.introduced_at AS "introducedAt", k.retired_at AS "retiredAt"`,
);

/** The public keys, all that ever signed. The private one is in no database. */
@Injectable()
export class SigningKeyRepository {
  constructor(private readonly db: Database) {}

  /** The newest first. */
  all(): Promise<PublicSigningKey[]> {
    return this.db.query<PublicSigningKey>(
      sql`SELECT ${columns} FROM signing_keys k ORDER BY k.introduced_at DESC, k.kid`,
    );
  }

  byKid(kid: string): Promise<PublicSigningKey | undefined> {
    return this.db.first<PublicSigningKey>(sql`SELECT ${columns} FROM signing_keys k WHERE k.kid = ${kid}`);
  }

  /** Keeps the key from being retired until the transaction ends. @returns false when it is not the current one */
  async hold(kid: string): Promise<boolean> {
    const held = await this.db.first(
      sql`SELECT 1 FROM signing_keys WHERE kid = ${kid} AND retired_at IS NULL FOR SHARE`,
    );
    return held !== undefined;
  }

  /** Of those who introduce keys, one after the other. Who signs with a current key is not held up. */
  async serialize(): Promise<void> {
    await this.db.execute(sql`LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE`);
  }

  /**
   * Ends the time of the current key, once every transaction that signs with it has ended.
   * @returns its kid, if there was one
   */
  async retireCurrent(): Promise<string | undefined> {
    // Waits first: the time that is written is then later than that of every signature.
    const current = await this.db.first<{ kid: string }>(
      sql`SELECT kid FROM signing_keys WHERE retired_at IS NULL FOR UPDATE`,
    );
    if (!current) return undefined;
    await this.db.execute(sql`UPDATE signing_keys SET retired_at = clock_timestamp() WHERE kid = ${current.kid}`);
    return current.kid;
  }

  async insert({ kid, publicKey }: Pick<SigningKey, 'kid' | 'publicKey'>): Promise<void> {
    await this.db.execute(
      sql`INSERT INTO signing_keys (kid, public_key, introduced_at) VALUES (${kid}, ${publicKey}, clock_timestamp())`,
    );
  }
}
