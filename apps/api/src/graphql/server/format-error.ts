import { unwrapResolverError } from '@apollo/server/errors';
import { currentContext, DomainError, errorWire } from '@app/platform';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';

/** Codes that the HTTP and validation layers set themselves, in the words of our closed list. */
const codes: Record<string, string> = {
  GRAPHQL_PARSE_FAILED: 'BAD_USER_INPUT',
  GRAPHQL_VALIDATION_FAILED: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
  BAD_REQUEST: 'BAD_USER_INPUT',
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_FOUND: 'PERSISTED_DOCUMENT_REQUIRED',
  PERSISTED_QUERY_NOT_SUPPORTED: 'PERSISTED_DOCUMENT_REQUIRED',
  DEPTH_LIMIT: 'DEPTH_LIMIT',
  COST_LIMIT: 'COST_LIMIT',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
};

/** Top-level errors: the closed list of docs/graphql.md. An unexpected error is logged, and tells its request id only. */
export const formatError =
  (logger: Logger) =>
  (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { message, locations, path } = formatted;
    const original = unwrapResolverError(error);
    const context = currentContext();
    if (original instanceof DomainError) {
      const { kind, reason, details } = original;
      if (kind === 'UNAVAILABLE' && context) context.memo.failed = true;
      return {
        message,
        locations,
        path,
        extensions: { code: errorWire[kind].graphql, reason, ...(details && { details }) },
      };
    }
    const { limit, code: given } = (error as GraphQLError | undefined)?.extensions ?? formatted.extensions ?? {};
    const code = codes[String(limit ?? given)];
    if (code) return { message, locations, path, extensions: { code } };

    const requestId = context?.requestId ?? null;
    if (context) context.memo.failed = true;
    logger.error({ err: original, path }, 'a GraphQL operation failed unexpectedly');
    return {
      message: `internal error; tell the operator the request id ${requestId}`,
      locations,
      path,
      extensions: { code: 'INTERNAL', requestId },
    };
  };
