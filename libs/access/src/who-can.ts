import { IdSet } from '@app/platform';
import sql, { join, type Sql } from 'sql-template-tag';
import { buildAbility, owning } from './ability.js';
import { type Condition, decisionFor, isCondition, sourcesOf } from './decision.js';
import type { Place } from './explanation.js';
import { builtInPrincipals } from './principal.js';
import type { Privilege } from './privilege.js';
import type { Securable, SecurableKind } from './securable.js';

/** What everybody together holds on an object and on what it is in. */
export interface HolderFacts {
  path: Place[];
  grants: { privilege: Privilege; securableId: string; principalIds: string[] }[];
}

/**
 * Who may do it: a predicate over the row `p` of `principals`, of users and service principals. The conditions of the
 * decision are asked for everybody at once: each rule leads to those who hold it directly, and these to their members.
 */
export function whoCan(facts: HolderFacts, privilege: Privilege, object: Securable): Sql {
  const ability = buildAbility(rightsOfAll(facts, object));
  const holders = (condition: Condition) => [
    ...new Set(sourcesOf(ability, condition, object).flatMap((source) => heldBy(source, facts))),
  ];
  const alternatives = decisionFor(privilege, object.kind).map((terms) => {
    const conditions = terms.filter(isCondition).map((condition) => isAmong(holders(condition)));
    return sql`(${join(conditions, ' AND ')})`;
  });
  return alternatives.length > 0 ? sql`(${join(alternatives, ' OR ')})` : sql`FALSE`;
}

/** The path of the object as if one principal held and owned everything on it; the source of a rule leads to who does. */
const rightsOfAll = ({ path, grants }: HolderFacts, object: Securable) => ({
  principalIds: [object.ownerId],
  grants: grants.map(({ privilege, securableId }, index) => ({
    privilege,
    kind: path.find(({ id }) => id === securableId)?.kind as SecurableKind,
    ids: [securableId],
    source: String(index),
  })),
  ownsMetastore: true,
  ownedCatalogIds: path.filter(({ kind }) => kind === 'CATALOG').map(({ id }) => id),
  ownedSchemaIds: path.filter(({ kind }) => kind === 'SCHEMA').map(({ id }) => id),
});

function heldBy(source: string, { path, grants }: HolderFacts): string[] {
  const owned = path.find(({ kind }) => owning(kind) === source);
  return owned ? [owned.ownerId] : (grants[Number(source)]?.principalIds ?? []);
}

/** One of the principals, or in one of them, however nested. Everyone holds whoever is asked about here. */
function isAmong(holderIds: string[]): Sql {
  if (holderIds.includes(builtInPrincipals.everyone)) return sql`TRUE`;
  if (holderIds.length === 0) return sql`FALSE`;
  return sql`p.id IN (
    WITH RECURSIVE down(id) AS (
      SELECT unnest(${new IdSet(holderIds)}::uuid[])
      UNION
      SELECT m.member_id FROM group_members m JOIN down ON m.group_id = down.id
    )
    SELECT id FROM down)`;
}
