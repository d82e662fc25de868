import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { type EndpointSettings, endpointNameKey, type ModelEndpoint } from './endpoint.js';

/** The columns of a ModelEndpoint, of the row `x`. */
export const endpointColumns: Sql =
  raw(`x.id, x.model_id AS "modelId", x.version_id AS "versionId", x.number, x.name, x.url,
  x.environment, x.reported_by AS "reportedBy", x.reported_at AS "reportedAt", x.retired_at AS "retiredAt"`);

export type NewEndpoint = EndpointSettings & Pick<ModelEndpoint, 'modelId' | 'versionId' | 'number' | 'reportedBy'>;

/** Of the moment, in what the columns hold: rounded up, an endpoint would begin after it was reported. */
const instant = raw(`date_trunc('milliseconds', clock_timestamp())`);

/** Writes of endpoints, and the reads before them: under the lock of their model. */
@Injectable()
export class EndpointRepository {
  constructor(private readonly db: Database) {}

  /** The live one of a name, or else the one that ended last. */
  latest(modelId: string, name: string): Promise<ModelEndpoint | undefined> {
    return this.db.first<ModelEndpoint>(sql`
      SELECT ${endpointColumns} FROM model_endpoints x
      WHERE x.model_id = ${modelId}::uuid AND x.name_key = ${endpointNameKey(name)}
      ORDER BY x.retired_at DESC NULLS FIRST, x.reported_at DESC, x.id DESC LIMIT 1`);
  }

  async countLive(modelId: string): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM model_endpoints x WHERE x.model_id = ${modelId}::uuid AND x.retired_at IS NULL`,
    );
    return row?.count ?? 0;
  }

  /** @param since when the one before it ended; null: it begins now */
  async insert({ name, ...endpoint }: NewEndpoint, since: Date | null): Promise<ModelEndpoint> {
    const { modelId, versionId, number, url, environment, reportedBy } = endpoint;
    const row = await this.db.first<ModelEndpoint>(sql`
      INSERT INTO model_endpoints AS x (id, model_id, version_id, number, name, name_key, url, environment, reported_by, reported_at)
      VALUES (${uuidv7()}::uuid, ${modelId}::uuid, ${versionId}::uuid, ${number}, ${name}, ${endpointNameKey(name)}, ${url},
        ${environment}, ${reportedBy}::uuid, COALESCE(${since}::timestamptz, ${instant}))
      RETURNING ${endpointColumns}`);
    return row as ModelEndpoint;
  }

  /** Ends a live one: now, or when it began, should the clock have been set back. */
  async end(id: string): Promise<ModelEndpoint> {
    const row = await this.db.first<ModelEndpoint>(sql`
      UPDATE model_endpoints x SET retired_at = greatest(${instant}, x.reported_at) WHERE x.id = ${id}::uuid
      RETURNING ${endpointColumns}`);
    return row as ModelEndpoint;
  }
}
