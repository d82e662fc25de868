import { type SecurableKind, securableKinds } from '@app/access';
import { InvalidArgument } from '@app/platform';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { validate as isUuid } from 'uuid';
import type { AuditEvent, AuditObject } from './audit-event.js';

/** What an event itself is asked for. All that is given must hold. */
interface EventFilter {
  /** The actor's name at that time, ignoring case: also of one who was deleted since. */
  actorName?: string | null;
  /** Whom the actor acted for, as the event has it, ignoring case. */
  onBehalfOf?: string | null;
  /** The whole action, or its beginning and `*`: `promotion_request.*`. */
  action?: string | null;
  /** How the object's name begins, ignoring case. */
  objectName?: string | null;
  outcome?: AuditEvent['outcome'] | null;
  /**
   * Words of the reason, in any order and any case, all of them; "some words" stand next to each other, `or` between two lets
   * either do, and `-` goes before what must not be there.
   */
  reason?: string | null;
  /** The first instant that counts. */
  from?: Date | null;
  /** The first instant that no longer counts. */
  to?: Date | null;
  requestId?: string | null;
}

/** What people ask for, at every door. */
export interface AskedAuditFilter extends EventFilter {
  /** The name that a principal has now: all that it did, under whatever name. */
  actor?: string | null;
}

export interface AuditFilter extends EventFilter {
  actorId?: string | null;
  /** One object; of a securable, also all that is in it. */
  object?: { kind: AuditObject['kind']; id: string } | null;
}

/**
 * The words of a reason as the index audit_events_reason_words has them, letter for letter: no language is known, and so no
 * word is left out or cut to its stem. An index may not refuse an event, and takes no more of a text than fits.
 */
const reasonWords = raw(`to_tsvector('simple', left(a.reason, 100000))`);

/**
 * The WHERE of a list, over the row `a`.
 * @throws InvalidArgument for a wrong filter
 */
export function auditConditions(filter: AuditFilter, visible: Sql): Sql {
  const { actorId, actorName, onBehalfOf, action, objectName, object, outcome, reason, from, to, requestId } = filter;
  if (from && to && from >= to) {
    throw new InvalidArgument(`from: ${from.toISOString()} is not before to, ${to.toISOString()}`, ['from']);
  }
  const terms = [
    visible,
    actorId != null && sql`a.actor_id = ${idOf('actorId', actorId)}::uuid`,
    actorName != null && sql`lower(a.actor_name) = lower(${actorName})`,
    onBehalfOf != null && sql`lower(a.on_behalf_of) = lower(${onBehalfOf})`,
    action != null && actionIs(action),
    objectName != null && sql`starts_with(lower(a.object_name), lower(${objectName}))`,
    object != null && objectIs(object.kind, object.id),
    outcome != null && sql`a.outcome = ${outcome}`,
    reason != null && reasonHas(reason),
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

/** websearch_to_tsquery takes any text without an error; one without a word would find nothing, and not say why. */
function reasonHas(words: string): Sql {
  if (!/[\p{L}\p{N}]/u.test(words)) {
    throw new InvalidArgument(`reason: ${JSON.stringify(words)} holds no word: name one that the reason has`, [
      'reason',
    ]);
  }
  return sql`${reasonWords} @@ websearch_to_tsquery('simple', ${words})`;
}

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
