import { HttpException, HttpStatus } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** GraphQL over HTTP has GET and POST; what comes otherwise is told so, before its body is read. */
export function refuseOtherMethods(fastify: FastifyInstance): void {
  const refuse = async (): Promise<never> => {
    throw new HttpException('/graphql is asked by GET or POST', HttpStatus.METHOD_NOT_ALLOWED);
  };
  fastify.route({
    url: '/graphql',
    method: ['PUT', 'PATCH', 'DELETE'],
    onRequest: async (_request, reply) => {
      reply.header('allow', 'GET, POST');
      return refuse();
    },
    handler: refuse,
  });
}
