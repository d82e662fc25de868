import type { FastifyRequest } from 'fastify';

/** The path behind the route, decoded. */
export const pathOf = (request: FastifyRequest): string => (request.params as { '*': string })['*'];
