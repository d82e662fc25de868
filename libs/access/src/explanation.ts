import type { Narrowing } from '@app/platform';
import { buildAbility, owning, privilegesOn, type Rights } from './ability.js';
import { allows, type Condition, decisionFor, isCondition, pathAt, sourcesOf } from './decision.js';
import { chainsUp, type MembershipFact } from './membership-chains.js';
import { type MissingGrant, shortfall } from './missing.js';
import type { Principal } from './principal.js';
import type { Privilege } from './privilege.js';
import type { Securable, SecurableKind } from './securable.js';

/** An object on the way from the metastore to the one that is asked about, itself included. */
export interface Place extends Pick<Securable, 'id' | 'kind' | 'fullName' | 'ownerId'> {}

export interface GrantFact {
  id: string;
  privilege: Privilege;
  /** The principal itself, or one of its groups. */
  principalId: string;
  securableId: string;
  grantedBy: string | null;
  grantedAt: Date;
  expiresAt: Date | null;
}

/** All that decides what one principal may do on one object, in one moment (explanation.reader.ts). */
export interface AccessFacts {
  principal: Principal;
  object: Securable;
  path: Place[];
  /** The principal, its groups however nested, and everyone. Of a disabled one, none. */
  identities: string[];
  memberships: MembershipFact[];
  grants: GrantFact[];
  /** Of the groups, and of those who granted. */
  names: Record<string, string>;
}

/** One way in which a condition is met. */
export interface AccessPath {
  /** From the group that the principal is directly in to the one that holds: empty when it holds by itself. */
  groupIds: string[];
  /** null: it owns what `on` names. */
  grant: GrantFact | null;
  /** Where it was granted, or what is owned. */
  on: Place;
  /** `on`, where that is a container of what the condition is about. */
  inheritedFrom: Place | null;
}

/** A usage gate, or the privilege itself. */
export interface ConditionExplanation {
  privilege: Privilege;
  on: Place;
  paths: AccessPath[];
}

export interface AccessExplanation {
  allowed: boolean;
  /** The usage gates, and last the privilege itself; empty where it has no meaning. */
  conditions: ConditionExplanation[];
  /** Every way in which the privilege itself is held, when it is allowed. */
  paths: AccessPath[];
  /** When denied: the smallest set of grants of least privilege that would allow it. */
  missing: MissingGrant[];
  /** When denied, and no grant would help: why, in words. */
  obstacle: string | null;
  /** There are more ways through nested groups than are told. */
  isPartial: boolean;
}

/** Through how many chains of nested groups one grant is told. */
const mostChains = 20;

/** Explains decisions from facts: by the same decisions, and the same rules of CASL, that the single check asks. */
export class Explainer {
  private readonly ability;

  constructor(private readonly facts: AccessFacts) {
    this.ability = buildAbility(rightsOf(facts));
  }

  /** @param narrowing the bounds of the token, where the question is about the caller himself */
  explain(privilege: Privilege, narrowing?: Narrowing): AccessExplanation {
    const { principal, object } = this.facts;
    const authority = { ability: this.ability, narrowing };
    // Of a privilege there is one alternative.
    const [terms = []] = decisionFor(privilege, object.kind);
    const explained = terms.filter(isCondition).map((condition, index, all) => {
      const about = index === all.length - 1 ? object.id : pathAt(condition.at, object).id;
      return this.condition(condition, about);
    });
    const conditions = explained.map(({ isPartial, ...condition }) => condition);
    const allowed = allows(authority, privilege, object);
    const short = shortfall(authority, privilege, object);
    const disabled = principal.disabledAt !== null && !short.obstacle;
    return {
      allowed,
      conditions,
      paths: allowed ? (conditions.at(-1)?.paths ?? []) : [],
      missing: disabled ? [] : short.missing,
      obstacle: disabled ? `"${principal.name}" is disabled, and may do nothing: enable it first` : short.obstacle,
      isPartial: explained.some(({ isPartial }) => isPartial),
    };
  }

  /** All that the principal may do on the object, with the ways in which it holds each privilege. */
  effective(narrowing?: Narrowing): { privilege: Privilege; paths: AccessPath[]; isPartial: boolean }[] {
    return privilegesOn(this.facts.object.kind)
      .map((privilege) => ({ privilege, ...this.explain(privilege, narrowing) }))
      .filter(({ allowed }) => allowed)
      .map(({ privilege, paths, isPartial }) => ({ privilege, paths, isPartial }));
  }

  /** @param about the id of what a path from further out is inherited by */
  private condition(condition: Condition, about: string): ConditionExplanation & { isPartial: boolean } {
    const { object } = this.facts;
    let isPartial = false;
    const paths = sourcesOf(this.ability, condition, object).flatMap((source) => {
      const { grant, on, holderId } = this.holding(source);
      const { chains, isCut } = chainsUp(this.facts.memberships, this.facts.principal.id, holderId, mostChains);
      isPartial ||= isCut;
      return chains.map((groupIds) => ({ groupIds, grant, on, inheritedFrom: on.id === about ? null : on }));
    });
    const privilege = condition.actions[0] as Privilege;
    return { privilege, on: this.place(pathAt(condition.at, object).id), paths: nearestFirst(paths), isPartial };
  }

  /** The grant or the ownership that a rule comes from, and who holds it. */
  private holding(source: string): { grant: GrantFact | null; on: Place; holderId: string } {
    const grant = this.facts.grants.find(({ id }) => id === source);
    if (grant) return { grant, on: this.place(grant.securableId), holderId: grant.principalId };
    const on = this.facts.path.find(({ kind }) => owning(kind) === source) as Place;
    return { grant: null, on, holderId: on.ownerId };
  }

  private place(placeId: string): Place {
    return this.facts.path.find(({ id }) => id === placeId) as Place;
  }
}

/** What is on the object itself comes first, and then what comes through the fewest groups. */
const nearestFirst = (paths: AccessPath[]): AccessPath[] =>
  paths.sort(
    (one, other) =>
      Number(one.inheritedFrom !== null) - Number(other.inheritedFrom !== null) ||
      one.groupIds.length - other.groupIds.length,
  );

/** The rights that the facts amount to, each rule with its source. Grants and owners off the path decide nothing here. */
function rightsOf({ identities, grants, path }: AccessFacts): Rights {
  const kinds = new Map(path.map(({ id, kind }) => [id, kind]));
  const owned = (kind: SecurableKind) =>
    path.filter((place) => place.kind === kind && identities.includes(place.ownerId)).map(({ id }) => id);
  return {
    principalIds: identities,
    grants: grants.map(({ id, privilege, securableId }) => ({
      privilege,
      kind: kinds.get(securableId) as SecurableKind,
      ids: [securableId],
      source: id,
    })),
    ownsMetastore: owned('METASTORE').length > 0,
    ownedCatalogIds: owned('CATALOG'),
    ownedSchemaIds: owned('SCHEMA'),
  };
}
