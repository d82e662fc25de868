import { IdSet } from '@app/platform';
import sql, { empty, join, type Sql } from 'sql-template-tag';
import { type AccessAbility, buildAbility, privilegesOn, type Rights } from './ability.js';
import { differenceOf, type GrantKey, type Member, type ResolvedChanges } from './access-change.js';
import { predicate, touched } from './decision-sql.js';
import { builtInPrincipals } from './principal.js';
import { principalColumns } from './principal.repository.js';
import { type SecurableKind, securableKinds } from './securable.js';
import { type FactSources, snapshotOf, stored } from './snapshot-sql.js';

const grantKeys = (grants: readonly GrantKey[]): Sql =>
  sql`unnest(${grants.map(({ securableId }) => securableId)}::uuid[], ${grants.map(({ principalId }) => principalId)}::uuid[],
    ${grants.map(({ privilege }) => privilege)}::text[])`;

const members = (list: readonly Member[]): Sql =>
  sql`unnest(${list.map(({ groupId }) => groupId)}::uuid[], ${list.map(({ memberId }) => memberId)}::uuid[])`;

/** Rows of (id, owner_id). */
const newOwners = (owners: ResolvedChanges['owners']): Sql =>
  sql`unnest(${owners.map(({ securableId }) => securableId)}::uuid[], ${owners.map(({ ownerId }) => ownerId)}::uuid[])`;

/** What the tables would hold after the changes. */
export function after({
  addedGrants,
  removedGrants,
  addedMembers,
  removedMembers,
  owners,
}: ResolvedChanges): FactSources {
  return {
    members: sql`(SELECT m.group_id, m.member_id FROM group_members m
        WHERE (m.group_id, m.member_id) NOT IN (SELECT * FROM ${members(removedMembers)})
      UNION ALL SELECT * FROM ${members(addedMembers)} AS added(group_id, member_id))`,
    grants: sql`(SELECT g.securable_id, g.principal_id, g.privilege, g.expires_at FROM grants g
        WHERE (g.securable_id, g.principal_id, g.privilege) NOT IN (SELECT * FROM ${grantKeys([...removedGrants, ...addedGrants])})
      UNION ALL SELECT * FROM unnest(${addedGrants.map(({ securableId }) => securableId)}::uuid[],
        ${addedGrants.map(({ principalId }) => principalId)}::uuid[], ${addedGrants.map(({ privilege }) => privilege)}::text[],
        ${addedGrants.map(({ expiresAt }) => expiresAt)}::timestamptz[]) AS added(securable_id, principal_id, privilege, expires_at))`,
    securables: sql`(SELECT s.id, s.kind, COALESCE(changed.owner_id, s.owner_id) AS owner_id
      FROM securables s LEFT JOIN ${newOwners(owners)} AS changed(id, owner_id) ON changed.id = s.id)`,
  };
}

/** The snapshots of many, as the sources have it: the columns of AccessSnapshot, and `id`. */
export const snapshotsOf = (ids: readonly string[], sources: FactSources): Sql => sql`
  SELECT asked.id, snapshot.* FROM unnest(${ids}::uuid[]) AS asked(id)
  CROSS JOIN LATERAL (${snapshotOf(sql`asked.id`, sources)}) AS snapshot`;

/** The users and service principals, by name, whom the changes reach, now or afterwards; and how many they are. */
export function affectedBy(changes: ResolvedChanges, most: number): Sql {
  const seeds = [
    ...[...changes.addedGrants, ...changes.removedGrants].map(({ principalId }) => principalId),
    ...[...changes.addedMembers, ...changes.removedMembers].map(({ memberId }) => memberId),
    ...changes.owners.flatMap(({ ownerId, formerOwnerId }) => [ownerId, formerOwnerId]),
  ];
  const all = seeds.includes(builtInPrincipals.everyone) ? sql`TRUE OR ` : empty;
  return sql`
    WITH RECURSIVE down(id) AS (
      SELECT unnest(${seeds}::uuid[])
      UNION
      SELECT m.member_id FROM (SELECT group_id, member_id FROM ${stored.members}
        UNION ALL SELECT group_id, member_id FROM ${after(changes).members} AS later) m JOIN down ON m.group_id = down.id
    )
    SELECT ${principalColumns('p')}, count(*) OVER () AS affected FROM principals p
    WHERE p.kind <> 'GROUP' AND p.disabled_at IS NULL AND (${all}p.id IN (SELECT id FROM down))
    ORDER BY p.name_key LIMIT ${most}`;
}

/** A membership that is to be added and would close a cycle. */
export const cycleIn = (changes: ResolvedChanges): Sql => sql`
  WITH RECURSIVE down(root, id) AS (
    SELECT member_id, member_id FROM ${members(changes.addedMembers)} AS added(group_id, member_id)
    UNION
    SELECT down.root, m.member_id FROM ${after(changes).members} m JOIN down ON m.group_id = down.id
  )
  SELECT g.name AS "groupName", m.name AS "memberName"
  FROM ${members(changes.addedMembers)} AS added(group_id, member_id)
    JOIN down ON down.root = added.member_id AND down.id = added.group_id
    JOIN principals g ON g.id = added.group_id JOIN principals m ON m.id = added.member_id LIMIT 1`;

/**
 * One row: how many privileges on objects one principal gains and loses, and the first of each by kind and full name.
 * The list filters of before and after are compared on the objects that a changed right says anything about.
 * @param visible for each kind, the objects to tell of, over the row `s`
 * @returns null when nothing can differ
 */
export function differencesOf(
  before: Rights,
  later: Rights,
  owners: ResolvedChanges['owners'],
  visible: Record<SecurableKind, Sql>,
  most: number,
): Sql | null {
  const rules = {
    changed: buildAbility(differenceOf(before, later)),
    before: buildAbility(before),
    later: buildAbility(later),
  };
  const arms = securableKinds.flatMap((kind) => armOf(kind, rules, owners, visible[kind]) ?? []);
  if (arms.length === 0) return null;
  const first = (
    which: Sql,
  ) => sql`COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', kind, 'fullName', full_name, 'privilege', privilege))
    FROM (SELECT * FROM differences WHERE ${which} ORDER BY kind, full_name_key, privilege LIMIT ${most}) AS first), '[]')`;
  return sql`
    WITH differences AS (${join(arms, ' UNION ALL ')})
    SELECT (SELECT count(*) FROM differences WHERE gained) AS "gainedCount",
      (SELECT count(*) FROM differences WHERE NOT gained) AS "lostCount",
      ${first(sql`gained`)} AS gained, ${first(sql`NOT gained`)} AS lost`;
}

/** The differences on objects of one kind; null when none of its decisions is touched. */
function armOf(
  kind: SecurableKind,
  { changed, before, later }: Record<'changed' | 'before' | 'later', AccessAbility>,
  owners: ResolvedChanges['owners'],
  visible: Sql,
): Sql | null {
  const transferred = owners.map(({ securableId }) => securableId);
  const touching = privilegesOn(kind).map((privilege) => ({
    privilege,
    where: touched(changed, privilege, kind, 's'),
  }));
  const asked = transferred.length > 0 ? touching : touching.filter(({ where }) => where !== null);
  if (asked.length === 0) return null;
  const places = [
    ...(transferred.length > 0 ? [sql`s.id = ANY(${new IdSet(transferred)}::uuid[])`] : []),
    ...asked.flatMap(({ where }) => where ?? []),
  ];
  // `t` is the object as it would be: its owner may be another.
  const verdicts = asked.map(
    ({ privilege }) =>
      sql`(${privilege}::text, ${predicate({ ability: before }, privilege, kind, 's')} IS TRUE, ${predicate({ ability: later }, privilege, kind, 't')} IS TRUE)`,
  );
  return sql`
    SELECT s.kind, s.full_name, s.full_name_key, d.privilege, d.later AS gained
    FROM securables s LEFT JOIN ${newOwners(owners)} AS changed(id, owner_id) ON changed.id = s.id
    CROSS JOIN LATERAL (SELECT s.id, s.catalog_id, s.schema_id, COALESCE(changed.owner_id, s.owner_id) AS owner_id) AS t
    CROSS JOIN LATERAL (VALUES ${join(verdicts)}) AS d(privilege, before, later)
    WHERE s.kind = ${kind} AND (${join(places, ' OR ')}) AND ${visible} AND d.before <> d.later`;
}
