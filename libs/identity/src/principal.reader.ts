import { Access, type Principal, type PrincipalKind, principalColumns, principalNameKey } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join, type Sql } from 'sql-template-tag';

/** All that is given must hold. */
export interface PrincipalFilter {
  kind?: PrincipalKind | null;
  /** A part of the name, ignoring case. */
  nameContains?: string | null;
}

/** A list of principals: what it is joined from and which rows it has, over the row `p`. */
export interface PrincipalList {
  from: Sql;
  where: Sql;
}

@Injectable()
export class PrincipalReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** By name. */
  page({ from, where }: PrincipalList, args: PageArgs): Promise<Page<Principal>> {
    return keysetPage<Principal, Principal>(this.db, {
      select: principalColumns('p'),
      from,
      where,
      orderName: 'NAME',
      order: [{ expression: sql`p.name_key`, type: 'text', direction: 'ASC' }],
      args,
      toNode: (row) => row,
    });
  }

  async count({ from, where }: PrincipalList): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from} WHERE ${where}`);
    return row?.count ?? 0;
  }

  /**
   * What stands in the way of deleting a principal: the securables that it owns.
   * @returns how many, and the names of the first few that the caller may know of
   */
  async ownedBy(id: string): Promise<{ count: number; names: string[] }> {
    const visible = await this.access.whereOfAnyKind('DISCOVER', 's');
    const row = await this.db.first<{ count: number; names: string[] }>(sql`
      SELECT count(*) AS count,
        (array_agg(s.full_name ORDER BY s.full_name_key) FILTER (WHERE ${visible}))[1:5] AS names
      FROM securables s WHERE s.owner_id = ${id}::uuid`);
    return { count: row?.count ?? 0, names: row?.names ?? [] };
  }

  /** What goes with a principal when it is deleted, for the audit trail. */
  async heldBy(id: string): Promise<{ groups: string[]; grants: string[] }> {
    const row = await this.db.first<{ groups: string[]; grants: string[] }>(sql`
      SELECT
        ARRAY(SELECT g.name FROM group_members m JOIN principals g ON g.id = m.group_id
          WHERE m.member_id = ${id}::uuid ORDER BY g.name_key) AS groups,
        ARRAY(SELECT g.privilege || ' on ' || s.full_name FROM grants g JOIN securables s ON s.id = g.securable_id
          WHERE g.principal_id = ${id}::uuid ORDER BY s.full_name_key, g.privilege) AS grants`);
    return row ?? { groups: [], grants: [] };
  }
}

/** All principals that a filter lets through. */
export function principalsThat({ kind, nameContains }: PrincipalFilter): PrincipalList {
  const terms = [
    sql`TRUE`,
    kind != null && sql`p.kind = ${kind}`,
    nameContains != null && sql`strpos(p.name_key, ${principalNameKey(nameContains)}) > 0`,
  ];
  return {
    from: sql`principals p`,
    where: join(
      terms.filter((term) => term !== false),
      ' AND ',
    ),
  };
}
