import { METASTORE_ID, type Place, type Securable, type SecurableKind } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { empty, type Sql } from 'sql-template-tag';
import { genesis } from './genesis.js';
import { deletedBy, inLog, naming, newestFirst, owning, upTo } from './log-sql.js';
import { fullNameIn, type PastGrant, type PastPolicy, type PastSecurable } from './securable-state.js';

interface PlaceRow {
  id: string;
  kind: SecurableKind | null;
  told: string | null;
  ownerId: string | null;
  ownerName: string | null;
}

/** What the log says of a securable as of a time. It checks no rights. */
@Injectable()
export class SecurableStateReader {
  constructor(private readonly db: Database) {}

  /** @returns undefined when it did not exist yet */
  async at({ id }: Pick<Securable, 'id'>, at: Date): Promise<PastSecurable | undefined> {
    const rows = await this.db.query<PlaceRow>(sql`
      WITH stood AS (
        SELECT e.schema_id, e.catalog_id FROM ${inLog}
        WHERE e.object_id = ${id} AND e.action IN (${naming}) AND ${upTo(at)} ORDER BY ${newestFirst} LIMIT 1
      ),
      places(id, depth) AS (
        SELECT ${METASTORE_ID}::uuid, 0 UNION SELECT catalog_id, 1 FROM stood WHERE catalog_id <> ${id}::uuid
        UNION SELECT schema_id, 2 FROM stood WHERE schema_id <> ${id}::uuid
        UNION SELECT ${id}::uuid, 3 WHERE ${id}::uuid <> ${METASTORE_ID}::uuid
      )
      SELECT p.id, named.kind, named.told, owned.owner_id AS "ownerId", COALESCE(
        (SELECT name FROM principals WHERE id = owned.owner_id::uuid),
        (SELECT d.object_name FROM audit_events d WHERE d.object_id = owned.owner_id AND d.action = 'principal.deleted')
      ) AS "ownerName" FROM places p
      LEFT JOIN LATERAL (
        SELECT e.object_kind AS kind, COALESCE(e.after ->> 'fullName', e.after ->> 'name', e.object_name) AS told FROM ${inLog}
        WHERE e.object_id = p.id::text AND e.action IN (${naming}) AND ${upTo(at)} ORDER BY ${newestFirst} LIMIT 1) named ON TRUE
      LEFT JOIN LATERAL (
        SELECT COALESCE(e.after ->> 'ownerId', e.actor_id::text) AS owner_id FROM ${inLog}
        WHERE e.object_id = p.id::text AND e.action IN (${owning}) AND ${upTo(at)} ORDER BY ${newestFirst} LIMIT 1) owned ON TRUE
      ORDER BY p.depth`);
    const path: Place[] = [];
    for (const row of rows) {
      const place = placeOf(row, path);
      if (!place) return undefined;
      path.push(place);
    }
    const idOf = (kind: SecurableKind) => path.find((place) => place.kind === kind)?.id ?? null;
    const ownerName = rows.at(-1)?.ownerName ?? genesis.ownerName;
    return { ...(path.at(-1) as Place), ownerName, path, catalogId: idOf('CATALOG'), schemaId: idOf('SCHEMA') };
  }

  /** The grants in force on it, in the order of their ids, which is that in which they were made. */
  grants({ id }: Pick<Securable, 'id'>, at: Date, args: PageArgs): Promise<Page<PastGrant>> {
    return keysetPage<PastGrant, PastGrant>(this.db, {
      select: sql`g.*`,
      from: sql`(${grantsOn([id], at)}) g`,
      where: sql`NOT ${deletedBy(at, sql`g."principalId"::text`)}`,
      orderName: 'MADE',
      order: [{ expression: sql`g.id`, type: 'uuid', direction: 'ASC' }],
      args,
      toNode: (grant) => grant,
    });
  }

  async countGrants({ id }: Pick<Securable, 'id'>, at: Date): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM (${grantsOn([id], at)}) g
      WHERE NOT ${deletedBy(at, sql`g."principalId"::text`)}`);
    return row?.count ?? 0;
  }

  /** The policies that were not retired, by name, each as it was revised last by then. */
  policies({ id }: Pick<Securable, 'id'>, at: Date): Promise<PastPolicy[]> {
    return this.db.query<PastPolicy>(sql`
      SELECT r.id, r.policy_id AS "policyId", r.revision, r.rules, r.reason, r.created_at AS "createdAt",
        r.created_by AS "createdBy", p.name AS "policyName"
      FROM (
        SELECT DISTINCT ON (e.object_id) e.object_id, e.action, substring(e.object_name FROM '\\(revision ([0-9]+)\\)$')::int AS revision
        FROM ${inLog} WHERE e.securable_id = ${id}::uuid AND e.object_kind = 'POLICY' AND ${upTo(at)}
        ORDER BY e.object_id, ${newestFirst}) told
      JOIN policies p ON p.id = told.object_id::uuid
      JOIN policy_revisions r ON r.policy_id = p.id AND r.revision = told.revision
      WHERE told.action <> 'policy.retired' ORDER BY p.name_key`);
  }
}

/** A grant is what was said of it last: of the principal, the privilege and the object. An expired one is none. `to`: only those to these. */
export const grantsOn = (securableIds: readonly string[], at: Date, to?: readonly string[]): Sql => sql`
  SELECT told.id, told.securable_id AS "securableId", told.principal_id AS "principalId", told.principal AS "principalName",
    told.privilege, made.actor_id AS "grantedBy", made.occurred_at AS "grantedAt", told.expires_at AS "expiresAt"
  FROM (
    SELECT DISTINCT ON (e.securable_id, said.principal_id, said.privilege) e.object_id::uuid AS id, e.action, e.securable_id, said.*
    FROM ${inLog} CROSS JOIN LATERAL (
      SELECT (told ->> 'principalId')::uuid AS principal_id, told ->> 'principal' AS principal, told ->> 'privilege' AS privilege,
        (told ->> 'expiresAt')::timestamptz AS expires_at
      FROM (SELECT COALESCE(e.after, e.before) AS told) either) said
    WHERE e.securable_id = ANY(${securableIds}::uuid[]) AND e.object_kind = 'GRANT' AND e.object_id IS NOT NULL AND ${upTo(at)}
      ${to ? sql`AND said.principal_id = ANY(${to}::uuid[])` : empty}
    ORDER BY e.securable_id, said.principal_id, said.privilege, ${newestFirst}) told
  LEFT JOIN LATERAL (SELECT c.actor_id, c.occurred_at FROM audit_events c
    WHERE c.object_id = told.id::text AND c.action = 'grant.created' LIMIT 1) made ON TRUE
  WHERE told.action <> 'grant.revoked' AND (told.expires_at IS NULL OR told.expires_at > ${at}::timestamptz)
  UNION ALL
  SELECT ${genesis.grant.id}::uuid, ${genesis.grant.securableId}::uuid, ${genesis.grant.principalId}::uuid, 'everyone',
    ${genesis.grant.privilege}, NULL, NULL, NULL
  WHERE ${genesis.grant.securableId}::uuid = ANY(${securableIds}::uuid[])
    ${to ? sql`AND ${genesis.grant.principalId}::uuid = ANY(${to}::uuid[])` : empty} AND NOT EXISTS (
    SELECT 1 FROM audit_events e WHERE e.securable_id = ${genesis.grant.securableId}::uuid AND e.object_kind = 'GRANT' AND ${upTo(at)}
      AND e.object_name LIKE ${`${genesis.grant.privilege} on % to everyone`})`;

function placeOf({ id, kind, told, ownerId }: PlaceRow, above: readonly Place[]): Place | undefined {
  const first = genesis.places.find((place) => place.id === id);
  const known = { kind: kind ?? first?.kind, told: told ?? first?.fullName, ownerId: ownerId ?? first?.ownerId };
  if (!known.kind || !known.told || !known.ownerId) return undefined;
  return { id, kind: known.kind, fullName: fullNameIn(above, known.kind, known.told), ownerId: known.ownerId };
}
