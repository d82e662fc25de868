import { fullNameKey, type Securable, securableColumns } from '@app/access';
import { Config, Database, keysetPage, type Page, type PageArgs, type SortKey } from '@app/platform';
import { stages } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { join, type Sql } from 'sql-template-tag';
import type {
  RegisteredModel,
  RegisteredModelFilter,
  RegisteredModelOrder,
  RegisteredModelView,
} from './registered-model.js';
import { compareModelName, conditionsSql, orderOf, type Search, type SearchTables } from './search.js';
import { latestVersionsJson, type VersionViewJson, viewOf } from './version-columns.js';

export type RegisteredModelSearch = Search<'NAME', 'NAME' | 'CREATED_AT' | 'UPDATED_AT'>;

type ViewRow = Omit<RegisteredModelView, 'latestVersions'> & { latestVersions: VersionViewJson[] };

const viewColumns: Sql = sql`${securableColumns('s')},
  (SELECT COALESCE(json_agg(json_build_object('key', t.key, 'value', t.value) ORDER BY t.key), '[]')
   FROM securable_tags t WHERE t.securable_id = s.id) AS tags,
  (SELECT COALESCE(json_agg(json_build_object('alias', a.alias, 'versionNumber', v.number) ORDER BY a.alias), '[]')
   FROM model_aliases a JOIN model_versions v ON v.id = a.version_id WHERE a.model_id = s.id) AS aliases,
  ${latestVersionsJson(stages)} AS "latestVersions"`;

const toView = ({ latestVersions, ...rest }: ViewRow): RegisteredModelView => ({
  ...rest,
  latestVersions: latestVersions.map(viewOf),
});

const sortKeys: Record<RegisteredModelOrder['field'], Pick<SortKey, 'expression' | 'type'>> = {
  FULL_NAME: { expression: sql`s.full_name_key`, type: 'text' },
  CREATED_AT: { expression: sql`s.created_at`, type: 'timestamptz' },
  UPDATED_AT: { expression: sql`s.updated_at`, type: 'timestamptz' },
};

/** Models by name and in lists. What the caller may see is handed in, as a condition on `s`. */
@Injectable()
export class RegisteredModelReader {
  private readonly tables: SearchTables<'NAME', 'NAME' | 'CREATED_AT' | 'UPDATED_AT'>;

  constructor(
    private readonly db: Database,
    config: Config,
  ) {
    this.tables = {
      column: (_name, operator, value) => compareModelName(config.settings.DEFAULT_SCHEMA, operator, value),
      tags: sql`securable_tags t WHERE t.securable_id = s.id`,
      order: { NAME: sortKeys.FULL_NAME, CREATED_AT: sortKeys.CREATED_AT, UPDATED_AT: sortKeys.UPDATED_AT },
      id: sql`s.id`,
    };
  }

  async view(fullName: string): Promise<RegisteredModelView | undefined> {
    const row = await this.db.first<ViewRow>(sql`
      SELECT ${viewColumns} FROM securables s
      WHERE s.kind = 'REGISTERED_MODEL' AND s.full_name_key = ${fullNameKey('REGISTERED_MODEL', fullName)}`);
    return row && toView(row);
  }

  page(
    filter: RegisteredModelFilter,
    { field, direction }: RegisteredModelOrder,
    args: PageArgs,
    visible: Sql,
  ): Promise<Page<RegisteredModel>> {
    return keysetPage<Securable, RegisteredModel>(this.db, {
      select: securableColumns('s'),
      from: sql`securables s`,
      where: filtered(filter, visible),
      orderName: `${field} ${direction}`,
      order: [
        { ...sortKeys[field], direction },
        { expression: sql`s.id`, type: 'uuid', direction },
      ],
      args,
      toNode: (row) => row,
    });
  }

  async count(filter: RegisteredModelFilter, visible: Sql): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM securables s WHERE ${filtered(filter, visible)}`,
    );
    return row?.count ?? 0;
  }

  search(search: RegisteredModelSearch, visible: Sql): Promise<Page<RegisteredModelView>> {
    return keysetPage<ViewRow, RegisteredModelView>(this.db, {
      select: viewColumns,
      from: sql`securables s`,
      where: sql`s.kind = 'REGISTERED_MODEL' AND ${visible}${conditionsSql(search, this.tables)}`,
      ...orderOf(search, this.tables),
      args: { first: search.pageSize, after: search.pageToken ?? null },
      toNode: toView,
      maxPageSize: 1000,
    });
  }
}

function filtered(filter: RegisteredModelFilter, visible: Sql): Sql {
  const terms = [sql`s.kind = 'REGISTERED_MODEL'`, visible];
  const { namePrefix, nameContains, catalog, schema, ownerId, tags } = filter;
  if (namePrefix) terms.push(sql`starts_with(s.full_name_key, ${fullNameKey('REGISTERED_MODEL', namePrefix)})`);
  if (nameContains) terms.push(sql`strpos(s.full_name_key, ${fullNameKey('REGISTERED_MODEL', nameContains)}) > 0`);
  if (catalog) terms.push(sql`s.catalog_id = (${idOf('CATALOG', catalog)})`);
  if (schema) terms.push(sql`s.schema_id = (${idOf('SCHEMA', schema)})`);
  if (ownerId) terms.push(sql`s.owner_id = ${ownerId}::uuid`);
  for (const { key, value } of tags ?? []) {
    terms.push(sql`EXISTS (SELECT 1 FROM securable_tags t WHERE t.securable_id = s.id AND t.key = ${key}
      AND (${value ?? null}::text IS NULL OR t.value = ${value ?? null}::text))`);
  }
  return join(terms, ' AND ');
}

const idOf = (kind: 'CATALOG' | 'SCHEMA', fullName: string): Sql =>
  sql`SELECT id FROM securables WHERE kind = ${kind} AND full_name_key = ${fullNameKey(kind, fullName)}`;
