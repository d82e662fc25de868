import sql, { raw, type Sql } from 'sql-template-tag';

/**
 * State as of a time is the fold, in the order of the log, of the events that happened at or before it (docs/audit.md). The
 * lists of actions are literals, each part of that of a partial index (prisma/migrations, history).
 */
const kinds = ['catalog', 'schema', 'registered_model', 'experiment'];
const actions = (list: readonly string[]): Sql => raw(list.map((action) => `'${action}'`).join(', '));

/** What says how a securable is called, and what it stands in. */
export const naming = actions(kinds.flatMap((kind) => [`${kind}.created`, `${kind}.renamed`]));
/** What says who owns a securable. */
export const owning = actions(
  ['metastore', ...kinds].map((kind) => `${kind}.owner_changed`).concat(kinds.map((kind) => `${kind}.created`)),
);
export const membership = actions(['group.member_added', 'group.member_removed']);
export const switching = actions(['principal.disabled', 'principal.enabled']);

/** Events `e` with their place in the log. */
export const inLog = raw(
  'audit_events e LEFT JOIN sealed_events l ON l.event_id = e.id LEFT JOIN unsealed_events u ON u.event_id = e.id',
);

/** What waits to be sealed comes after all that is. */
export const newestFirst = raw('l.sequence DESC NULLS FIRST, u.position DESC');

/** The events that count as of a time. */
export const upTo = (at: Date): Sql => sql`e.outcome = 'ALLOWED' AND e.occurred_at <= ${at}::timestamptz`;

/** Whether a principal was deleted by then: memberships in it and grants to it went with it. */
export const deletedBy = (at: Date, id: Sql): Sql => sql`EXISTS (SELECT 1 FROM audit_events d
  WHERE d.object_id = ${id} AND d.action = 'principal.deleted' AND d.occurred_at <= ${at}::timestamptz)`;
