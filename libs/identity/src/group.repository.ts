import { builtInPrincipals, type Principal } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { Membership } from './group.js';
import type { PrincipalList } from './principal.reader.js';

@Injectable()
export class GroupRepository {
  constructor(private readonly db: Database) {}

  /** @returns false when somebody made it a member before; what a groups claim made is made by hand from now on */
  async add(groupId: string, memberId: string, addedBy: string): Promise<boolean> {
    const added = await this.db.execute(sql`
      INSERT INTO group_members (group_id, member_id, added_by) VALUES (${groupId}::uuid, ${memberId}::uuid, ${addedBy}::uuid)
      ON CONFLICT (group_id, member_id) DO UPDATE SET external = FALSE, added_by = EXCLUDED.added_by, added_at = now()
      WHERE group_members.external`);
    return added > 0;
  }

  /** @returns false when it was no member, or is one by a groups claim */
  async remove(groupId: string, memberId: string): Promise<boolean> {
    const removed = await this.db.execute(
      sql`DELETE FROM group_members WHERE group_id = ${groupId}::uuid AND member_id = ${memberId}::uuid AND NOT external`,
    );
    return removed > 0;
  }

  /** The issuer whose groups claim made a membership; undefined when none did. */
  async claimedBy(groupId: string, memberId: string): Promise<string | undefined> {
    const row = await this.db.first<{ issuer: string }>(sql`
      SELECT e.issuer FROM group_members m
      JOIN external_identities e ON e.principal_id = m.member_id AND e.kind = 'SUBJECT'
      WHERE m.group_id = ${groupId}::uuid AND m.member_id = ${memberId}::uuid AND m.external`);
    return row?.issuer;
  }

  /** Every membership on the ways up from a principal to the outermost groups. */
  above(id: string): Promise<Membership[]> {
    return this.db.query<Membership>(sql`
      WITH RECURSIVE up(id) AS (
        SELECT ${id}::uuid
        UNION
        SELECT m.group_id FROM group_members m JOIN up ON m.member_id = up.id
      )
      SELECT m.group_id AS "groupId", p.name AS "groupName", m.member_id AS "memberId"
      FROM up JOIN group_members m ON m.member_id = up.id JOIN principals p ON p.id = m.group_id`);
  }
}

/** Who is directly in a group. Of `everyone`: all enabled users and service principals. */
export const membersOf = ({ id }: Principal): PrincipalList =>
  id === builtInPrincipals.everyone
    ? { from: sql`principals p`, where: sql`p.kind <> 'GROUP' AND p.disabled_at IS NULL` }
    : {
        from: sql`group_members m JOIN principals p ON p.id = m.member_id`,
        where: sql`m.group_id = ${id}::uuid`,
      };

/** The groups that a principal is directly in; `everyone` for enabled users and service principals. */
export function groupsOf({ id, kind, disabledAt }: Principal): PrincipalList {
  const direct = sql`p.id IN (SELECT group_id FROM group_members WHERE member_id = ${id}::uuid)`;
  const inEveryone = kind !== 'GROUP' && disabledAt === null;
  return {
    from: sql`principals p`,
    where: inEveryone ? sql`(${direct} OR p.id = ${builtInPrincipals.everyone}::uuid)` : direct,
  };
}
