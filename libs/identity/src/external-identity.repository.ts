import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import type { Claims } from './claims.js';
import type { ExternalIdentity, ExternalIdentityKind } from './external-identity.js';

/** The principal that a subject is, as it is needed on every request that shows an issuer's token. */
export interface SubjectRow {
  id: string;
  name: string;
  kind: string;
  enabled: boolean;
  groupsDigest: string | null;
  claimsAt: Date | null;
  accessVersion: number;
}

/** A membership that the groups claim made, or one that it asks for. */
export interface GroupRef {
  id: string;
  name: string;
}

const identityColumns = raw(
  'e.principal_id AS "principalId", e.issuer, e.external_id AS "externalId", e.linked_at AS "linkedAt"',
);

@Injectable()
export class ExternalIdentityRepository {
  constructor(private readonly db: Database) {}

  /** With the access version of the same moment, in one statement. */
  subject(issuer: string, subject: string): Promise<SubjectRow | undefined> {
    return this.db.first<SubjectRow>(sql`
      SELECT p.id, p.name, p.kind, p.disabled_at IS NULL AS enabled, e.groups_digest AS "groupsDigest",
        e.claims_at AS "claimsAt", (SELECT version FROM access_version WHERE id = 1) AS "accessVersion"
      FROM external_identities e JOIN principals p ON p.id = e.principal_id
      WHERE e.issuer = ${issuer} AND e.kind = 'SUBJECT' AND e.external_id = ${subject}`);
  }

  find(issuer: string, kind: ExternalIdentityKind, externalId: string): Promise<ExternalIdentity | undefined> {
    return this.db.first<ExternalIdentity>(sql`
      SELECT ${identityColumns} FROM external_identities e
      WHERE e.issuer = ${issuer} AND e.kind = ${kind} AND e.external_id = ${externalId}`);
  }

  ofPrincipals(ids: readonly string[]): Promise<ExternalIdentity[]> {
    return this.db.query<ExternalIdentity>(sql`
      SELECT ${identityColumns} FROM external_identities e WHERE e.principal_id = ANY(${ids}::uuid[])
      ORDER BY e.issuer, e.external_id`);
  }

  /** Call it under the lock of memberships, and with nothing there. */
  insert(
    issuer: string,
    kind: ExternalIdentityKind,
    externalId: string,
    { principalId, linkedBy }: { principalId: string; linkedBy: string },
  ): Promise<ExternalIdentity | undefined> {
    return this.db.first<ExternalIdentity>(sql`
      INSERT INTO external_identities AS e (issuer, kind, external_id, principal_id, linked_by)
      VALUES (${issuer}, ${kind}, ${externalId}, ${principalId}::uuid, ${linkedBy}::uuid) RETURNING ${identityColumns}`);
  }

  async delete(issuer: string, kind: ExternalIdentityKind, externalId: string): Promise<void> {
    await this.db.execute(sql`
      DELETE FROM external_identities WHERE issuer = ${issuer} AND kind = ${kind} AND external_id = ${externalId}`);
  }

  async keepClaims(issuer: string, subject: string, groupsDigest: string, claimsAt: Date): Promise<void> {
    await this.db.execute(sql`
      UPDATE external_identities SET groups_digest = ${groupsDigest}, claims_at = ${claimsAt}
      WHERE issuer = ${issuer} AND kind = 'SUBJECT' AND external_id = ${subject}`);
  }

  /** The same groups, said by a newer token: unless they have changed meanwhile. */
  async confirmClaims({ issuer, subject, groupsDigest, issuedAt }: Claims): Promise<void> {
    await this.db.execute(sql`
      UPDATE external_identities SET claims_at = ${issuedAt}
      WHERE issuer = ${issuer.issuer} AND kind = 'SUBJECT' AND external_id = ${subject}
        AND groups_digest = ${groupsDigest} AND claims_at < ${issuedAt}`);
  }

  /** Every subject of the issuer has its groups looked at again with its next token. */
  async forgetClaims(issuer: string): Promise<void> {
    await this.db.execute(
      sql`UPDATE external_identities SET groups_digest = NULL WHERE issuer = ${issuer} AND kind = 'SUBJECT'`,
    );
  }

  /** The groups of ours that an issuer's groups stand for; without their names in the claim, of which several may mean one. */
  groupsOf(issuer: string, externalIds: readonly string[]): Promise<(GroupRef & { externalId: string })[]> {
    return this.db.query<GroupRef & { externalId: string }>(sql`
      SELECT g.id, g.name, e.external_id AS "externalId" FROM external_identities e JOIN principals g ON g.id = e.principal_id
      WHERE e.issuer = ${issuer} AND e.kind = 'GROUP' AND e.external_id = ANY(${externalIds}::text[])`);
  }

  /** The groups that a principal is in by its issuer's claim. */
  claimedGroupsOf(memberId: string): Promise<GroupRef[]> {
    return this.db.query<GroupRef>(sql`
      SELECT g.id, g.name FROM group_members m JOIN principals g ON g.id = m.group_id
      WHERE m.member_id = ${memberId}::uuid AND m.external`);
  }

  /** @returns false when it is a member already, by hand */
  async addClaimed(groupId: string, memberId: string): Promise<boolean> {
    const added = await this.db.execute(sql`
      INSERT INTO group_members (group_id, member_id, added_by, external)
      VALUES (${groupId}::uuid, ${memberId}::uuid, ${memberId}::uuid, TRUE) ON CONFLICT (group_id, member_id) DO NOTHING`);
    return added > 0;
  }

  async removeClaimed(groupId: string, memberId: string): Promise<void> {
    await this.db.execute(sql`
      DELETE FROM group_members WHERE group_id = ${groupId}::uuid AND member_id = ${memberId}::uuid AND external`);
  }

  /** Ends what the claim of an issuer made of a group. @returns who was in it by it */
  removeMembersClaimed(groupId: string, issuer: string): Promise<GroupRef[]> {
    return this.db.query<GroupRef>(sql`
      DELETE FROM group_members m USING external_identities e, principals p
      WHERE m.group_id = ${groupId}::uuid AND m.external AND e.principal_id = m.member_id AND e.kind = 'SUBJECT'
        AND e.issuer = ${issuer} AND p.id = m.member_id
      RETURNING p.id, p.name`);
  }

  /** Ends the memberships that a claim made for a principal. @returns the groups */
  removeClaimedOf(memberId: string): Promise<GroupRef[]> {
    return this.db.query<GroupRef>(sql`
      DELETE FROM group_members m USING principals g
      WHERE m.member_id = ${memberId}::uuid AND m.external AND g.id = m.group_id RETURNING g.id, g.name`);
  }
}
