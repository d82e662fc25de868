import type { ErrorKind } from './domain-error.js';

interface Wire {
  /** extensions.code of a GraphQL top-level error: the closed list of docs/graphql.md. */
  graphql: string;
  /** Status of our own REST routes. */
  http: number;
  /** error_code and status at the MLflow door. Its client retries 408, 429, 500, 502, 503, 504: none of them for a business error. */
  mlflow: { code: string; status: number };
}

/** One table, three spellings. MLflow maps RESOURCE_ALREADY_EXISTS to 400 and INVALID_STATE to 500; hence the oddities. */
export const errorWire: Record<ErrorKind | 'INTERNAL', Wire> = {
  INVALID_ARGUMENT: { graphql: 'BAD_USER_INPUT', http: 400, mlflow: { code: 'INVALID_PARAMETER_VALUE', status: 400 } },
  TOO_LARGE: { graphql: 'BAD_USER_INPUT', http: 413, mlflow: { code: 'INVALID_PARAMETER_VALUE', status: 413 } },
  UNAUTHENTICATED: { graphql: 'UNAUTHENTICATED', http: 401, mlflow: { code: 'UNAUTHENTICATED', status: 401 } },
  // Nothing but failed authentication is limited. MLflow's client waits and tries again, as Retry-After says.
  RATE_LIMITED: { graphql: 'UNAUTHENTICATED', http: 429, mlflow: { code: 'REQUEST_LIMIT_EXCEEDED', status: 429 } },
  PERMISSION_DENIED: { graphql: 'FORBIDDEN', http: 403, mlflow: { code: 'PERMISSION_DENIED', status: 403 } },
  NOT_FOUND: { graphql: 'BAD_USER_INPUT', http: 404, mlflow: { code: 'RESOURCE_DOES_NOT_EXIST', status: 404 } },
  ALREADY_EXISTS: { graphql: 'BAD_USER_INPUT', http: 409, mlflow: { code: 'RESOURCE_ALREADY_EXISTS', status: 400 } },
  FAILED_PRECONDITION: {
    graphql: 'BAD_USER_INPUT',
    http: 422,
    mlflow: { code: 'INVALID_PARAMETER_VALUE', status: 400 },
  },
  CONFLICT: { graphql: 'BAD_USER_INPUT', http: 409, mlflow: { code: 'RESOURCE_CONFLICT', status: 409 } },
  UNAVAILABLE: { graphql: 'INTERNAL', http: 503, mlflow: { code: 'TEMPORARILY_UNAVAILABLE', status: 503 } },
  NOT_IMPLEMENTED: { graphql: 'BAD_USER_INPUT', http: 501, mlflow: { code: 'NOT_IMPLEMENTED', status: 501 } },
  INTERNAL: { graphql: 'INTERNAL', http: 500, mlflow: { code: 'INTERNAL_ERROR', status: 500 } },
};
