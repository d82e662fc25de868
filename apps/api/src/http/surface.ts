import type { IncomingMessage } from 'node:http';
import { DomainError, errorWire } from '@app/platform';
import { HttpException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Which of our surfaces a request came to: each spells errors in its own way. */
export type Surface = 'graphql' | 'mlflow' | 'rest';

/** The routes that a request to /graphql comes to when it asks for a subscription. */
export const subscriptionPaths = { webSocket: '/graphql/websocket', eventStream: '/graphql/event-stream' } as const;

/** Where validators report: with the token of the call that asked them, and with no other credentials. */
export const gateReportPath = '/api/gates/v1/runs/:id/report';

/** Where producers of OpenLineage send events: the paths that its clients know. */
export const lineagePaths = { event: '/api/v1/lineage', batch: '/api/v1/lineage/batch' } as const;

/** Where errors send people who moved a protected target. */
export const approvalPaths = { create: '/approvals/new', one: '/approvals/:number' } as const;

/** What the databricks-sdk asks first. */
export const hostMetadataPath = '/.well-known/databricks-config';

/**
 * Where a URL leads. MLflow's own UI calls every route below /ajax-api too; and /graphql is one address for clients, and
 * three routes for us: requests, WebSockets, streams of events.
 */
export function rewriteUrl({
  url = '/',
  method,
  headers,
}: Pick<IncomingMessage, 'url' | 'method' | 'headers'>): string {
  const [path, ...query] = url.split('?');
  if (path !== '/graphql' || (method !== 'GET' && method !== 'POST')) return url.replace(/^\/ajax-api\//, '/api/');
  const streams = /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(headers.accept ?? '');
  const upgrades = headers.upgrade?.toLowerCase() === 'websocket';
  const target = upgrades ? subscriptionPaths.webSocket : streams ? subscriptionPaths.eventStream : path;
  return [target, ...query].join('?');
}

/** The path as the route has it, however the URL spells it: with a slash at its end, or in %XX. As it came where no route matches. */
export const pathOf = ({ routeOptions, url }: FastifyRequest): string =>
  routeOptions?.url ?? (url.split('?', 1)[0] as string);

export function surfaceOf(request: FastifyRequest): Surface {
  const path = pathOf(request);
  if (path === '/graphql' || path.startsWith('/graphql/')) return 'graphql';
  return /^\/(ajax-)?api\/(?!(gates|promotions|governance)\/|v1\/lineage)/.test(path) ? 'mlflow' : 'rest';
}

/** What is told of an error. An unexpected one tells its request id and nothing else. */
interface Told {
  kind: keyof typeof errorWire;
  reason: string;
  message: string;
  details?: Record<string, unknown>;
  /** A status that the HTTP layer itself decided (413, 415, …). */
  status?: number;
}

/** An error with a status of its own, as Fastify makes them: a body that is no JSON, too large, or of a wrong type. */
interface HttpError extends Error {
  statusCode: number;
}

const isHttpError = (error: unknown): error is HttpError =>
  error instanceof Error && typeof (error as HttpError).statusCode === 'number';

function tell(error: unknown, requestId: string): Told {
  if (error instanceof DomainError) return error;
  const status = error instanceof HttpException ? error.getStatus() : isHttpError(error) ? error.statusCode : 500;
  if (status >= 500 || !(error instanceof Error)) {
    return {
      kind: 'INTERNAL',
      reason: 'INTERNAL',
      message: `internal error; tell the operator the request id ${requestId}`,
    };
  }
  const kind = status === 404 ? 'NOT_FOUND' : 'INVALID_ARGUMENT';
  return { kind, reason: kind, message: error.message, status };
}

/** What an operator must hear of: a mistake of ours, or a part that is away. */
export const isUnexpected = (error: unknown): boolean => ['INTERNAL', 'UNAVAILABLE'].includes(tell(error, '').kind);

/** Users of MLflow's clients see no header: they set variables. */
const credentialsInMlflow =
  'MLflow’s client sends the token that is in MLFLOW_TRACKING_TOKEN, or in MLFLOW_TRACKING_PASSWORD with the user’s name in MLFLOW_TRACKING_USERNAME';

/** The status and body that a surface answers an error with. */
export function spell(surface: Surface, error: unknown, requestId: string): { status: number; body: unknown } {
  const { kind, reason, message, details, status } = tell(error, requestId);
  const wire = errorWire[kind];
  if (surface === 'mlflow') {
    // A route that nobody serves: MLflow clients fall back to an older one on this code.
    const code = status === 404 ? 'ENDPOINT_NOT_FOUND' : status ? 'BAD_REQUEST' : wire.mlflow.code;
    const told = kind === 'UNAUTHENTICATED' ? `${message}. ${credentialsInMlflow}` : message;
    return { status: status ?? wire.mlflow.status, body: { error_code: code, message: told } };
  }
  if (surface === 'graphql') {
    const extensions = { code: wire.graphql, reason, ...(details && { details }), requestId };
    return { status: status ?? wire.http, body: { errors: [{ message, extensions }] } };
  }
  return { status: status ?? wire.http, body: { code: kind, reason, message, ...(details && { details }), requestId } };
}
