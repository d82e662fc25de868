import { builtInPrincipals, METASTORE_ID, type Privilege, type Securable } from '@app/access';
import { type Caller, Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';

/** How many people are told of one thing, by name. */
const mostPeople = 200;

/** Who may be meant, before each of them is asked about. */
@Injectable()
export class PromotionAudienceReader {
  constructor(private readonly db: Database) {}

  /** Users whom a grant of a privilege reaches that no ownership gives: a superset, each of whom Access is then asked about. */
  holders(privilege: Privilege, model: Securable): Promise<Caller[]> {
    const path = [METASTORE_ID, model.catalogId, model.schemaId, model.id];
    return this.db.query<Caller>(sql`
      WITH RECURSIVE granted(id) AS (
        SELECT principal_id FROM grants WHERE privilege = ${privilege} AND securable_id = ANY(${path}::uuid[])
        UNION SELECT m.member_id FROM group_members m JOIN granted ON m.group_id = granted.id
      )
      SELECT p.id, p.name, p.kind FROM principals p
      WHERE p.kind = 'USER' AND p.disabled_at IS NULL
        AND EXISTS (SELECT 1 FROM granted WHERE id IN (p.id, ${builtInPrincipals.everyone}::uuid))
      ORDER BY p.name_key LIMIT ${mostPeople}`);
  }
}
