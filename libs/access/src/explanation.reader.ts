import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { AccessFacts, GrantFact } from './explanation.js';
import { builtInPrincipals, type Principal } from './principal.js';
import { METASTORE_ID, type Securable } from './securable.js';
import { identitiesOf, liveGrant, stored } from './snapshot-sql.js';

type Row = Omit<AccessFacts, 'principal' | 'object'>;

/** The ids of an object and of all that it is in. */
export const pathIdsOf = ({ id, catalogId, schemaId }: Securable): string[] => [
  ...new Set([METASTORE_ID, catalogId, schemaId, id].filter((place) => place !== null)),
];

/** The column `path`: the places of `pathIdsOf`, in JSON. */
export const pathColumn = (ids: readonly string[]): Sql => sql`
  COALESCE((SELECT jsonb_agg(jsonb_build_object('id', s.id, 'kind', s.kind, 'fullName', s.full_name, 'ownerId', s.owner_id))
    FROM securables s WHERE s.id = ANY(${ids}::uuid[])), '[]') AS path`;

/** What an explanation is made of. It checks no rights. */
@Injectable()
export class ExplanationReader {
  constructor(private readonly db: Database) {}

  /** In one statement, so that all is of one moment. @returns undefined when the object is gone by now */
  async facts(principal: Principal, object: Securable): Promise<AccessFacts | undefined> {
    const ids = pathIdsOf(object);
    const row = (await this.db.first<Row>(sql`
      WITH RECURSIVE ${identitiesOf(sql`${principal.id}::uuid`, stored.members)},
      live AS (
        SELECT g.* FROM grants g JOIN principal_ids p ON p.id = g.principal_id
        WHERE g.securable_id = ANY(${ids}::uuid[]) AND ${liveGrant('g')}
      )
      SELECT ${pathColumn(ids)},
        ARRAY(SELECT id::text FROM principal_ids) AS identities,
        COALESCE((SELECT jsonb_agg(jsonb_build_object('memberId', m.member_id, 'groupId', m.group_id) ORDER BY m.group_id)
          FROM group_members m JOIN held ON held.id = m.member_id), '[]') AS memberships,
        COALESCE((SELECT jsonb_agg(jsonb_build_object('id', id, 'privilege', privilege, 'principalId', principal_id,
            'securableId', securable_id, 'grantedBy', granted_by, 'grantedAt', granted_at, 'expiresAt', expires_at) ORDER BY id)
          FROM live), '[]') AS grants,
        COALESCE((SELECT jsonb_object_agg(p.id, p.name) FROM principals p
          WHERE p.id IN (SELECT id FROM principal_ids UNION SELECT granted_by FROM live)), '{}') AS names`)) as Row;
    if (row.path.length < ids.length) return undefined;
    return { ...row, principal, object, memberships: withEveryone(principal, row), grants: row.grants.map(dated) };
  }
}

/** Everyone has no rows of membership. */
const withEveryone = ({ id }: Principal, { identities, memberships }: Row): Row['memberships'] =>
  identities.includes(builtInPrincipals.everyone)
    ? [...memberships, { memberId: id, groupId: builtInPrincipals.everyone }]
    : memberships;

/** JSON has no instants. */
const dated = (grant: GrantFact): GrantFact => ({
  ...grant,
  grantedAt: new Date(grant.grantedAt),
  expiresAt: grant.expiresAt && new Date(grant.expiresAt),
});
