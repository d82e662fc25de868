import { type AccessFacts, builtInPrincipals, type Principal, type Securable } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { deletedBy, inLog, membership, newestFirst, switching, upTo } from './log-sql.js';
import type { PastGrant, PastSecurable } from './securable-state.js';
import { grantsOn } from './securable-state.reader.js';

interface Standing {
  /** When it was disabled; null: it could act. */
  disabledAt: Date | null;
  exists: boolean;
  memberships: AccessFacts['memberships'];
}

/** What decided as of a time what one principal might do on one object. It checks no rights. */
@Injectable()
export class AccessStateReader {
  constructor(private readonly db: Database) {}

  /** In three statements: the past stands still between them. */
  async facts(principal: Principal, now: Securable, past: PastSecurable, at: Date): Promise<AccessFacts> {
    const { disabledAt, exists, memberships } = await this.standing(principal, at);
    const acts = exists && disabledAt === null;
    const everyone = acts && principal.kind !== 'GROUP' ? [builtInPrincipals.everyone] : [];
    const groups = memberships.map(({ groupId }) => groupId);
    const identities = acts ? [...new Set([principal.id, ...groups, ...everyone])] : [];
    const grants = await this.grantsTo(identities, past, at);
    const { kind, fullName, ownerId, schemaId, catalogId, path } = past;
    return {
      principal: { ...principal, disabledAt },
      object: { ...now, kind, fullName, ownerId, schemaId, catalogId },
      path,
      identities,
      memberships: [...memberships, ...everyone.map((groupId) => ({ memberId: principal.id, groupId }))],
      grants: grants.map(({ principalName, grantedAt, ...grant }) => ({
        ...grant,
        grantedAt: grantedAt ?? new Date(0),
      })),
      names: await this.namesOf([...identities, ...grants.flatMap(({ grantedBy }) => grantedBy ?? [])]),
    };
  }

  private async standing({ id, builtIn }: Principal, at: Date): Promise<Standing> {
    const row = (await this.db.first<Standing>(sql`
      WITH RECURSIVE steps(member_id, group_id) AS (
        SELECT NULL::uuid, ${id}::uuid
        UNION
        SELECT s.group_id, m.group_id FROM steps s CROSS JOIN LATERAL (
          SELECT DISTINCT ON (e.object_id) e.object_id::uuid AS group_id, e.action FROM ${inLog}
          WHERE e.action IN (${membership}) AND ${upTo(at)}
            AND COALESCE(e.after ->> 'memberId', e.before ->> 'memberId') = s.group_id::text
          ORDER BY e.object_id, ${newestFirst}) m
        WHERE m.action = 'group.member_added' AND NOT ${deletedBy(at, sql`m.group_id::text`)}
      )
      SELECT
        ${builtIn}::boolean OR EXISTS (SELECT 1 FROM audit_events e
          WHERE e.object_id = ${id} AND e.action = 'principal.created' AND ${upTo(at)}) AS exists,
        (SELECT CASE switched.action WHEN 'principal.disabled' THEN switched.occurred_at END FROM (
          SELECT e.action, e.occurred_at FROM ${inLog}
          WHERE e.object_id = ${id} AND e.action IN (${switching}) AND ${upTo(at)} ORDER BY ${newestFirst} LIMIT 1) switched) AS "disabledAt",
        COALESCE((SELECT jsonb_agg(jsonb_build_object('memberId', member_id, 'groupId', group_id) ORDER BY group_id)
          FROM steps WHERE member_id IS NOT NULL), '[]') AS memberships`)) as Standing;
    return row;
  }

  private grantsTo(identities: readonly string[], { path }: PastSecurable, at: Date): Promise<PastGrant[]> {
    const places = path.map(({ id }) => id);
    return this.db.query<PastGrant>(sql`SELECT g.* FROM (${grantsOn(places, at, identities)}) g ORDER BY g.id`);
  }

  /** Names do not change; of who is gone, the log knows them. */
  private async namesOf(ids: readonly string[]): Promise<Record<string, string>> {
    const rows = await this.db.query<{ id: string; name: string }>(sql`
      SELECT p.id::text, p.name FROM principals p WHERE p.id = ANY(${ids}::uuid[])
      UNION SELECT e.object_id, e.object_name FROM audit_events e
        WHERE e.object_id = ANY(${ids}::text[]) AND e.action = 'principal.deleted'`);
    return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
  }
}
