import { Access } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { ModelEndpoint } from './endpoint.js';
import { endpointColumns } from './endpoint.repository.js';

/** Those of a model, or of a version; the live ones, or with those that have ended. */
export type EndpointFilter = ({ modelId: string } | { versionId: string }) & { includeRetired: boolean };

@Injectable()
export class EndpointReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** By name; of one name the newest first. Asks no rights. */
  page(filter: EndpointFilter, args: PageArgs): Promise<Page<ModelEndpoint>> {
    return keysetPage<ModelEndpoint, ModelEndpoint>(this.db, {
      select: endpointColumns,
      from: sql`model_endpoints x`,
      where: matching(filter),
      orderName: 'NAME ASC, REPORTED_AT DESC',
      order: [
        { expression: sql`x.name_key`, type: 'text', direction: 'ASC' },
        { expression: sql`x.reported_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`x.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: (endpoint) => endpoint,
    });
  }

  /** Asks no rights. */
  async count(filter: EndpointFilter): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM model_endpoints x WHERE ${matching(filter)}`,
    );
    return row?.count ?? 0;
  }

  /** Those that the caller may see, in any order: whoever may load the model. */
  async byIds(ids: readonly string[]): Promise<ModelEndpoint[]> {
    const isVisible = await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's');
    return this.db.query<ModelEndpoint>(sql`
      SELECT ${endpointColumns} FROM model_endpoints x JOIN securables s ON s.id = x.model_id
      WHERE x.id = ANY(${ids}::uuid[]) AND ${isVisible}`);
  }
}

function matching({ includeRetired, ...of }: EndpointFilter): Sql {
  const what = 'modelId' in of ? sql`x.model_id = ${of.modelId}::uuid` : sql`x.version_id = ${of.versionId}::uuid`;
  return includeRetired ? what : sql`${what} AND x.retired_at IS NULL`;
}
