import { InvalidArgument } from '@app/platform';
import { validate as isUuid } from 'uuid';

export const principalKinds = ['USER', 'SERVICE_PRINCIPAL', 'GROUP'] as const;
export type PrincipalKind = (typeof principalKinds)[number];

/** Who can be granted to. A request acts as a user or a service principal, never as a group. */
export interface Principal {
  id: string;
  kind: PrincipalKind;
  name: string;
  displayName: string | null;
  builtIn: boolean;
  disabledAt: Date | null;
  createdAt: Date;
}

/** Principals that every installation has (prisma/migrations, initial). */
export const builtInPrincipals = {
  /** Holds all enabled users and service principals, without rows of membership. */
  everyone: '00000000-0000-7000-8000-000000000001',
  metastoreAdmins: '00000000-0000-7000-8000-000000000002',
  /** Whom the worker acts as. It holds no grant: what a gate may read is handed to it. */
  gates: '00000000-0000-7000-8000-000000000003',
} as const;

/** Names are unique over users, service principals and groups, ignoring case. */
export const principalNameKey = (name: string): string => name.normalize('NFC').toLowerCase();

/**
 * A principal's name: 1 to 255 characters, no ":" (HTTP basic separates with it), no leading or trailing space. No control
 * or invisible character, with which it would look like somebody else's; and no UUID, which names a principal by its id.
 * @throws InvalidArgument naming the field
 */
export function principalName(name: string, field = 'name'): string {
  const normalized = name.normalize('NFC');
  if (
    normalized.length < 1 ||
    normalized.length > 255 ||
    /[\p{Cc}\p{Cf}\p{Cs}:]/u.test(normalized) ||
    isUuid(normalized) ||
    normalized.trim() !== normalized
  ) {
    throw new InvalidArgument(
      `${field}: "${name}" is not a name of a principal: 1 to 255 characters, no ":", no control or invisible character, no space at either end, no UUID`,
      [field],
    );
  }
  return normalized;
}
