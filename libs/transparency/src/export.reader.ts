import { type AuditEvent, type AuditFilter, auditConditions, eventColumns } from '@app/audit';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { SealedEvent } from './leaf.js';

/** Sealed events, in the order of the log. `visible` is the predicate of what the caller may read, over the row `a`. */
@Injectable()
export class ExportReader {
  constructor(private readonly db: Database) {}

  /** Those after a sequence number, up to another one. */
  async page(filter: AuditFilter, visible: Sql, after: number, to: number, most: number): Promise<SealedEvent[]> {
    const rows = await this.db.query<AuditEvent & { sequence: number }>(sql`
      SELECT s.sequence, ${eventColumns} FROM sealed_events s JOIN audit_events a ON a.id = s.event_id
      WHERE s.sequence > ${after} AND s.sequence <= ${to} AND ${auditConditions(filter, visible)}
      ORDER BY s.sequence LIMIT ${most}`);
    return rows.map(({ sequence, ...event }) => ({ sequence, event }));
  }
}
