import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What a DELETE is about: MLflow's clients say it in a body, those of Databricks in the query. */
export const BodyOrQuery = createParamDecorator((_: unknown, context: ExecutionContext): unknown => {
  const { body, query } = context.switchToHttp().getRequest<FastifyRequest>();
  return body ?? query;
});
