import { randomBytes } from 'node:crypto';
import { type Caller, DomainError } from '@app/platform';

/** A personal access token, without the token itself. */
export interface AccessToken {
  id: string;
  principalId: string;
  name: string;
  /** How the token begins, to tell it from others. */
  prefix: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
  createdBy: string | null;
  /** It reads, and changes nothing. */
  readOnly: boolean;
  /** It reaches this catalog and nothing else; null: all that its principal reaches. */
  catalogId: string | null;
}

/**
 * What no privilege is asked for is the caller's by being himself; a narrowed token is less than he is.
 * @throws DomainError PERMISSION_DENIED
 */
export function requireNotNarrowed({ narrowing }: Caller, what: string): void {
  if (!narrowing) return;
  const message = `a token that was narrowed when it was made cannot ${what}: use one that was not, or sign in`;
  throw new DomainError('PERMISSION_DENIED', 'NARROWED_TOKEN', message);
}

/** `imp_` and 256 random bits in base64url: 43 characters. */
export const newToken = (): string => `imp_${randomBytes(32).toString('base64url')}`;

/** The first 8 characters. Of a token that an operator chose, at most a quarter: it may be short. */
export const prefixOf = (token: string): string => token.slice(0, Math.min(8, Math.floor(token.length / 4)));
