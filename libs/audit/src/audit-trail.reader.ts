import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { validate as isUuid } from 'uuid';
import type { AuditEvent } from './audit-event.js';
import { type AuditFilter, auditConditions } from './audit-filter.js';

/** An `AuditEvent` of the row `a`. */
export const eventColumns =
  raw(`a.id, a.occurred_at AS "occurredAt", a.actor_id AS "actorId", a.actor_name AS "actorName",
  a.on_behalf_of AS "onBehalfOf", a.action, a.outcome, a.object_kind AS "objectKind", a.object_id AS "objectId",
  a.object_name AS "objectName", a.securable_id AS "securableId", a.schema_id AS "schemaId", a.catalog_id AS "catalogId",
  a.before, a.after, a.reason, a.request_id AS "requestId", a.source_address AS "sourceAddress"`);

/** Reads audit events. `visible` is the predicate of what the caller may read, over the row `a`. */
@Injectable()
export class AuditTrailReader {
  constructor(private readonly db: Database) {}

  /** Newest first. */
  page(filter: AuditFilter, visible: Sql, args: PageArgs): Promise<Page<AuditEvent>> {
    return keysetPage<AuditEvent, AuditEvent>(this.db, {
      select: eventColumns,
      from: sql`audit_events a`,
      where: auditConditions(filter, visible),
      orderName: 'OCCURRED_AT DESC',
      order: [
        { expression: sql`a.occurred_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`a.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (event) => event,
    });
  }

  async count(filter: AuditFilter, visible: Sql): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM audit_events a WHERE ${auditConditions(filter, visible)}`,
    );
    return row?.count ?? 0;
  }

  /** Those of the events that are visible, in any order. */
  byIds(ids: readonly string[], visible: Sql): Promise<AuditEvent[]> {
    return this.db.query<AuditEvent>(
      sql`SELECT ${eventColumns} FROM audit_events a WHERE a.id = ANY(${ids}::uuid[]) AND ${visible}`,
    );
  }

  async byId(id: string): Promise<AuditEvent | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db.first<AuditEvent>(sql`SELECT ${eventColumns} FROM audit_events a WHERE a.id = ${id}::uuid`);
  }
}
