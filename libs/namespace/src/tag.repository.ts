import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { Tag } from './tag.js';

/** Tags of securables. Lock the securable before a write: what was there before is told to the audit trail. */
@Injectable()
export class TagRepository {
  constructor(private readonly db: Database) {}

  async value(securableId: string, key: string): Promise<string | undefined> {
    const row = await this.db.first<{ value: string }>(
      sql`SELECT value FROM securable_tags WHERE securable_id = ${securableId}::uuid AND key = ${key}`,
    );
    return row?.value;
  }

  async set(securableId: string, { key, value }: Tag): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO securable_tags (securable_id, key, value) VALUES (${securableId}::uuid, ${key}, ${value})
      ON CONFLICT (securable_id, key) DO UPDATE SET value = EXCLUDED.value`);
  }

  async delete(securableId: string, key: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM securable_tags WHERE securable_id = ${securableId}::uuid AND key = ${key}`);
  }

  /** @param visible the predicate of what the caller may see, over the row `s` of securables */
  of(ids: readonly string[], visible: Sql): Promise<(Tag & { securableId: string })[]> {
    return this.db.query(sql`
      SELECT t.securable_id AS "securableId", t.key, t.value
      FROM securable_tags t JOIN securables s ON s.id = t.securable_id
      WHERE t.securable_id = ANY(${ids}::uuid[]) AND ${visible} ORDER BY t.key`);
  }
}
