import { randomBytes } from 'node:crypto';
import {
  hashToken,
  METASTORE_ID,
  type Privilege,
  type Securable,
  type SecurableKind,
  SecurableRepository,
} from '@app/access';
import { Database } from '@app/platform';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';

export interface TestPrincipal {
  id: string;
  name: string;
  kind: string;
  /** A valid token of it. */
  token: string;
}

/** Writes rows directly: no event fires and no right is asked. */
export class Factories {
  private readonly securables: SecurableRepository;

  constructor(private readonly db: Database) {
    this.securables = new SecurableRepository(db);
  }

  async principal(
    kind: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP' = 'USER',
    name = `p-${randomBytes(5).toString('hex')}`,
  ): Promise<TestPrincipal> {
    const id = uuidv7();
    const token = `imp_${randomBytes(24).toString('base64url')}`;
    await this.db.execute(
      sql`INSERT INTO principals (id, kind, name, name_key) VALUES (${id}::uuid, ${kind}, ${name}, ${name.toLowerCase()})`,
    );
    if (kind !== 'GROUP') {
      await this.db.execute(sql`INSERT INTO access_tokens (id, principal_id, name, prefix, hash)
        VALUES (${uuidv7()}::uuid, ${id}::uuid, 'test', ${token.slice(0, 8)}, ${hashToken(token)})`);
    }
    return { id, name, kind, token };
  }

  user(name?: string): Promise<TestPrincipal> {
    return this.principal('USER', name);
  }

  async group(members: { id: string }[] = [], name?: string): Promise<TestPrincipal> {
    const group = await this.principal('GROUP', name);
    for (const member of members) await this.member(group.id, member.id);
    return group;
  }

  async member(groupId: string, memberId: string): Promise<void> {
    await this.db.execute(
      sql`INSERT INTO group_members (group_id, member_id) VALUES (${groupId}::uuid, ${memberId}::uuid)`,
    );
    await this.moveVersion();
  }

  /** A member of metastore-admins, the owner of the metastore. */
  async admin(name?: string): Promise<TestPrincipal> {
    const admin = await this.user(name);
    await this.member('00000000-0000-7000-8000-000000000002', admin.id);
    return admin;
  }

  async securable(kind: SecurableKind, fullName: string, owner: { id: string }): Promise<Securable> {
    const parts = fullName.split('.');
    const parentName = parts.slice(0, -1).join('.');
    const parent = parentName
      ? await this.securables.byFullName(kind === 'REGISTERED_MODEL' ? 'SCHEMA' : 'CATALOG', parentName)
      : await this.securables.byId(METASTORE_ID);
    const made = await this.securables.insert({
      kind,
      parent: parent ?? null,
      name: parts.at(-1) as string,
      fullName,
      ownerId: owner.id,
      createdBy: owner.id,
    });
    if (!made) throw new Error(`${fullName} is there already`);
    if (kind === 'REGISTERED_MODEL')
      await this.db.execute(sql`INSERT INTO registered_models (id) VALUES (${made.id}::uuid)`);
    await this.moveVersion();
    return made;
  }

  /** A catalog and a schema, with all that is needed above it. */
  async schema(fullName: string, owner: { id: string }): Promise<Securable> {
    const [catalog] = fullName.split('.') as [string];
    if (!(await this.securables.byFullName('CATALOG', catalog))) await this.securable('CATALOG', catalog, owner);
    return this.securable('SCHEMA', fullName, owner);
  }

  async grant(principal: { id: string }, securable: { id: string }, ...privileges: Privilege[]): Promise<void> {
    for (const privilege of privileges) {
      await this.db.execute(sql`INSERT INTO grants (id, securable_id, principal_id, privilege)
        VALUES (${uuidv7()}::uuid, ${securable.id}::uuid, ${principal.id}::uuid, ${privilege}) ON CONFLICT DO NOTHING`);
    }
    await this.moveVersion();
  }

  private async moveVersion(): Promise<void> {
    await this.db.execute(sql`UPDATE access_version SET version = version + 1`);
  }
}
