import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { AuditClass, AuditRetention } from './audit-retention.js';

@Injectable()
export class AuditRetentionRepository {
  constructor(private readonly db: Database) {}

  /** Of the classes for which it was ever said. */
  all(): Promise<AuditRetention[]> {
    return this.db.query<AuditRetention>(
      sql`SELECT class AS "eventClass", days, changed_at AS "changedAt" FROM audit_retention`,
    );
  }

  /** Under a lock until the transaction ends: whoever sets it sees what it was. @returns the days before; null: for ever */
  async lock(eventClass: AuditClass): Promise<number | null> {
    await this.db.execute(sql`INSERT INTO audit_retention (class) VALUES (${eventClass}) ON CONFLICT DO NOTHING`);
    const row = await this.db.first<{ days: number | null }>(
      sql`SELECT days FROM audit_retention WHERE class = ${eventClass} FOR UPDATE`,
    );
    return row?.days ?? null;
  }

  async set(eventClass: AuditClass, days: number | null): Promise<AuditRetention> {
    const row = await this.db.first<AuditRetention>(sql`
      UPDATE audit_retention SET days = ${days}, changed_at = now() WHERE class = ${eventClass}
      RETURNING class AS "eventClass", days, changed_at AS "changedAt"`);
    return row as AuditRetention;
  }
}
