import { Access, METASTORE_ID, type Privilege, privileges, ruleOf, type Securable } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import type { Grant } from './grant.js';

const columns = raw(`g.id, g.privilege, g.principal_id AS "principalId", g.granted_by AS "grantedBy",
  g.granted_at AS "grantedAt", g.expires_at AS "expiresAt",
  jsonb_build_object('id', s.id, 'kind', s.kind, 'fullName', s.full_name) AS securable`);

const grantsAndPlaces = sql`grants g JOIN securables s ON s.id = g.securable_id`;

/** An expired grant is as good as none. */
const live = sql`(g.expires_at IS NULL OR g.expires_at > now())`;

/** What shows all grants on an object; without it, one sees one's own. */
const readingAll = ['MANAGE', 'READ_AUDIT'] as const;

/** Where a grant is, as far as a refusal is recorded for it. */
type GrantPlace = Pick<Securable, 'id' | 'kind' | 'fullName' | 'catalogId' | 'schemaId'>;

type GrantRow = Omit<Grant, 'inheritedFrom'>;

/** Grants over the rows `g` and their securables `s`. */
@Injectable()
export class GrantReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** In the order in which they were granted. */
  page(where: Sql, args: PageArgs, inherited = false): Promise<Page<Grant>> {
    return keysetPage<GrantRow, Grant>(this.db, {
      select: columns,
      from: grantsAndPlaces,
      where: sql`${live} AND ${where}`,
      orderName: 'ID',
      order: [{ expression: sql`g.id`, type: 'uuid', direction: 'ASC' }],
      args,
      toNode: (row) => ({ ...row, inheritedFrom: inherited ? row.securable : null }),
    });
  }

  async all(where: Sql): Promise<Grant[]> {
    const rows = await this.db.query<GrantRow>(
      sql`SELECT ${columns} FROM ${grantsAndPlaces} WHERE ${live} AND ${where}`,
    );
    return rows.map((row) => ({ ...row, inheritedFrom: null }));
  }

  async count(where: Sql): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM ${grantsAndPlaces} WHERE ${live} AND ${where}`,
    );
    return row?.count ?? 0;
  }

  /** One grant, with whether the caller may read it: one statement for the hidden and for the absent. */
  async byId(id: string): Promise<{ grant: Grant; readable: boolean; object: GrantPlace } | undefined> {
    const row = await this.db.first<GrantRow & { readable: boolean; catalogId: string; schemaId: string }>(sql`
      SELECT ${columns}, s.catalog_id AS "catalogId", s.schema_id AS "schemaId", ${await this.readableAnywhere()} AS readable
      FROM ${grantsAndPlaces} WHERE ${live} AND g.id = ${id}::uuid`);
    if (!row) return undefined;
    const { readable, catalogId, schemaId, ...grant } = row;
    return { grant: { ...grant, inheritedFrom: null }, readable, object: { ...grant.securable, catalogId, schemaId } };
  }

  /** The grants on a securable in words, for the audit trail. */
  async namesOn(securableId: string): Promise<string[]> {
    const rows = await this.db.query<{ name: string }>(sql`
      SELECT g.privilege || ' to ' || p.name AS name FROM grants g JOIN principals p ON p.id = g.principal_id
      WHERE g.securable_id = ${securableId}::uuid AND ${live} ORDER BY p.name_key, g.privilege`);
    return rows.map(({ name }) => name);
  }

  /** The caller's own grants: to him and to his groups; with a token for one catalog, those in it. */
  private async own(): Promise<Sql> {
    const caller = this.access.caller();
    const mine = sql`g.principal_id = ANY(${await this.access.identitiesOf(caller.id)}::uuid[])`;
    const catalogId = caller.narrowing?.catalogId;
    return catalogId ? sql`(${mine} AND s.catalog_id = ${catalogId}::uuid)` : mine;
  }

  /** Whoever has MANAGE or READ_AUDIT on an object reads all grants that reach it, others their own. */
  async readableOn(object: Securable): Promise<Sql> {
    for (const privilege of readingAll) {
      if (await this.access.allowed(privilege, object)) return sql`TRUE`;
    }
    return this.own();
  }

  /** The same where the grants are of many objects. */
  async readableAnywhere(): Promise<Sql> {
    const all = await Promise.all(readingAll.map((privilege) => this.access.whereOfAnyKind(privilege, 's')));
    return sql`(${join([await this.own(), ...all], ' OR ')})`;
  }
}

export const grantedOn = ({ id }: Securable): Sql => sql`g.securable_id = ${id}::uuid`;

/** The grants on the containers above an object that have a meaning on it (domain.md, section 3). */
export function inheritedBy({ id, kind, catalogId, schemaId }: Securable): Sql {
  const containers = [catalogId, schemaId].filter((container) => container !== null && container !== id);
  const meaningful = privileges.filter((privilege: Privilege) => ruleOf(privilege).on.includes(kind));
  const everywhere = kind === 'METASTORE' ? [] : meaningful.filter((word) => ruleOf(word).inheritsFromMetastore);
  return sql`((g.securable_id = ANY(${containers}::uuid[]) AND g.privilege = ANY(${meaningful}::text[]))
    OR (g.securable_id = ${METASTORE_ID}::uuid AND g.privilege = ANY(${everywhere}::text[])))`;
}
