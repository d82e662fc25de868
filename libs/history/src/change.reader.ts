import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { ChangeEvent, NetChange } from './change.js';
import { type ChangeScope, netChanges } from './change-sql.js';

/** What is different between two instants, in one statement for each page. It checks no rights. */
@Injectable()
export class ChangeReader {
  constructor(private readonly db: Database) {}

  /** By aspect, and then by what it is of. */
  page(scope: ChangeScope, args: PageArgs): Promise<Page<NetChange>> {
    return keysetPage<NetChange, NetChange>(this.db, {
      select: sql`c.*`,
      from: netChanges(scope),
      where: sql`TRUE`,
      orderName: 'ASPECT',
      order: [
        { expression: sql`c.aspect`, type: 'text', direction: 'ASC' },
        { expression: sql`c.subject`, type: 'text', direction: 'ASC' },
        { expression: sql`c.key`, type: 'text', direction: 'ASC' },
      ],
      args,
      toNode: (change) => ({ ...change, events: change.events.map(dated) }),
    });
  }

  async count(scope: ChangeScope): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${netChanges(scope)}`);
    return row?.count ?? 0;
  }
}

/** JSON has no instants. */
const dated = (event: ChangeEvent): ChangeEvent => ({ ...event, occurredAt: new Date(event.occurredAt) });
