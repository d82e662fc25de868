import { type Config, DomainError } from '@app/platform';
import type { FastifyRequest } from 'fastify';
import { surfaceOf } from '../http/surface.js';

/**
 * A browser sends the cookie of a session by itself, whoever's page makes it ask: what such a request may change must be
 * asked for by a page of our own, or of an origin that the settings list. GraphQL is held to it whole, since a GET of it
 * is a program's request too. A token is sent by nobody but who has it, and needs no such check.
 * @throws DomainError PERMISSION_DENIED
 */
export function requireSameOrigin(request: FastifyRequest, config: Config): void {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if ((reads && surfaceOf(request) !== 'graphql') || isSameOrigin(request, config)) return;
  throw new DomainError(
    'PERMISSION_DENIED',
    'CROSS_ORIGIN',
    'a request with the cookie of a session must come from a page of this service, as the header Origin or Sec-Fetch-Site says: programs send an access token',
  );
}

/** What browsers set, and no script can: Sec-Fetch-Site where they know it, Origin where they do not (plain HTTP). */
function isSameOrigin({ headers, protocol, host }: FastifyRequest, { settings, publicUrl }: Config): boolean {
  const { origin } = headers;
  if (origin !== undefined && settings.CORS_ORIGINS.includes(origin)) return true;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return origin === (settings.PUBLIC_URL ? new URL(publicUrl).origin : `${protocol}://${host}`);
}
