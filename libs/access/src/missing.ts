import { type Authority, allows, type Condition, decisionFor, holds, isCondition } from './decision.js';
import { hasMeaningOn, type Privilege, ruleOf } from './privilege.js';
import { METASTORE_NAME, nounOf, type Securable, type SecurableKind, type SecurablePath } from './securable.js';

/** A grant that is not there, at the narrowest place where it can be made. */
export interface MissingGrant {
  privilege: Privilege;
  kind: SecurableKind;
  fullName: string;
}

/** What is between somebody and a privilege on an object: grants that would be enough together, or why none would be. */
export interface Shortfall {
  missing: MissingGrant[];
  /** In words; null where grants help. */
  obstacle: string | null;
}

export type NamedPath = SecurablePath & Pick<Securable, 'fullName'>;

/**
 * The smallest set of grants of least privilege that would allow it: one for each condition that is not met. Empty when
 * it is allowed, and when no grant would help.
 */
export function shortfall(authority: Authority, privilege: Privilege, object: NamedPath): Shortfall {
  const obstacle = noMeaning(privilege, object.kind) ?? outOfBounds(authority, privilege, object);
  if (obstacle || allows(authority, privilege, object)) return { missing: [], obstacle };
  // Of a privilege there is one alternative; that of the fewest grants, if ever there were more.
  const [fewest = []] = decisionFor(privilege, object.kind)
    .map((terms) => terms.filter(isCondition).filter((term) => !holds(authority.ability, term, object)))
    .sort((one, other) => one.length - other.length);
  return { missing: fewest.map((condition) => grantFor(condition, object)), obstacle: null };
}

function noMeaning(privilege: Privilege, kind: SecurableKind): string | null {
  if (hasMeaningOn(privilege, kind)) return null;
  const places = ruleOf(privilege).on.map((place) => nounOf[place].toLowerCase());
  return `${privilege} has no meaning on a ${nounOf[kind].toLowerCase()}; it can be granted on: ${places.join(', ')}`;
}

/** A token that was narrowed when it was made stays so, whatever is granted to its owner. */
function outOfBounds({ narrowing }: Authority, privilege: Privilege, object: SecurablePath): string | null {
  if (narrowing?.readOnly && !ruleOf(privilege).reads) {
    return `the token was made for reading only, and ${privilege} changes something: use another token`;
  }
  if (narrowing?.catalogId && narrowing.catalogId !== object.catalogId) {
    return 'the token was made for another catalog: use another token';
  }
  return null;
}

/** From the inside out. */
const outwards = ['REGISTERED_MODEL', 'EXPERIMENT', 'SCHEMA', 'CATALOG', 'METASTORE'] as const;

/** Places that are on the way to an object of a kind, itself first. */
const placesOf = (kind: SecurableKind): SecurableKind[] =>
  kind === 'EXPERIMENT'
    ? ['EXPERIMENT', 'METASTORE']
    : outwards.slice(outwards.indexOf(kind)).filter((place) => place !== 'EXPERIMENT');

function grantFor({ actions, at }: Condition, object: NamedPath): MissingGrant {
  // The first action of a condition is the privilege that it asks; DISCOVER is no condition of a privilege.
  const privilege = actions[0] as Privilege;
  const places = placesOf(at === 'OBJECT' ? object.kind : at);
  const kind = places.find((place) => ruleOf(privilege).on.includes(place)) as SecurableKind;
  return { privilege, kind, fullName: nameOfPlace(kind, object) };
}

const partsOf: Record<SecurableKind, number> = {
  METASTORE: 0,
  CATALOG: 1,
  SCHEMA: 2,
  REGISTERED_MODEL: 3,
  EXPERIMENT: 1,
};

/** The full name of the object itself, or of a container of it. */
function nameOfPlace(kind: SecurableKind, object: NamedPath): string {
  if (kind === object.kind) return object.fullName;
  return kind === 'METASTORE' ? METASTORE_NAME : object.fullName.split('.').slice(0, partsOf[kind]).join('.');
}
