import { InvalidArgument } from '@app/platform';
import type { Rights } from './ability.js';
import { builtInPrincipals, type Principal } from './principal.js';
import { type Privilege, ruleOf } from './privilege.js';
import { nounOf, type Securable } from './securable.js';

/** An object by what people call it. */
export type Ref = Pick<Securable, 'kind' | 'fullName'>;

/** Changes that somebody thinks of, in the names of the things. */
export interface AccessChanges {
  /** One that is there already gets the expiry that is given. */
  addGrants?: readonly { principal: string; privilege: Privilege; securable: Ref; expiresAt?: Date | null }[];
  removeGrants?: readonly { principal: string; privilege: Privilege; securable: Ref }[];
  addMembers?: readonly { group: string; member: string }[];
  removeMembers?: readonly { group: string; member: string }[];
  changeOwners?: readonly { securable: Ref; owner: string }[];
}

export interface GrantKey {
  principalId: string;
  privilege: Privilege;
  securableId: string;
}
export interface Member {
  groupId: string;
  memberId: string;
}

/** The same changes in ids. */
export interface ResolvedChanges {
  addedGrants: (GrantKey & { expiresAt: Date | null })[];
  removedGrants: GrantKey[];
  addedMembers: Member[];
  removedMembers: Member[];
  owners: { securableId: string; ownerId: string; formerOwnerId: string }[];
}

/** What one user or service principal could do from then on, or no longer. */
export interface AccessDifference extends Ref {
  principal: Principal;
  privilege: Privilege;
}

export interface AccessPreview {
  gained: AccessDifference[];
  lost: AccessDifference[];
  /** All of them, of the principals that were looked at. */
  gainedCount: number;
  lostCount: number;
  /** Users and service principals that the changes reach, whether or not anything changes for them. */
  affectedPrincipalCount: number;
  /** What cut it: PRINCIPALS, that only the first of them were looked at; ROWS, that more changes than are listed. */
  truncatedBy: ('PRINCIPALS' | 'ROWS')[];
}

/** @throws InvalidArgument saying where the privilege can be granted */
export function requireGrantableOn(privilege: Privilege, { kind }: Pick<Securable, 'kind'>): void {
  const { on } = ruleOf(privilege);
  if (on.includes(kind)) return;
  const places = on.map((place) => nounOf[place].toLowerCase()).join(', ');
  throw new InvalidArgument(
    `addGrants: ${privilege} cannot be granted on a ${nounOf[kind].toLowerCase()}; it can be granted on: ${places}`,
    ['addGrants'],
  );
}

/** @throws InvalidArgument when nobody can be put into the group, or taken out of it */
export function requireOpenGroup({ id, kind, name }: Principal): void {
  if (kind !== 'GROUP') throw new InvalidArgument(`group: "${name}" is not a group`, ['group']);
  if (id === builtInPrincipals.everyone) {
    throw new InvalidArgument('group: "everyone" holds all enabled users and service principals by itself', ['group']);
  }
}

/** @throws InvalidArgument: `everyone` in a group would make all of them members; the gate identity holds no rights */
export function requireJoinable({ id, name }: Principal): void {
  if (id === builtInPrincipals.everyone || id === builtInPrincipals.gates) {
    throw new InvalidArgument(`member: "${name}" cannot be a member of a group`, ['member']);
  }
}

/** @throws InvalidArgument for everyone and the gate identity, which own nothing */
export function requireCanOwn({ id, name }: Principal): void {
  if (id === builtInPrincipals.everyone || id === builtInPrincipals.gates) {
    throw new InvalidArgument(`owner: "${name}" cannot own anything: name a user, a service principal or a group`, [
      'owner',
    ]);
  }
}

function differing(one: readonly string[], other: readonly string[]): string[] {
  const [ones, others] = [new Set(one), new Set(other)];
  return [...one.filter((each) => !others.has(each)), ...other.filter((each) => !ones.has(each))];
}

/**
 * The rights that one has and the other has not. An ability is the union of what follows from each right: where that of
 * the difference says nothing, both decide alike.
 */
export function differenceOf(one: Rights, other: Rights): Rights {
  const [ones, others] = [idsByRule(one), idsByRule(other)];
  return {
    principalIds: differing(one.principalIds, other.principalIds),
    grants: [...new Set([...ones.keys(), ...others.keys()])]
      .map((rule) => ({
        ...(JSON.parse(rule) as Pick<Rights['grants'][number], 'privilege' | 'kind'>),
        ids: differing(ones.get(rule) ?? [], others.get(rule) ?? []),
      }))
      .filter(({ ids }) => ids.length > 0),
    ownsMetastore: one.ownsMetastore !== other.ownsMetastore,
    ownedCatalogIds: differing(one.ownedCatalogIds, other.ownedCatalogIds),
    ownedSchemaIds: differing(one.ownedSchemaIds, other.ownedSchemaIds),
  };
}

/** A snapshot names each privilege on a kind once, with all that it is granted on. */
const idsByRule = ({ grants }: Rights): Map<string, string[]> =>
  new Map(grants.map(({ privilege, kind, ids }) => [JSON.stringify({ privilege, kind }), ids]));
