import type { Config } from '@app/platform';
import fastifyCors from '@fastify/cors';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/**
 * Lets pages of the listed origins, and of no other, read answers and send credentials. Without a list there is no CORS
 * at all. An origin that is not listed gets no header of CORS, and its preflight is answered as any other request is.
 * Register it before authentication: a preflight carries no credentials.
 */
export async function registerCors(app: NestFastifyApplication, { settings }: Config): Promise<void> {
  const origins = new Set(settings.CORS_ORIGINS);
  if (origins.size === 0) return;
  await app.register(fastifyCors, {
    origin: async (origin: string | undefined) => (origin !== undefined && origins.has(origin) ? origin : false),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'],
    exposedHeaders: ['X-Request-Id', 'Idempotency-Replayed', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
    maxAge: 600,
  });
}
