import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { type Validator, validatorNameKey } from './validator.js';

const columns = raw(`v.id, v.name, v.description, v.url, v.previous_secret_until AS "previousSecretUntil",
  v.created_at AS "createdAt", v.created_by AS "createdBy", v.disabled_at AS "disabledAt"`);

/** What a validator is called with, secrets sealed. */
export interface SealedAddress {
  id: string;
  url: string;
  secret: string;
  /** null when there is none, or its time is over. */
  previousSecret: string | null;
}

@Injectable()
export class ValidatorRepository {
  constructor(private readonly db: Database) {}

  byId(id: string): Promise<Validator | undefined> {
    return this.db.first<Validator>(sql`SELECT ${columns} FROM validators v WHERE v.id = ${id}::uuid`);
  }

  byName(name: string): Promise<Validator | undefined> {
    return this.db.first<Validator>(
      sql`SELECT ${columns} FROM validators v WHERE v.name_key = ${validatorNameKey(name)}`,
    );
  }

  /** Locked until the transaction ends: no policy comes to name it meanwhile. */
  lock(name: string): Promise<Validator | undefined> {
    return this.db.first<Validator>(
      sql`SELECT ${columns} FROM validators v WHERE v.name_key = ${validatorNameKey(name)} FOR UPDATE`,
    );
  }

  /** The keys of those of the given names that there are; none of them is deleted before the transaction ends. */
  async hold(names: readonly string[]): Promise<string[]> {
    const rows = await this.db.query<{ key: string }>(sql`
      SELECT v.name_key AS key FROM validators v WHERE v.name_key = ANY(${names.map(validatorNameKey)}::text[])
      ORDER BY v.name_key FOR SHARE`);
    return rows.map(({ key }) => key);
  }

  address(name: string): Promise<SealedAddress | undefined> {
    return this.db.first<SealedAddress>(sql`
      SELECT v.id, v.url, v.secret, CASE WHEN v.previous_secret_until > now() THEN v.previous_secret END AS "previousSecret"
      FROM validators v WHERE v.name_key = ${validatorNameKey(name)} AND v.disabled_at IS NULL`);
  }

  /** @returns undefined when there is one of this name: nothing was written */
  insert(made: Pick<Validator, 'id' | 'name' | 'description' | 'url' | 'createdBy'> & { secret: string }) {
    const { id, name, description, url, createdBy, secret } = made;
    return this.db.first<Validator>(sql`
      INSERT INTO validators AS v (id, name, name_key, description, url, secret, created_by)
      VALUES (${id}::uuid, ${name}, ${validatorNameKey(name)}, ${description}, ${url}, ${secret}, ${createdBy}::uuid)
      ON CONFLICT (name_key) DO NOTHING RETURNING ${columns}`);
  }

  update({ id }: Validator, { url, description }: Pick<Validator, 'url' | 'description'>): Promise<Validator> {
    return this.changed(sql`
      UPDATE validators v SET url = ${url}, description = ${description} WHERE v.id = ${id}::uuid RETURNING ${columns}`);
  }

  /** The secret that was there signs too for so many hours. */
  rotate({ id }: Validator, secret: string, hours: number): Promise<Validator> {
    return this.changed(sql`
      UPDATE validators v SET secret = ${secret}, previous_secret = CASE WHEN ${hours}::int4 > 0 THEN v.secret END,
        previous_secret_until = CASE WHEN ${hours}::int4 > 0 THEN now() + ${hours}::int4 * interval '1 hour' END
      WHERE v.id = ${id}::uuid RETURNING ${columns}`);
  }

  setDisabled({ id }: Validator, disabled: boolean): Promise<Validator> {
    return this.changed(sql`
      UPDATE validators v SET disabled_at = CASE WHEN ${disabled} THEN now() END WHERE v.id = ${id}::uuid RETURNING ${columns}`);
  }

  async delete({ id }: Validator): Promise<void> {
    await this.db.execute(sql`DELETE FROM validators WHERE id = ${id}::uuid`);
  }

  /** The live policies whose current revision names it. */
  policiesNaming(name: string): Promise<{ name: string; on: string }[]> {
    return this.db.query(sql`
      SELECT p.name, CASE s.kind WHEN 'METASTORE' THEN 'the metastore' ELSE s.full_name END AS on
      FROM policies p JOIN policy_revisions r ON r.policy_id = p.id AND r.revision = p.current_revision
        JOIN securables s ON s.id = p.securable_id
      WHERE p.retired_at IS NULL AND EXISTS (
        SELECT 1 FROM jsonb_array_elements(r.rules -> 'gates') AS gate
        WHERE gate ->> 'type' = 'EXTERNAL' AND lower(gate -> 'config' ->> 'validator') = ${validatorNameKey(name)})
      ORDER BY s.full_name, p.name_key LIMIT 20`);
  }

  /** @param shown false: none of them, for who may not see them */
  page(shown: boolean, args: PageArgs): Promise<Page<Validator>> {
    return keysetPage<Validator, Validator>(this.db, {
      select: columns,
      from: sql`validators v`,
      where: sql`${shown}::boolean`,
      orderName: 'name',
      order: [
        { expression: sql`v.name_key`, type: 'text', direction: 'ASC' },
        { expression: sql`v.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (row) => row,
    });
  }

  async count(shown: boolean): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM validators WHERE ${shown}::boolean`,
    );
    return row?.count ?? 0;
  }

  private async changed(statement: ReturnType<typeof sql>): Promise<Validator> {
    return (await this.db.first<Validator>(statement)) as Validator;
  }
}
