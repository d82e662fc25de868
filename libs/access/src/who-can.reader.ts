import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { pathColumn, pathIdsOf } from './explanation.reader.js';
import type { Principal } from './principal.js';
import { principalColumns } from './principal.repository.js';
import type { Privilege } from './privilege.js';
import type { Securable } from './securable.js';
import { liveGrant } from './snapshot-sql.js';
import { type HolderFacts, whoCan } from './who-can.js';

/** The users and service principals who may do something on an object. It checks no rights. */
@Injectable()
export class WhoCanReader {
  constructor(private readonly db: Database) {}

  /** By name. */
  async page(privilege: Privilege, object: Securable, args: PageArgs): Promise<Page<Principal>> {
    return keysetPage<Principal, Principal>(this.db, {
      select: principalColumns('p'),
      from: sql`principals p`,
      where: await this.where(privilege, object),
      orderName: 'NAME',
      order: [{ expression: sql`p.name_key`, type: 'text', direction: 'ASC' }],
      args,
      toNode: (row) => row,
    });
  }

  async count(privilege: Privilege, object: Securable): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM principals p WHERE ${await this.where(privilege, object)}`,
    );
    return row?.count ?? 0;
  }

  private async where(privilege: Privilege, object: Securable): Promise<Sql> {
    const facts = await this.facts(object);
    return sql`p.kind <> 'GROUP' AND p.disabled_at IS NULL AND ${whoCan(facts, privilege, object)}`;
  }

  private async facts(object: Securable): Promise<HolderFacts> {
    const ids = pathIdsOf(object);
    return (await this.db.first<HolderFacts>(sql`
      SELECT ${pathColumn(ids)},
        COALESCE((SELECT jsonb_agg(jsonb_build_object('privilege', privilege, 'securableId', securable_id, 'principalIds', ids))
          FROM (SELECT g.privilege, g.securable_id, jsonb_agg(g.principal_id) AS ids FROM grants g
            WHERE g.securable_id = ANY(${ids}::uuid[]) AND ${liveGrant('g')} GROUP BY g.privilege, g.securable_id) AS held),
          '[]') AS grants`)) as HolderFacts;
  }
}
