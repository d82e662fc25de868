import type { Client } from '../server/client.js';
import { ownTokensDocument, viewerDocument } from '../server/documents.js';
import { allPages, type Page } from '../server/pages.js';

export interface Viewer {
  name: string;
  kind: 'USER' | 'SERVICE_PRINCIPAL';
  displayName: string | null;
}

export const whoAmI = async (client: Client): Promise<Viewer> =>
  (await client.query<{ viewer: Viewer }>(viewerDocument)).viewer;

export interface OwnToken {
  name: string;
  prefix: string;
  expiresAt: string | null;
  readOnly: boolean;
  /** It reaches one catalog only. */
  oneCatalog: boolean;
  catalog: { fullName: string } | null;
}

interface KnownToken extends OwnToken {
  revokedAt: string | null;
}

/** What the server keeps of the token in use; undefined when its shown beginning fits several, or none. */
export async function tokenOf(client: Client, token: string): Promise<OwnToken | undefined> {
  const known = await allPages(async (after) => {
    const { accessTokens } = await client.query<{ accessTokens: Page<KnownToken> }>(ownTokensDocument, { after });
    return accessTokens;
  });
  const isLive = ({ revokedAt, expiresAt }: KnownToken) =>
    !revokedAt && (!expiresAt || Date.parse(expiresAt) > Date.now());
  const [found, ...others] = known.filter((each) => token.startsWith(each.prefix) && isLive(each));
  if (!found || others.length > 0) return undefined;
  const { revokedAt, ...shown } = found;
  return shown;
}

/** When a token of an OpenID Connect issuer ends, as it says itself; undefined for others. */
export function expiryOf(token: string): string | undefined {
  const [, payload, signature] = token.split('.');
  if (!payload || !signature) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown };
    return typeof exp === 'number' ? new Date(exp * 1000).toISOString() : undefined;
  } catch {
    return undefined;
  }
}

/** What the token was narrowed to when it was made, in words. */
export const narrowingOf = ({ readOnly, oneCatalog, catalog }: OwnToken): string =>
  [readOnly && 'read only', oneCatalog && `catalog ${catalog?.fullName ?? 'that you may not see'}`]
    .filter(Boolean)
    .join(', ');
