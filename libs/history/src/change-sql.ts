import sql, { raw, type Sql } from 'sql-template-tag';
import { inLog, newestFirst } from './log-sql.js';

export interface ChangeScope {
  /** Over the row `e` of audit_events: what happened in the object. */
  place: Sql;
  /** The same: what the caller may read. */
  visible: Sql;
  from: Date;
  to: Date;
}

const name = (id: Sql): Sql => sql`COALESCE((SELECT p.name FROM principals p WHERE p.id = (${id})::uuid),
  (SELECT g.object_name FROM audit_events g WHERE g.object_id = ${id} AND g.action = 'principal.deleted'))`;
const either = raw('COALESCE(e.after, e.before)');
const revision = raw(String.raw`substring(e.object_name FROM '\(revision ([0-9]+)\)$')::int`);
const policyName = raw(String.raw`regexp_replace(e.object_name, ' on .* \(revision [0-9]+\)$', '')`);

/** Each event as what it changed: rows of aspect, subject, key, before, after. One event may change several. */
const aspects = sql`
  SELECT 'EXISTENCE' AS aspect, e.object_id AS subject, '' AS key,
    CASE WHEN e.action LIKE '%.deleted' THEN to_jsonb(e.object_name) END AS before,
    CASE WHEN e.action NOT LIKE '%.deleted' THEN to_jsonb(e.object_name) END AS after
  WHERE e.action IN ('schema.created', 'registered_model.created', 'model_version.registered', 'registered_model.deleted', 'model_version.deleted')
  UNION ALL SELECT 'NAME', e.object_id, '', e.before -> 'fullName', e.after -> 'fullName'
  WHERE e.action IN ('schema.renamed', 'registered_model.renamed')
  UNION ALL SELECT 'OWNER', e.object_id, '', to_jsonb(${name(sql`e.before ->> 'ownerId'`)}), to_jsonb(${name(sql`e.after ->> 'ownerId'`)})
  WHERE e.action IN ('schema.owner_changed', 'registered_model.owner_changed')
  UNION ALL SELECT 'DESCRIPTION', e.object_id, '', e.before -> 'description', e.after -> 'description'
  WHERE e.action IN ('schema.updated', 'registered_model.updated', 'model_version.updated', 'schema.owner_changed', 'registered_model.owner_changed')
    AND jsonb_exists(e.after, 'description')
  UNION ALL SELECT 'TAG', e.object_id, ${either} ->> 'key', e.before -> 'value', e.after -> 'value'
  WHERE e.action LIKE '%.tag\\_set' OR e.action LIKE '%.tag\\_deleted'
  UNION ALL SELECT 'GRANT', e.securable_id::text, (${either} ->> 'principalId') || ' ' || (${either} ->> 'privilege'), e.before, e.after
  WHERE e.object_kind = 'GRANT' AND e.object_id IS NOT NULL
  UNION ALL SELECT 'POLICY', e.securable_id::text, ${policyName},
    CASE e.action WHEN 'policy.revised' THEN to_jsonb(${revision} - 1) WHEN 'policy.retired' THEN to_jsonb(${revision}) END,
    CASE WHEN e.action <> 'policy.retired' THEN to_jsonb(${revision}) END
  WHERE e.object_kind = 'POLICY'
  UNION ALL SELECT 'ALIAS', e.object_id, lower(${either} ->> 'alias'), e.before -> 'version', e.after -> 'version'
  WHERE e.action IN ('model_alias.set', 'model_alias.deleted')
  UNION ALL SELECT 'ALIAS', e.securable_id::text, lower(alias), to_jsonb(substring(e.object_name FROM '[0-9]+$')::int), NULL
  FROM jsonb_array_elements_text(CASE e.action WHEN 'model_version.deleted' THEN e.before -> 'aliases' END) AS alias
  UNION ALL SELECT 'STAGE', e.object_id, '', e.before -> 'stage', e.after -> 'stage'
  WHERE e.action IN ('model_version.stage_transitioned', 'model_version.deleted')`;

/** The grants that went with a principal: its deletion is an event of its own, elsewhere. */
const lostWithPrincipals = ({ place, visible, from, to }: ChangeScope): Sql => sql`
  SELECT 'GRANT', told.securable_id::text, told.principal_id || ' ' || told.privilege, told.said, NULL,
    e.id, e.occurred_at, e.action, e.actor_name, e.reason, 'GRANT', told.object_name, l.sequence, u.position
  FROM ${inLog} JOIN (
    SELECT DISTINCT ON (e.securable_id, ${either} ->> 'principalId', ${either} ->> 'privilege') e.securable_id, e.action,
      ${either} ->> 'principalId' AS principal_id, ${either} ->> 'privilege' AS privilege, ${either} AS said, e.object_name
    FROM ${inLog} WHERE ${place} AND ${visible} AND e.object_kind = 'GRANT' AND e.outcome = 'ALLOWED' AND e.occurred_at <= ${to}::timestamptz
    ORDER BY e.securable_id, ${either} ->> 'principalId', ${either} ->> 'privilege', ${newestFirst}
  ) told ON told.principal_id = e.object_id AND told.action <> 'grant.revoked'
  WHERE e.action = 'principal.deleted' AND e.occurred_at > ${from}::timestamptz AND e.occurred_at <= ${to}::timestamptz`;

/** Rows `c`: what is different at the end, with the newest of the events that made it. */
export const netChanges = (scope: ChangeScope): Sql => sql`(
  SELECT aspect, subject, key, count(*) AS "eventCount",
    (array_agg(kind ORDER BY ${newest}))[1] AS "objectKind", (array_agg(name ORDER BY ${newest}))[1] AS "objectName",
    (array_agg(NULLIF(before, 'null') ORDER BY sequence NULLS LAST, position))[1] AS before,
    (array_agg(NULLIF(after, 'null') ORDER BY ${newest}))[1] AS after,
    to_jsonb((array_agg(jsonb_build_object('id', id, 'occurredAt', occurred_at, 'action', action, 'actorName', actor_name,
      'reason', reason) ORDER BY ${newest}))[1:20]) AS events
  FROM (
    SELECT changed.*, e.id, e.occurred_at, e.action, e.actor_name, e.reason, e.object_kind AS kind, e.object_name AS name,
      l.sequence, u.position
    FROM ${inLog} CROSS JOIN LATERAL (${aspects}) AS changed
    WHERE ${scope.place} AND ${scope.visible} AND e.outcome = 'ALLOWED'
      AND e.occurred_at > ${scope.from}::timestamptz AND e.occurred_at <= ${scope.to}::timestamptz
    UNION ALL ${lostWithPrincipals(scope)}) told
  GROUP BY aspect, subject, key
  HAVING (array_agg(NULLIF(before, 'null') ORDER BY sequence NULLS LAST, position))[1]
    IS DISTINCT FROM (array_agg(NULLIF(after, 'null') ORDER BY ${newest}))[1]) c`;

const newest = raw('sequence DESC NULLS FIRST, position DESC');
