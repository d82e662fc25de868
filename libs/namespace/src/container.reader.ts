import { Access, fullNameKey, type Securable, type SecurableKind, securableColumns } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs, type SortKey } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';

export interface ContainerOrder {
  field: 'FULL_NAME' | 'CREATED_AT';
  direction: 'ASC' | 'DESC';
}

export const byFullName: ContainerOrder = { field: 'FULL_NAME', direction: 'ASC' };

export interface ContainerFilter {
  /** A part of the full name, ignoring case. */
  nameContains?: string | null;
  /** The id of the container that they are in. */
  parentId?: string | null;
}

/** Lists of catalogs and schemas, with what the caller may see filtered in SQL. */
@Injectable()
export class ContainerReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  async page(
    kind: SecurableKind,
    filter: ContainerFilter,
    order: ContainerOrder,
    args: PageArgs,
  ): Promise<Page<Securable>> {
    return keysetPage<Securable, Securable>(this.db, {
      select: securableColumns('s'),
      from: sql`securables s`,
      where: await this.conditions(kind, filter),
      orderName: `${order.field} ${order.direction}`,
      order: sortKeys(order),
      args,
      toNode: (row) => row,
    });
  }

  async count(kind: SecurableKind, filter: ContainerFilter): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM securables s WHERE ${await this.conditions(kind, filter)}`,
    );
    return row?.count ?? 0;
  }

  async byIds(kind: SecurableKind, ids: readonly string[]): Promise<Securable[]> {
    return this.db.query<Securable>(sql`
      SELECT ${securableColumns('s')} FROM securables s
      WHERE s.id = ANY(${ids}::uuid[]) AND ${await this.conditions(kind, {})}`);
  }

  /** What is directly in a container: how much, and the names of the first few that the caller may know of. */
  async contents(containerId: string): Promise<{ count: number; names: string[] }> {
    const visible = await this.access.whereOfAnyKind('DISCOVER', 's');
    const row = await this.db.first<{ count: number; names: string[] | null }>(sql`
      SELECT count(*) AS count,
        (array_agg(s.full_name ORDER BY s.full_name_key) FILTER (WHERE ${visible}))[1:5] AS names
      FROM securables s WHERE s.parent_id = ${containerId}::uuid`);
    return { count: row?.count ?? 0, names: row?.names ?? [] };
  }

  private async conditions(kind: SecurableKind, { nameContains, parentId }: ContainerFilter): Promise<Sql> {
    const named = nameContains ? sql`strpos(s.full_name_key, ${fullNameKey(kind, nameContains)}) > 0` : sql`TRUE`;
    const placed = parentId ? sql`s.parent_id = ${parentId}::uuid` : sql`TRUE`;
    return sql`s.kind = ${kind} AND ${named} AND ${placed} AND ${await this.access.where('DISCOVER', kind, 's')}`;
  }
}

function sortKeys({ field, direction }: ContainerOrder): SortKey[] {
  // A full name is unique within a kind: it needs no tie-break.
  if (field === 'FULL_NAME') return [{ expression: sql`s.full_name_key`, type: 'text', direction }];
  return [
    { expression: sql`s.created_at`, type: 'timestamptz', direction },
    { expression: sql`s.id`, type: 'uuid', direction },
  ];
}
