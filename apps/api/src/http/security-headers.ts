import type { Config } from '@app/platform';
import fastifyHelmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** What an answer of an API needs: it is data, loads nothing, and is shown in no frame. */
const headers: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
  },
  xFrameOptions: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: false,
};

/** For the few answers that no hook of Fastify sees. */
export const bareHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
} as const;

const oneYear = 'max-age=31536000';

/**
 * Security headers on every answer. Strict-Transport-Security only where the request came by HTTPS, as a trusted proxy
 * says, or the service is announced so: over plain HTTP browsers ignore it. It speaks for this host alone.
 */
export async function registerSecurityHeaders(app: NestFastifyApplication, { publicUrl }: Config): Promise<void> {
  await app.register(fastifyHelmet, headers);
  const always = publicUrl.startsWith('https:');
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      if (always || request.protocol === 'https') reply.header('strict-transport-security', oneYear);
      done();
    });
}
