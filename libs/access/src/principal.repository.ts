import { Database, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import { validate as isUuid } from 'uuid';
import { type Principal, type PrincipalKind, principalNameKey } from './principal.js';

export interface NewPrincipal {
  id: string;
  kind: PrincipalKind;
  name: string;
  displayName: string | null;
  createdBy: string;
}

/** The columns of a Principal, of the row `alias`. */
export const principalColumns = (alias: string): Sql =>
  raw(`${alias}.id, ${alias}.kind, ${alias}.name, ${alias}.display_name AS "displayName", ${alias}.built_in AS "builtIn",
    ${alias}.disabled_at AS "disabledAt", ${alias}.created_at AS "createdAt"`);

/** Principals by name and id, and their writes, for every library that names one. It checks no rights. */
@Injectable()
export class PrincipalRepository {
  constructor(private readonly db: Database) {}

  async byId(id: string): Promise<Principal | undefined> {
    return (await this.byIds([id]))[0];
  }

  async byIds(ids: readonly string[]): Promise<Principal[]> {
    return this.db.query<Principal>(
      sql`SELECT ${principalColumns('p')} FROM principals p WHERE p.id = ANY(${ids.filter((id) => isUuid(id))}::uuid[])`,
    );
  }

  byName(name: string): Promise<Principal | undefined> {
    return this.db.first<Principal>(
      sql`SELECT ${principalColumns('p')} FROM principals p WHERE p.name_key = ${principalNameKey(name)}`,
    );
  }

  /** Finds each reference, an id or a name. @returns them in the order of the references @throws NotFound naming the first that is unknown */
  async byReferences(references: readonly string[]): Promise<Principal[]> {
    return allKnown(references, await this.find(references));
  }

  /**
   * Finds each reference, an id or a name, and keeps the principals from being deleted until the transaction ends.
   * @returns the principals in the order of the references
   * @throws NotFound naming the first reference that is unknown
   */
  async hold(references: readonly string[]): Promise<Principal[]> {
    return allKnown(references, await this.holdKnown(references));
  }

  /** As `hold`; what is unknown is undefined. */
  holdKnown(references: readonly string[]): Promise<(Principal | undefined)[]> {
    return this.find(references, sql`FOR KEY SHARE`);
  }

  private async find(references: readonly string[], lock = empty): Promise<(Principal | undefined)[]> {
    const ids = references.filter((reference) => isUuid(reference));
    const nameKeys = references.map(principalNameKey);
    const rows = await this.db.query<Principal & { nameKey: string }>(sql`
      SELECT ${principalColumns('p')}, p.name_key AS "nameKey" FROM principals p
      WHERE p.id = ANY(${ids}::uuid[]) OR p.name_key = ANY(${nameKeys}::text[]) ORDER BY p.id ${lock}`);
    return references.map((_, index) => {
      const row =
        rows.find(({ id }) => id === nameKeys[index]) ?? rows.find(({ nameKey }) => nameKey === nameKeys[index]);
      if (!row) return undefined;
      const { nameKey, ...principal } = row;
      return principal;
    });
  }

  /** Locks the row until the transaction ends: nobody is given to it, made its member or leaves it meanwhile. */
  async lock(id: string): Promise<Principal | undefined> {
    if (!isUuid(id)) return undefined;
    return this.db.first<Principal>(
      sql`SELECT ${principalColumns('p')} FROM principals p WHERE p.id = ${id}::uuid FOR UPDATE`,
    );
  }

  /**
   * Makes changes of who is in which group, who can act at all, and who owns the metastore wait for one another until the
   * transaction ends: two memberships that together close a cycle, or two changes that leave nobody in charge, are each
   * harmless alone. Take it before any row.
   */
  async serializeMemberships(): Promise<void> {
    await this.db.query(sql`SELECT pg_advisory_xact_lock(hashtextextended('imprimatur:memberships', 0))`);
  }

  /** @returns undefined when the name is taken: nothing was written, and the transaction goes on */
  insert(principal: NewPrincipal): Promise<Principal | undefined> {
    const { id, kind, name, displayName, createdBy } = principal;
    return this.db.first<Principal>(sql`
      INSERT INTO principals AS p (id, kind, name, name_key, display_name, created_by)
      VALUES (${id}::uuid, ${kind}, ${name}, ${principalNameKey(name)}, ${displayName}, ${createdBy}::uuid)
      ON CONFLICT (name_key) DO NOTHING RETURNING ${principalColumns('p')}`);
  }

  /** Call it with the row locked. */
  async update(id: string, { displayName, disabledAt }: Pick<Principal, 'displayName' | 'disabledAt'>): Promise<void> {
    await this.db.execute(
      sql`UPDATE principals SET display_name = ${displayName}, disabled_at = ${disabledAt} WHERE id = ${id}::uuid`,
    );
  }

  /** Its memberships, tokens and grants go with it; what it owns must have another owner by now. */
  async delete(id: string): Promise<void> {
    await this.db.execute(sql`DELETE FROM principals WHERE id = ${id}::uuid`);
  }

  /** Can somebody act as this principal: is it enabled, or a group with an enabled user or service principal in it, however nested? */
  async canAct(id: string): Promise<boolean> {
    const found = await this.db.first(sql`
      WITH RECURSIVE held(id) AS (
        SELECT ${id}::uuid
        UNION
        SELECT m.member_id FROM group_members m JOIN held ON m.group_id = held.id
      )
      SELECT 1 FROM held JOIN principals p ON p.id = held.id WHERE p.kind <> 'GROUP' AND p.disabled_at IS NULL LIMIT 1`);
    return found !== undefined;
  }
}

const allKnown = (references: readonly string[], principals: readonly (Principal | undefined)[]): Principal[] =>
  principals.map((principal, index) => {
    if (!principal) throw new NotFound('Principal', references[index] as string);
    return principal;
  });
