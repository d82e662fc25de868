import { Database, FailedPrecondition } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { fullNameKey, nounOf, type Securable, type SecurableKind } from './securable.js';

export interface NewSecurable {
  kind: SecurableKind;
  parent: Securable | null;
  name: string;
  fullName: string;
  ownerId: string;
  description?: string | null;
  createdBy: string;
}

/** The columns of a Securable, of the row `alias`, for any SELECT that joins securables. */
export const securableColumns = (alias: string): Sql =>
  raw(`${alias}.id, ${alias}.kind, ${alias}.parent_id AS "parentId", ${alias}.catalog_id AS "catalogId", ${alias}.schema_id AS "schemaId",
    ${alias}.owner_id AS "ownerId", ${alias}.name, ${alias}.full_name AS "fullName", ${alias}.description,
    ${alias}.created_at AS "createdAt", ${alias}.created_by AS "createdBy", ${alias}.updated_at AS "updatedAt", ${alias}.updated_by AS "updatedBy",
    ${alias}.grants_revision AS "grantsRevision"`);

/** Securables by name and id, and their writes. Used by the libraries whose nouns are securables; it checks no rights. */
@Injectable()
export class SecurableRepository {
  constructor(private readonly db: Database) {}

  byFullName(kind: SecurableKind, fullName: string): Promise<Securable | undefined> {
    return this.db.first<Securable>(
      sql`SELECT ${securableColumns('s')} FROM securables s WHERE s.kind = ${kind} AND s.full_name_key = ${fullNameKey(kind, fullName)}`,
    );
  }

  byId(id: string): Promise<Securable | undefined> {
    return this.db.first<Securable>(sql`SELECT ${securableColumns('s')} FROM securables s WHERE s.id = ${id}::uuid`);
  }

  byIds(ids: readonly string[]): Promise<Securable[]> {
    return this.db.query<Securable>(
      sql`SELECT ${securableColumns('s')} FROM securables s WHERE s.id = ANY(${ids}::uuid[])`,
    );
  }

  /** The experiment that MLflow knows by a whole number. */
  byExperimentId(experimentId: string): Promise<Securable | undefined> {
    return this.db.first<Securable>(
      sql`SELECT ${securableColumns('s')} FROM securables s JOIN experiments e ON e.securable_id = s.id WHERE e.id = ${experimentId}::int8`,
    );
  }

  /** @returns undefined when the name is taken: nothing was written, and the transaction goes on */
  async insert({
    kind,
    parent,
    name,
    fullName,
    ownerId,
    description = null,
    createdBy,
  }: NewSecurable): Promise<Securable | undefined> {
    const id = uuidv7();
    const catalogId = kind === 'CATALOG' ? id : (parent?.catalogId ?? null);
    const schemaId = kind === 'SCHEMA' ? id : (parent?.schemaId ?? null);
    return this.db.first<Securable>(sql`
      INSERT INTO securables AS s (id, kind, parent_id, catalog_id, schema_id, name, full_name, full_name_key, owner_id, description, created_by, updated_by)
      VALUES (${id}::uuid, ${kind}, ${parent?.id ?? null}::uuid, ${catalogId}::uuid, ${schemaId}::uuid, ${name}, ${fullName},
        ${fullNameKey(kind, fullName)}, ${ownerId}::uuid, ${description}, ${createdBy}::uuid, ${createdBy}::uuid)
      ON CONFLICT (kind, full_name_key) DO NOTHING RETURNING ${securableColumns('s')}`);
  }

  /** Locks the row until the transaction ends, so that what is counted below it stays true. */
  async lock(id: string): Promise<Securable | undefined> {
    return this.db.first<Securable>(
      sql`SELECT ${securableColumns('s')} FROM securables s WHERE s.id = ${id}::uuid FOR UPDATE`,
    );
  }

  /** Keeps the row from being deleted until the transaction ends, so that something can be made in it or granted on it. */
  hold(id: string): Promise<Securable | undefined> {
    return this.db.first<Securable>(
      sql`SELECT ${securableColumns('s')} FROM securables s WHERE s.id = ${id}::uuid FOR KEY SHARE`,
    );
  }

  /** @returns undefined when the row is gone */
  async update(
    id: string,
    changes: { description?: string | null; ownerId?: string },
    updatedBy: string,
  ): Promise<Securable | undefined> {
    const sets = [
      changes.description === undefined ? empty : sql`description = ${changes.description}, `,
      changes.ownerId === undefined ? empty : sql`owner_id = ${changes.ownerId}::uuid, `,
    ];
    return this.db.first<Securable>(sql`
      UPDATE securables s SET ${join(sets, '')}updated_at = now(), updated_by = ${updatedBy}::uuid
      WHERE s.id = ${id}::uuid RETURNING ${securableColumns('s')}`);
  }

  /**
   * Gives a model a new name, in the same or in another schema. The unique index refuses a name that is taken: call it
   * after looking, inside the transaction.
   */
  async rename(
    id: string,
    parent: Securable,
    name: string,
    fullName: string,
    updatedBy: string,
  ): Promise<Securable | undefined> {
    return this.db.first<Securable>(sql`
      UPDATE securables s SET name = ${name}, full_name = ${fullName}, full_name_key = ${fullNameKey('REGISTERED_MODEL', fullName)},
        parent_id = ${parent.id}::uuid, catalog_id = ${parent.catalogId}::uuid, schema_id = ${parent.schemaId}::uuid,
        updated_at = now(), updated_by = ${updatedBy}::uuid
      WHERE s.id = ${id}::uuid RETURNING ${securableColumns('s')}`);
  }

  /**
   * Gives a catalog or a schema a new name, and everything in it the full name that follows from it, in three statements
   * however much that is. Call it with the row locked, and its parent held: then nothing appears in it, or is renamed in
   * it, meanwhile.
   * @throws the unique violation that isNameTaken knows
   */
  async renameWithContents(
    { id, kind, fullName }: Securable,
    name: string,
    newFullName: string,
    updatedBy: string,
  ): Promise<Securable> {
    // Models are made and renamed under the lock of their schema.
    await this.db.execute(
      sql`SELECT 1 FROM securables WHERE parent_id = ${id}::uuid AND kind = 'SCHEMA' ORDER BY id FOR UPDATE`,
    );
    const inside = raw(kind === 'CATALOG' ? 's.catalog_id' : 's.schema_id');
    const [key, newKey] = [fullNameKey(kind, fullName), fullNameKey(kind, newFullName)];
    await this.db.execute(sql`
      UPDATE securables s SET
        full_name = ${newFullName} || substr(s.full_name, char_length(${fullName}) + 1),
        full_name_key = ${newKey} || substr(s.full_name_key, char_length(${key}) + 1),
        name = CASE WHEN s.id = ${id}::uuid THEN ${name} ELSE s.name END,
        updated_at = CASE WHEN s.id = ${id}::uuid THEN now() ELSE s.updated_at END,
        updated_by = CASE WHEN s.id = ${id}::uuid THEN ${updatedBy}::uuid ELSE s.updated_by END
      WHERE s.kind IN ('CATALOG', 'SCHEMA', 'REGISTERED_MODEL') AND ${inside} = ${id}::uuid`);
    return (await this.byId(id)) as Securable;
  }

  async touch(id: string, updatedBy: string): Promise<void> {
    await this.db.execute(
      sql`UPDATE securables SET updated_at = now(), updated_by = ${updatedBy}::uuid WHERE id = ${id}::uuid`,
    );
  }

  async hasChildren(id: string): Promise<boolean> {
    return (await this.db.first(sql`SELECT 1 FROM securables WHERE parent_id = ${id}::uuid LIMIT 1`)) !== undefined;
  }

  /**
   * Deletes the row with its grants and tags. A live policy keeps what it hangs on: to delete and make it again would be a
   * way around the policy.
   * @throws FailedPrecondition naming the policy
   */
  async delete({ id, kind, fullName }: Pick<Securable, 'id' | 'kind' | 'fullName'>): Promise<void> {
    const policy = await this.db.first<{ name: string }>(
      sql`SELECT name FROM policies WHERE securable_id = ${id}::uuid AND retired_at IS NULL ORDER BY name LIMIT 1`,
    );
    if (policy) {
      throw new FailedPrecondition(
        'POLICY_ATTACHED',
        `${nounOf[kind]} "${fullName}" has the policy "${policy.name}": retire it before you delete this`,
      );
    }
    await this.db.execute(sql`DELETE FROM securables WHERE id = ${id}::uuid`);
  }
}

/** PostgreSQL's unique_violation, of the names of securables. It ends the transaction: catch it outside. */
export const isNameTaken = (error: unknown): boolean =>
  (error as { code?: string })?.code === '23505' &&
  (error as { constraint?: string }).constraint === 'securables_kind_full_name_key_key';
