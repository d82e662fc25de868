import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import type { LegalHold } from './legal-hold.js';

const columns = raw(`h.id, h.name, h.reason, h.object_kind AS "objectKind", h.object_name AS "objectName",
  h.events_from AS "eventsFrom", h.events_to AS "eventsTo", h.placed_by AS "placedBy", h.placed_at AS "placedAt",
  h.released_by AS "releasedBy", h.released_at AS "releasedAt", h.release_reason AS "releaseReason"`);

type NewHold = Omit<LegalHold, 'placedAt' | 'releasedBy' | 'releasedAt' | 'releaseReason'> & { securableId: string };

@Injectable()
export class LegalHoldRepository {
  constructor(private readonly db: Database) {}

  /** @returns undefined when the name was given before */
  insert(hold: NewHold): Promise<LegalHold | undefined> {
    const { id, name, reason, securableId, objectKind, objectName, eventsFrom, eventsTo, placedBy } = hold;
    return this.db.first<LegalHold>(sql`
      INSERT INTO legal_holds AS h (id, name, reason, securable_id, object_kind, object_name, events_from, events_to, placed_by)
      VALUES (${id}::uuid, ${name}, ${reason}, ${securableId}::uuid, ${objectKind}, ${objectName}, ${eventsFrom}::timestamptz,
        ${eventsTo}::timestamptz, ${placedBy})
      ON CONFLICT (name) DO NOTHING RETURNING ${columns}`);
  }

  /** @returns undefined when there is none of this name that holds */
  release(name: string, releasedBy: string, reason: string): Promise<LegalHold | undefined> {
    return this.db.first<LegalHold>(sql`
      UPDATE legal_holds AS h SET released_by = ${releasedBy}, released_at = now(), release_reason = ${reason}
      WHERE h.name = ${name} AND h.released_at IS NULL RETURNING ${columns}`);
  }

  byName(name: string): Promise<LegalHold | undefined> {
    return this.db.first<LegalHold>(sql`SELECT ${columns} FROM legal_holds h WHERE h.name = ${name}`);
  }

  /** The newest first. */
  page(args: PageArgs): Promise<Page<LegalHold>> {
    return keysetPage<LegalHold, LegalHold>(this.db, {
      select: columns,
      from: sql`legal_holds h`,
      where: sql`TRUE`,
      orderName: 'PLACED_AT DESC',
      order: [
        { expression: sql`h.placed_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`h.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (hold) => hold,
    });
  }

  async count(): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM legal_holds`);
    return row?.count ?? 0;
  }
}
