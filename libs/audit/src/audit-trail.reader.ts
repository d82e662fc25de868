import { type SecurableKind, securableKinds } from '@app/access';
import { Database, InvalidArgument, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { validate as isUuid } from 'uuid';
import type { AuditEvent, AuditObject } from './audit-event.js';

/** All that is given must hold. */
export interface AuditFilter {
  actorId?: string | null;
  /** The whole action, or its beginning and `*`: `promotion_request.*`. */
  action?: string | null;
  /** How the object's name begins, ignoring case. */
  objectName?: string | null;
  /** One object; of a securable, also all that is in it. */
  object?: { kind: AuditObject['kind']; id: string } | null;
  outcome?: AuditEvent['outcome'] | null;
  /** The first instant that counts. */
  from?: Date | null;
  /** The first instant that no longer counts. */
  to?: Date | null;
  requestId?: string | null;
}

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

/**
 * The WHERE of a list, over the row `a`.
 * @throws InvalidArgument for a wrong filter
 */
export function auditConditions(filter: AuditFilter, visible: Sql): Sql {
  const { actorId, action, objectName, object, outcome, from, to, requestId } = filter;
  if (from && to && from >= to) {
    throw new InvalidArgument(`from: ${from.toISOString()} is not before to, ${to.toISOString()}`, ['from']);
  }
  const terms = [
    visible,
    actorId != null && sql`a.actor_id = ${idOf('actorId', actorId)}::uuid`,
    action != null && actionIs(action),
    objectName != null && sql`starts_with(lower(a.object_name), lower(${objectName}))`,
    object != null && objectIs(object.kind, object.id),
    outcome != null && sql`a.outcome = ${outcome}`,
    from != null && sql`a.occurred_at >= ${from}::timestamptz`,
    to != null && sql`a.occurred_at < ${to}::timestamptz`,
    requestId != null && sql`a.request_id = ${requestId}`,
  ];
  return join(
    terms.filter((term) => term !== false),
    ' AND ',
  );
}

const actionIs = (action: string): Sql =>
  action.endsWith('*') ? sql`starts_with(a.action, ${action.slice(0, -1)})` : sql`a.action = ${action}`;

/** The column that names a securable in the events of all that is in it. The metastore holds everything. */
const placeOf: Record<SecurableKind, string | null> = {
  METASTORE: null,
  CATALOG: 'catalog_id',
  SCHEMA: 'schema_id',
  REGISTERED_MODEL: 'securable_id',
  EXPERIMENT: 'securable_id',
};

function objectIs(kind: AuditObject['kind'], id: string): Sql {
  const securable = securableKinds.find((known) => known === kind);
  if (!securable) return sql`a.object_kind = ${kind} AND a.object_id = ${id}`;
  const column = placeOf[securable];
  return column ? sql`${raw(`a.${column}`)} = ${idOf('object', id)}::uuid` : sql`TRUE`;
}

function idOf(field: string, id: string): string {
  if (!isUuid(id)) throw new InvalidArgument(`${field}: "${id}" is not an id`, [field]);
  return id;
}
