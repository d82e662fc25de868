import { hashToken } from '@app/access';
import { Database, keysetPage, type Narrowing, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { validate as isUuid, v7 as uuidv7 } from 'uuid';
import { type AccessToken, prefixOf } from './access-token.js';

export interface NewAccessToken {
  principalId: string;
  name: string;
  expiresAt: Date | null;
  createdBy: string;
  /** All that its principal may do, when absent. */
  narrowing?: Narrowing;
}

const tokenColumns = raw(`t.id, t.principal_id AS "principalId", t.name, t.prefix, t.expires_at AS "expiresAt",
  t.revoked_at AS "revokedAt", t.last_used_at AS "lastUsedAt", t.created_at AS "createdAt", t.created_by AS "createdBy",
  t.read_only AS "readOnly", t.catalog_id AS "catalogId"`);

/** Tokens are kept and looked for by their hash. */
@Injectable()
export class AccessTokenRepository {
  constructor(private readonly db: Database) {}

  /** @returns undefined when the token is there already: nothing was written */
  insert(token: string, made: NewAccessToken): Promise<AccessToken | undefined> {
    const { principalId, name, expiresAt, createdBy, narrowing } = made;
    return this.db.first<AccessToken>(sql`
      INSERT INTO access_tokens AS t (id, principal_id, name, prefix, hash, expires_at, created_by, read_only, catalog_id)
      VALUES (${uuidv7()}::uuid, ${principalId}::uuid, ${name}, ${prefixOf(token)}, ${hashToken(token)}, ${expiresAt}, ${createdBy}::uuid,
        ${narrowing?.readOnly ?? false}, ${narrowing?.catalogId ?? null}::uuid)
      ON CONFLICT (hash) DO NOTHING RETURNING ${tokenColumns}`);
  }

  async byId(id: string): Promise<AccessToken | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db.first<AccessToken>(sql`SELECT ${tokenColumns} FROM access_tokens t WHERE t.id = ${id}::uuid`);
  }

  byToken(token: string): Promise<AccessToken | undefined> {
    return this.db.first<AccessToken>(
      sql`SELECT ${tokenColumns} FROM access_tokens t WHERE t.hash = ${hashToken(token)}`,
    );
  }

  /** @returns undefined when it is revoked already */
  revoke(id: string): Promise<AccessToken | undefined> {
    return this.db.first<AccessToken>(sql`
      UPDATE access_tokens t SET revoked_at = now() WHERE t.id = ${id}::uuid AND t.revoked_at IS NULL
      RETURNING ${tokenColumns}`);
  }

  /** Makes a token usable again, without an expiry. */
  async restore(id: string): Promise<void> {
    await this.db.execute(sql`UPDATE access_tokens SET revoked_at = NULL, expires_at = NULL WHERE id = ${id}::uuid`);
  }

  /** The newest first. */
  page(principalId: string, args: PageArgs): Promise<Page<AccessToken>> {
    return keysetPage<AccessToken, AccessToken>(this.db, {
      select: tokenColumns,
      from: sql`access_tokens t`,
      where: sql`t.principal_id = ${principalId}::uuid`,
      orderName: 'CREATED_AT DESC',
      order: [
        { expression: sql`t.created_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`t.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (row) => row,
    });
  }

  async count(principalId: string): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM access_tokens WHERE principal_id = ${principalId}::uuid`,
    );
    return row?.count ?? 0;
  }
}
