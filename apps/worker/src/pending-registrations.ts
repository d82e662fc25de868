import { Database, Outbox } from '@app/platform';
import { modelVersionRegistered } from '@app/registry';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';

/** Versions that wait for their digest, with no message under way that would bring it. */
@Injectable()
export class PendingRegistrations {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async requeue(): Promise<void> {
    const pending = await this.db.query<{ versionId: string }>(sql`
      SELECT v.id AS "versionId" FROM model_versions v
      WHERE v.status = 'PENDING_REGISTRATION' AND v.storage_path IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM outbox o
        WHERE o.handled_at IS NULL AND o.event = ${modelVersionRegistered.name} AND o.payload ->> 'versionId' = v.id::text)
      ORDER BY v.id LIMIT 500`);
    if (pending.length > 0) await this.outbox.addAll(modelVersionRegistered, pending);
  }
}
