import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import type { Tag } from './tag.js';

const tables = {
  REGISTERED_MODEL: { table: raw('securable_tags'), object: raw('securable_id') },
  MODEL_VERSION: { table: raw('model_version_tags'), object: raw('version_id') },
} as const;

export type Tagged = keyof typeof tables;

/** Tags of models and of versions: two tables of one shape. */
@Injectable()
export class TagRepository {
  constructor(private readonly db: Database) {}

  async insertAll(on: Tagged, id: string, tags: readonly Tag[]): Promise<void> {
    if (tags.length === 0) return;
    const { table, object } = tables[on];
    await this.db.execute(sql`
      INSERT INTO ${table} (${object}, key, value)
      SELECT ${id}::uuid, * FROM unnest(${tags.map(({ key }) => key)}::text[], ${tags.map(({ value }) => value)}::text[])`);
  }

  async get(on: Tagged, id: string, key: string): Promise<string | undefined> {
    const { table, object } = tables[on];
    const row = await this.db.first<{ value: string }>(
      sql`SELECT value FROM ${table} WHERE ${object} = ${id}::uuid AND key = ${key}`,
    );
    return row?.value;
  }

  async set(on: Tagged, id: string, { key, value }: Tag): Promise<void> {
    const { table, object } = tables[on];
    await this.db.execute(sql`
      INSERT INTO ${table} (${object}, key, value) VALUES (${id}::uuid, ${key}, ${value})
      ON CONFLICT (${object}, key) DO UPDATE SET value = excluded.value`);
  }

  async delete(on: Tagged, id: string, key: string): Promise<void> {
    const { table, object } = tables[on];
    await this.db.execute(sql`DELETE FROM ${table} WHERE ${object} = ${id}::uuid AND key = ${key}`);
  }
}
