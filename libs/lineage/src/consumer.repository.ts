import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { Loads } from './consumer.js';

@Injectable()
export class ConsumerRepository {
  constructor(private readonly db: Database) {}

  /**
   * Adds to what is known, in one statement. In the order of the key: two processes that add to the same rows wait for each
   * other, and never in a circle.
   */
  async add(loads: readonly Loads[]): Promise<void> {
    await this.db.execute(sql`
      INSERT INTO model_version_consumers (version_id, principal_id, day, model_id, loads, first_at, last_at)
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(loads)}::jsonb) AS g("versionId" uuid, "principalId" uuid, day date,
        "modelId" uuid, loads int8, "firstAt" timestamptz, "lastAt" timestamptz)
      ORDER BY "versionId", "principalId", day
      ON CONFLICT (version_id, principal_id, day) DO UPDATE SET loads = model_version_consumers.loads + excluded.loads,
        first_at = least(model_version_consumers.first_at, excluded.first_at),
        last_at = greatest(model_version_consumers.last_at, excluded.last_at)`);
  }
}
