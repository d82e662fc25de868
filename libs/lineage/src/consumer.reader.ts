import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import type { Consumed, Consumer, Usage } from './consumer.js';

/** What has been counted. Asks no rights. */
@Injectable()
export class ConsumerReader {
  constructor(private readonly db: Database) {}

  /** By the names of the principals; those that are gone by now come first. */
  page(consumed: Consumed, firstDay: string | null, args: PageArgs): Promise<Page<Consumer>> {
    return keysetPage<Consumer, Consumer>(this.db, {
      select: sql`c.principal_id AS "principalId", c.loads, c.days, c.first_at AS "firstAt", c.last_at AS "lastAt"`,
      from: sql`(SELECT principal_id, sum(loads)::int8 AS loads, count(DISTINCT day) AS days, min(first_at) AS first_at,
          max(last_at) AS last_at
        FROM model_version_consumers WHERE ${counted(consumed, firstDay)} GROUP BY principal_id) AS c
        LEFT JOIN principals p ON p.id = c.principal_id`,
      where: sql`TRUE`,
      orderName: 'NAME',
      order: [
        { expression: sql`COALESCE(p.name_key, '')`, type: 'text', direction: 'ASC' },
        { expression: sql`c.principal_id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (consumer) => consumer,
    });
  }

  async count(consumed: Consumed, firstDay: string | null): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`
      SELECT count(DISTINCT principal_id) AS count FROM model_version_consumers WHERE ${counted(consumed, firstDay)}`);
    return row?.count ?? 0;
  }

  async usage(consumed: Consumed, firstDay: string): Promise<Usage> {
    const rows = await this.db.query<Usage['days'][number] & { isTotal: boolean; lastAt: Date | null }>(sql`
      SELECT day::text AS day, COALESCE(sum(loads), 0)::int8 AS loads, count(DISTINCT principal_id) AS consumers,
        max(last_at) AS "lastAt", GROUPING(day) = 1 AS "isTotal"
      FROM model_version_consumers WHERE ${counted(consumed, firstDay)}
      GROUP BY GROUPING SETS ((day), ()) ORDER BY day`);
    const total = rows.find(({ isTotal }) => isTotal);
    return {
      loads: total?.loads ?? 0,
      consumers: total?.consumers ?? 0,
      lastAt: total?.lastAt ?? null,
      days: rows.filter(({ isTotal }) => !isTotal).map(({ day, loads, consumers }) => ({ day, loads, consumers })),
    };
  }
}

function counted(consumed: Consumed, firstDay: string | null): Sql {
  const what =
    'versionId' in consumed ? sql`version_id = ${consumed.versionId}::uuid` : sql`model_id = ${consumed.modelId}::uuid`;
  return firstDay === null ? what : sql`${what} AND day >= ${firstDay}::date`;
}
