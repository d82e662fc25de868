import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { NotificationKind } from './notification.js';

@Injectable()
export class MutedNotificationRepository {
  constructor(private readonly db: Database) {}

  /** By name. */
  async of(principalId: string): Promise<NotificationKind[]> {
    const rows = await this.db.query<{ kind: NotificationKind }>(
      sql`SELECT kind FROM muted_notifications WHERE principal_id = ${principalId}::uuid ORDER BY kind`,
    );
    return rows.map(({ kind }) => kind);
  }

  /** Call it with the principal locked. */
  async replace(principalId: string, kinds: readonly NotificationKind[]): Promise<void> {
    await this.db.execute(sql`
      DELETE FROM muted_notifications WHERE principal_id = ${principalId}::uuid AND NOT kind = ANY(${kinds}::text[])`);
    await this.db.execute(sql`
      INSERT INTO muted_notifications (principal_id, kind) SELECT ${principalId}::uuid, unnest(${kinds}::text[])
      ON CONFLICT DO NOTHING`);
  }
}
