import { RefusalLog } from '@app/audit';
import { LOGGER } from '@app/platform';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { isUnexpected, pathOf, type Surface, spell, surfaceOf } from './surface.js';

/** The one place where an error becomes an answer over HTTP. Refusals for lack of privilege are noted. */
@Catch()
export class HttpExceptionFilter implements ExceptionFilter {
  constructor(
    private readonly refusals: RefusalLog,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<unknown> {
    // Of GraphQL, each field tells its own (graphql/server/field.ts).
    if (host.getType<string>() === 'graphql') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (isUnexpected(error)) this.logger.error({ err: error, url: loggable(request) }, 'a request failed unexpectedly');
    this.refusals.note(error);

    const surface = surfaceOf(request);
    const { status, body } = spell(surface, error, request.id);
    if (status === 401) reply.header('www-authenticate', challenge(surface));
    return reply.status(status).send(body);
  }
}

/** MLflow clients know HTTP basic. Elsewhere it would make browsers ask their users for a password, which nobody has here. */
const challenge = (surface: Surface): string =>
  surface === 'mlflow' ? 'Bearer realm="imprimatur", Basic realm="imprimatur"' : 'Bearer realm="imprimatur"';

/** What an issuer answers to a login by is nobody's to read. */
const loggable = (request: FastifyRequest): string =>
  pathOf(request).startsWith('/auth/') ? pathOf(request) : request.url;
