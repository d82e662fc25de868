import type { Privilege } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';

export interface NewGrant {
  principalId: string;
  privilege: Privilege;
  expiresAt: Date | null;
}

/** Writes of grants. Lock the securable first. */
@Injectable()
export class GrantRepository {
  constructor(private readonly db: Database) {}

  /** Expired grants hold nothing any more, and would stand in the way of new ones. */
  async clearExpired(securableId: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM grants WHERE securable_id = ${securableId}::uuid AND expires_at <= now()`);
  }

  /** Adds grants; of one that is there it changes the expiry. */
  async put(securableId: string, grants: readonly NewGrant[], grantedBy: string): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO grants (id, securable_id, principal_id, privilege, expires_at, granted_by)
      SELECT added.id, ${securableId}::uuid, added.principal_id, added.privilege, added.expires_at, ${grantedBy}::uuid
      FROM unnest(${grants.map(() => uuidv7())}::uuid[], ${grants.map(({ principalId }) => principalId)}::uuid[],
        ${grants.map(({ privilege }) => privilege)}::text[], ${grants.map(({ expiresAt }) => expiresAt)}::timestamptz[])
        AS added(id, principal_id, privilege, expires_at)
      ON CONFLICT (securable_id, principal_id, privilege) DO UPDATE SET expires_at = EXCLUDED.expires_at`);
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.db.execute(sql`DELETE FROM grants WHERE id = ANY(${ids}::uuid[])`);
  }
}
