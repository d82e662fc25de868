import { Access } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { Notification } from './notification.js';
import { notificationColumns } from './notification.repository.js';

/** The caller's own notifications. */
@Injectable()
export class NotificationReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** The newest first. */
  list(args: PageArgs): Promise<Page<Notification>> {
    return keysetPage<Notification, Notification>(this.db, {
      select: notificationColumns,
      from: sql`notifications n JOIN promotion_requests r ON r.id = n.request_id`,
      where: this.own(),
      orderName: 'newest',
      order: [
        { expression: sql`n.created_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`n.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (notification) => notification,
    });
  }

  async count(): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM notifications n WHERE ${this.own()}`,
    );
    return row?.count ?? 0;
  }

  private own(): Sql {
    return sql`n.principal_id = ${this.access.caller().id}::uuid`;
  }
}
