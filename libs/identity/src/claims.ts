import { createHash } from 'node:crypto';
import { Unauthenticated } from '@app/access';
import type { OpenidIssuer } from '@app/platform';
import type { JWTHeaderParameters, JWTPayload } from 'jose';

/** What a verified token says of its subject. */
export interface Claims {
  issuer: OpenidIssuer;
  subject: string;
  /** What a new user is called; null when the token does not say. */
  name: string | null;
  displayName: string | null;
  /** An address that the issuer has verified. */
  email: string | null;
  groups: readonly string[];
  /** Changes when the claimed groups do, or what is made of them. */
  groupsDigest: string;
  issuedAt: Date;
}

/** A text that can be stored. */
const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && !/[\0\p{Cs}]/u.test(value) ? value : null;

/** OpenID Connect Core, section 2: a subject has at most 255 characters. */
const longestSubject = 255;

/** Without the claim, or with one of another form, the subject is in no group: what is not said gives no right. */
function groupsOf(claim: unknown): string[] {
  const values = (Array.isArray(claim) ? claim : [claim]).map(text).filter((value) => value !== null);
  return [...new Set(values)].sort();
}

/** Issuers may keep what scopes ask for out of the ID token, and tell it at their UserInfo endpoint (OpenID Connect Core, section 5.4). */
export const lacksClaims = (payload: JWTPayload, { nameClaim, groupsClaim, scope }: OpenidIssuer): boolean =>
  payload[nameClaim] === undefined ||
  (groupsClaim !== undefined && payload[groupsClaim] === undefined) ||
  (scope.split(' ').includes('email') && payload.email === undefined);

export function claimsOf(payload: JWTPayload, issuer: OpenidIssuer): Claims {
  const groups = issuer.groupsClaim ? groupsOf(payload[issuer.groupsClaim]) : [];
  return {
    issuer,
    subject: payload.sub as string,
    name: text(payload[issuer.nameClaim]),
    displayName: text(payload.name),
    email: payload.email_verified === true ? text(payload.email) : null,
    groups,
    groupsDigest: createHash('sha256')
      .update(JSON.stringify([issuer.createGroups, groups]))
      .digest('hex'),
    issuedAt: new Date((payload.iat as number) * 1000),
  };
}

export const malformed = (claim: string) =>
  new Unauthenticated(`the claim "${claim}" of the token is missing or not as it must be`);

/** An access token (RFC 9068), and what says nothing of its type. Logout, DPoP and event tokens say that they are such. */
const types = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

/**
 * A token that is rightly signed, for us, and something else than a bearer's.
 * @throws Unauthenticated
 */
export function requireBearerOfOurs({ typ }: JWTHeaderParameters, payload: JWTPayload, skewSeconds: number): void {
  if (!types.has(typ?.toLowerCase())) throw new Unauthenticated(`the token is a ${typ}, not an access token`);
  // A logout token of an issuer that does not type it (OpenID Connect Back-Channel Logout, section 2.4).
  if (payload.events !== undefined) throw new Unauthenticated('the token tells of an event: it is no access token');
  // RFC 7800: only who proves that he has a key may use it, and a bearer proves nothing.
  if (payload.cnf !== undefined)
    throw new Unauthenticated('the token is bound to a key, and cannot be used as a bearer');
  if ((text(payload.sub)?.length ?? Number.POSITIVE_INFINITY) > longestSubject) throw malformed('sub');
  if ((payload.iat as number) < 0) throw malformed('iat');
  if ((payload.iat as number) > Date.now() / 1000 + skewSeconds)
    throw new Unauthenticated('the token is not valid yet');
}
