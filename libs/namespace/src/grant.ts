import { futureInstant, nounOf, type Privilege, ruleOf, type Securable, type SecurableKind } from '@app/access';
import { Conflict, DomainError, InvalidArgument } from '@app/platform';

type Place = Pick<Securable, 'id' | 'kind' | 'fullName'>;

/** A privilege that a principal holds on a securable, and on what is in it. */
export interface Grant {
  id: string;
  privilege: Privilege;
  principalId: string;
  /** Where it was granted. */
  securable: Place;
  /** The container that it comes from, in a list of what reaches an object from above; null where it was granted. */
  inheritedFrom: Place | null;
  grantedBy: string | null;
  grantedAt: Date;
  expiresAt: Date | null;
}

/** What names a grant on a securable. */
export interface GrantKey {
  /** An id or a name. */
  principal: string;
  privilege: Privilege;
}

export interface GrantInput extends GrantKey {
  /** Absent or null: it does not end. */
  expiresAt?: Date | null;
}

/** Changes of the grants on one object: all of them are made, or none. */
export interface GrantChanges {
  add?: readonly GrantInput[];
  remove?: readonly GrantKey[];
  /** The revision of the object's grants that the changes were decided on. Absent or null: whatever it is. */
  expectedRevision?: number | null;
}

/** One change of many, and where it stands in the input. */
export interface PlacedChange {
  change: GrantInput;
  pathTo: (field: keyof GrantInput) => string[];
}

const lower = (kind: SecurableKind): string => nounOf[kind].toLowerCase();

/**
 * What is wrong with a privilege on an object of a kind: it can be granted where it has a meaning, a usage privilege at
 * the container only (domain.md, section 3).
 */
function ungrantable(privilege: Privilege, kind: SecurableKind, path: string[]): InvalidArgument | undefined {
  const { on } = ruleOf(privilege);
  if (on.includes(kind)) return undefined;
  const article = kind === 'EXPERIMENT' ? 'an' : 'a';
  return new InvalidArgument(
    `${path.join('.')}: ${privilege} cannot be granted on ${article} ${lower(kind)}; it can be granted on: ${on.map(lower).join(', ')}`,
    path,
  );
}

/** All that is wrong with a change and can be seen without the database. */
export function mistakes({ change, pathTo }: PlacedChange, { kind }: Place): DomainError[] {
  const wrong = ungrantable(change.privilege, kind, pathTo('privilege'));
  const found: DomainError[] = wrong ? [wrong] : [];
  try {
    futureInstant(change.expiresAt, pathTo('expiresAt'));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    found.push(error);
  }
  return found;
}

/** @throws Conflict when somebody has changed the grants since the caller read them */
export function requireRevision({ kind, fullName, grantsRevision }: Securable, expected: number | null): void {
  if (expected === null || expected === grantsRevision) return;
  throw new Conflict(
    'GRANTS_CHANGED',
    `expectedRevision: the grants on ${lower(kind)} "${fullName}" are at revision ${grantsRevision}, not ${expected}: somebody changed them; read them again`,
    { currentRevision: grantsRevision, expectedRevision: expected },
    ['expectedRevision'],
  );
}

/** The changes that name a grant which another one has named before. */
export function repeated(changes: readonly (PlacedChange & { principalId: string })[]): InvalidArgument[] {
  const seen = new Set<string>();
  return changes.flatMap(({ change: { principal, privilege }, principalId, pathTo }) => {
    const key = `${principalId} ${privilege}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    const path = pathTo('privilege');
    return [new InvalidArgument(`${path.join('.')}: ${privilege} for "${principal}" is named twice`, path)];
  });
}

const sameInstant = (one: Date | null, other: Date | null): boolean => one?.getTime() === other?.getTime();

/** What has to be written so that the wanted grants are there: those that are missing, or end at another time. */
export const missing = <T extends { principalId: string; privilege: Privilege; expiresAt: Date | null }>(
  wanted: readonly T[],
  present: readonly Grant[],
): T[] =>
  wanted.filter(({ principalId, privilege, expiresAt }) => {
    const grant = present.find((known) => known.principalId === principalId && known.privilege === privilege);
    return !grant || !sameInstant(grant.expiresAt, expiresAt);
  });
