import type { Metrics } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Histogram } from 'prom-client';
import { isProbe } from './request-context.js';

/** The pattern of the route, never the raw URL: that would make a new time series of every name. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unmatched';

/** Every answered request becomes one line of the log and one observation of the duration histogram. */
export function observeRequests(fastify: FastifyInstance, logger: Logger, metrics: Metrics): void {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [metrics.registry],
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = routeOf(request);
    const status = reply.statusCode;
    duration.observe({ method, route, status }, reply.elapsedTime / 1000);
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    const line = { method, route, status, ms, requestId: request.id, principal: request.context?.caller?.name };
    logger[isProbe(request) ? 'debug' : 'info'](line, 'request');
    done();
  });
}
