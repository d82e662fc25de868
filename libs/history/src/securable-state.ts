import type { Place, Privilege, SecurableKind } from '@app/access';
import type { PolicyRevision } from '@app/policy';

/** A securable as of a time, with all that it stood in. */
export interface PastSecurable extends Place {
  schemaId: string | null;
  catalogId: string | null;
  /** Also when the owner was deleted since. */
  ownerName: string;
  /** From the metastore to itself. */
  path: Place[];
}

/** A grant that was in force. */
export interface PastGrant {
  id: string;
  securableId: string;
  principalId: string;
  /** What the principal was called; also when it is gone since. */
  principalName: string;
  privilege: Privilege;
  grantedBy: string | null;
  grantedAt: Date | null;
  expiresAt: Date | null;
}

/** What a policy said. */
export interface PastPolicy extends PolicyRevision {
  policyName: string;
}

/** The name of a place in the names of the day: those above it may have been renamed without an event of its own. */
export function fullNameIn(containers: readonly Place[], kind: SecurableKind, told: string): string {
  const own = kind === 'EXPERIMENT' ? told : (told.split('.').at(-1) as string);
  const above = containers.filter((place) => place.kind === 'CATALOG' || place.kind === 'SCHEMA').at(-1);
  return above && kind !== 'EXPERIMENT' ? `${above.fullName}.${own}` : own;
}
