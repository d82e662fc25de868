import { fullNameKey, type Securable, securableColumns } from '@app/access';
import {
  type Batched,
  Batcher,
  Config,
  Database,
  keysetPage,
  type Page,
  type PageArgs,
  type SortKey,
} from '@app/platform';
import type { Stage } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { ModelVersionOrder, VersionView } from './model-version.js';
import {
  compare,
  compareModelName,
  conditionsSql,
  orderOf,
  type Search,
  type SearchOperator,
  type SearchTables,
  type SearchValue,
} from './search.js';
import { latestVersionsJson, type VersionViewJson, versionViewJson, viewOf } from './version-columns.js';

type ConditionField = 'NAME' | 'RUN_ID' | 'SOURCE' | 'NUMBER';
type OrderField = 'NAME' | 'NUMBER' | 'CREATED_AT' | 'UPDATED_AT';
export type ModelVersionSearch = Search<ConditionField, OrderField>;

/** The model that was asked for, and below it what was found. */
export interface Found<T> {
  model: Securable;
  found: T;
}

type FoundVersion = Found<VersionView | undefined> | undefined;

/** A version by the name of its model, and its number or an alias. */
interface Asked {
  model: string;
  version: string;
}

const sortKeys: Record<OrderField, Pick<SortKey, 'expression' | 'type'>> = {
  NAME: { expression: sql`s.full_name_key`, type: 'text' },
  NUMBER: { expression: sql`v.number`, type: 'int8' },
  CREATED_AT: { expression: sql`v.created_at`, type: 'timestamptz' },
  UPDATED_AT: { expression: sql`v.updated_at`, type: 'timestamptz' },
};

/** MLflow clients ask for 10,000 and may ask for 200,000. */
const largestSearchPage = 200_000;

/**
 * Versions by the name of their model: the hottest reads of the product. Each is one statement that answers with the
 * model too, so that the right to read it is checked on the same row, and none grows with the number of versions. What
 * several requests ask at the same moment is one statement, too.
 */
@Injectable()
export class ModelVersionReader {
  private readonly tables: SearchTables<ConditionField, OrderField>;
  private readonly numbers = this.batched(
    sql`SELECT * FROM model_versions WHERE model_id = s.id AND number = asked.version::int4`,
  );
  private readonly aliases = this.batched(
    sql`SELECT h.* FROM model_aliases a JOIN model_versions h ON h.id = a.version_id
      WHERE a.model_id = s.id AND lower(a.alias) = lower(asked.version)`,
  );

  constructor(
    private readonly db: Database,
    config: Config,
  ) {
    const columns: Record<Exclude<ConditionField, 'NAME'>, Sql> = {
      RUN_ID: sql`COALESCE(v.run_id, v.named_run_id)`,
      SOURCE: sql`v.source`,
      NUMBER: sql`v.number`,
    };
    this.tables = {
      column: (field: ConditionField, operator: SearchOperator, value: SearchValue) =>
        field === 'NAME'
          ? compareModelName(config.settings.DEFAULT_SCHEMA, operator, value)
          : compare(columns[field], operator, value),
      tags: sql`model_version_tags t WHERE t.version_id = v.id`,
      order: sortKeys,
      id: sql`v.id`,
    };
  }

  async byId(id: string): Promise<VersionView | undefined> {
    const row = await this.db.first<{ version: VersionViewJson }>(sql`
      SELECT ${versionViewJson} AS version FROM model_versions v JOIN securables s ON s.id = v.model_id
      WHERE v.id = ${id}::uuid`);
    return row && viewOf(row.version);
  }

  byNumber(fullName: string, number: number): Promise<FoundVersion> {
    return this.numbers.add({ model: fullName, version: String(number) });
  }

  byAlias(fullName: string, alias: string): Promise<FoundVersion> {
    return this.aliases.add({ model: fullName, version: alias });
  }

  /** The version with the highest number. */
  async newest(fullName: string): Promise<FoundVersion> {
    const [found] = await this.each(
      [{ model: fullName, version: 'latest' }],
      sql`SELECT * FROM model_versions WHERE model_id = s.id ORDER BY number DESC LIMIT 1`,
    );
    return found;
  }

  async latestByStage(fullName: string, stages: readonly Stage[]): Promise<Found<VersionView[]> | undefined> {
    const row = await this.db.first<Securable & { versions: VersionViewJson[] }>(
      sql`SELECT ${securableColumns('s')}, ${latestVersionsJson(stages)} AS versions FROM securables s WHERE ${named(fullName)}`,
    );
    if (!row) return undefined;
    const { versions, ...model } = row;
    return { model, found: versions.map(viewOf) };
  }

  page(
    modelId: string,
    { stage, order: { field, direction }, args }: { stage: Stage | null; order: ModelVersionOrder; args: PageArgs },
  ): Promise<Page<VersionView>> {
    return keysetPage<{ version: VersionViewJson }, VersionView>(this.db, {
      select: sql`${versionViewJson} AS version`,
      from: sql`model_versions v JOIN securables s ON s.id = v.model_id`,
      where: stage ? sql`v.model_id = ${modelId}::uuid AND v.stage = ${stage}` : sql`v.model_id = ${modelId}::uuid`,
      orderName: `${field} ${direction}`,
      order: [
        { ...sortKeys[field], direction },
        { expression: sql`v.id`, type: 'uuid', direction },
      ],
      args,
      toNode: ({ version }) => viewOf(version),
    });
  }

  async count(modelId: string, stage: Stage | null): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`
      SELECT count(*) AS count FROM model_versions
      WHERE model_id = ${modelId}::uuid AND (${stage}::text IS NULL OR stage = ${stage}::text)`);
    return row?.count ?? 0;
  }

  search(search: ModelVersionSearch, visible: Sql): Promise<Page<VersionView>> {
    return keysetPage<{ version: VersionViewJson }, VersionView>(this.db, {
      select: sql`${versionViewJson} AS version`,
      from: sql`model_versions v JOIN securables s ON s.id = v.model_id`,
      where: sql`${visible}${conditionsSql(search, this.tables)}`,
      ...orderOf(search, this.tables),
      args: { first: search.pageSize, after: search.pageToken ?? null },
      toNode: ({ version }) => viewOf(version),
      maxPageSize: largestSearchPage,
    });
  }

  private batched(pick: Sql) {
    return new Batcher((batch: readonly Batched<Asked>[]) =>
      this.each(
        batch.map(({ item }) => item),
        pick,
      ),
    );
  }

  /** @param pick the version of the model `s` that a row of `asked` means */
  private async each(asked: readonly Asked[], pick: Sql): Promise<FoundVersion[]> {
    const keys = asked.map(({ model }) => fullNameKey('REGISTERED_MODEL', model));
    const rows = await this.db.query<Securable & { place: number; version: VersionViewJson | null }>(sql`
      SELECT ${securableColumns('s')}, asked.place, CASE WHEN v.id IS NOT NULL THEN ${versionViewJson} END AS version
      FROM unnest(${keys}::text[], ${asked.map(({ version }) => version)}::text[]) WITH ORDINALITY AS asked(model, version, place)
      JOIN securables s ON s.kind = 'REGISTERED_MODEL' AND s.full_name_key = asked.model
      LEFT JOIN LATERAL (${pick}) v ON TRUE`);
    const found: FoundVersion[] = asked.map(() => undefined);
    for (const { place, version, ...model } of rows)
      found[place - 1] = { model, found: version ? viewOf(version) : undefined };
    return found;
  }
}

const named = (fullName: string): Sql =>
  sql`s.kind = 'REGISTERED_MODEL' AND s.full_name_key = ${fullNameKey('REGISTERED_MODEL', fullName)}`;
