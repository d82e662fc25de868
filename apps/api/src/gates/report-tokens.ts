import { credentialsOf, Unauthenticated } from '@app/access';
import type { GateReports, ValidatorCall } from '@app/gates';
import type { FastifyInstance } from 'fastify';
import type { FailedAuthentications } from '../http/failed-authentications.js';
import { gateReportPath, pathOf } from '../http/surface.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The call whose token a report came with. */
    validatorCall?: ValidatorCall;
  }
}

/**
 * Authenticates reports of validators by the tokens of their calls, before anything of a body is read. A failure counts like
 * one with any other token.
 */
export function registerReportTokens(
  fastify: FastifyInstance,
  reports: GateReports,
  failures: FailedAuthentications,
): void {
  fastify.decorateRequest('validatorCall', undefined);

  fastify.addHook('onRequest', async (request, reply) => {
    if (pathOf(request) !== gateReportPath) return;
    const { id } = request.params as { id: string };
    const { authorization } = request.headers;
    if (!authorization) throw new Unauthenticated();
    request.validatorCall = await failures.guard(request, reply, authorization, () =>
      reports.authenticate(id, credentialsOf(authorization).token),
    );
  });
}
