import { Access } from '@app/access';
import { RefusalLog } from '@app/audit';
import { GateReports } from '@app/gates';
import { type Config, IdempotencyKeys, LOGGER, Metrics, NestLogger } from '@app/platform';
import fastifyCookie from '@fastify/cookie';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { Callers } from './auth/callers.js';
import { registerReportTokens } from './gates/report-tokens.js';
import { registerWebSockets } from './graphql/subscriptions/web-sockets.js';
import { registerBodyDeadline } from './http/body-deadline.js';
import { registerContract } from './http/contract.js';
import { registerCors } from './http/cors.js';
import { FailedAuthentications } from './http/failed-authentications.js';
import { registerIdempotency } from './http/idempotency.js';
import { recordRefusalsAfterAnswer } from './http/refusals-after-answer.js';
import { registerRequestContext, requestIdOf } from './http/request-context.js';
import { observeRequests } from './http/request-observer.js';
import { bareHeaders, registerSecurityHeaders } from './http/security-headers.js';
import { rewriteUrl, spell, surfaceOf } from './http/surface.js';
import { registerRawUploads } from './mlflow/artifacts/raw-uploads.js';
import { registerRepeatedCreates } from './mlflow/wire/repeated-creates.js';
import { registerCompressedBodies } from './openlineage/compressed-bodies.js';

/** What a client may hold of the server, and for how long. An idle connection is closed after twice the time of a request. */
function serverLimits({ BODY_LIMIT_BYTES, REQUEST_TIMEOUT_SECONDS }: Config['settings']) {
  const milliseconds = REQUEST_TIMEOUT_SECONDS * 1000;
  return {
    bodyLimit: BODY_LIMIT_BYTES,
    connectionTimeout: 2 * milliseconds,
    http: {
      maxHeaderSize: 16 * 1024,
      headersTimeout: Math.min(milliseconds, 20_000),
      // How exact the time of the headers is kept.
      connectionsCheckingInterval: Math.min(milliseconds, 5000),
    },
  };
}

/** The whole API on Fastify, ready to listen. */
export async function createApp(config: Config): Promise<NestFastifyApplication> {
  const { settings } = config;
  const adapter = new FastifyAdapter({
    ...serverLimits(settings),
    trustProxy: settings.TRUST_PROXY.length > 0 ? settings.TRUST_PROXY : false,
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    genReqId: (request: { headers: Record<string, unknown> }) => requestIdOf(request.headers['x-request-id']),
    rewriteUrl,
    forceCloseConnections: 'idle',
    // A URL that cannot be decoded reaches no hook and no filter.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, body } = spell(surfaceOf(request), error, request.id);
      void reply.status(status).headers(bareHeaders).send(body);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), adapter, {
    bufferLogs: true,
    abortOnError: false,
    // Fastify reads JSON itself. Nest would read HTML forms too, which a page elsewhere can send with the caller's
    // cached credentials.
    bodyParser: false,
  });
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  const fastify = app.getHttpAdapter().getInstance();
  await registerSecurityHeaders(app, config);
  await registerCors(app, config);
  observeRequests(fastify, logger, app.get(Metrics));
  registerBodyDeadline(fastify, settings.REQUEST_TIMEOUT_SECONDS);
  await app.register(fastifyCookie);
  await registerWebSockets(app);
  registerRequestContext(fastify, app.get(Callers));
  registerReportTokens(fastify, app.get(GateReports), app.get(FailedAuthentications));
  recordRefusalsAfterAnswer(fastify, app.get(RefusalLog));
  registerIdempotency(fastify, app.get(IdempotencyKeys), app.get(Access), logger);
  registerRepeatedCreates(fastify, app.get(IdempotencyKeys), app.get(Access), logger);
  registerContract(fastify);
  registerRawUploads(fastify, settings.ARTIFACT_LIMIT_BYTES);
  registerCompressedBodies(fastify, settings.BODY_LIMIT_BYTES);
  await app.init();
  return app;
}
