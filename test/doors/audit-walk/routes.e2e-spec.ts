import type { FastifyRequest } from 'fastify';
import { isRead } from '../../../apps/api/src/http/read-only.js';
import { isPublic } from '../../../apps/api/src/http/request-context.js';
import type { TestPrincipal } from '../../support/factories.js';
import { type S3Server, startS3Server } from '../../support/s3-server.js';
import type { RouteInput, Rows } from './case.js';
import { otherRoutes } from './other-routes.js';
import { registryRoutes } from './registry-routes.js';
import { trackingRoutes, transferRoutes } from './tracking-routes.js';
import { walk } from './walk.js';
import { createWalkWorld, type WalkWorld } from './world.js';

const rows: Rows<RouteInput> = { ...registryRoutes, ...trackingRoutes, ...otherRoutes };
const methods = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Every change has its event, and every refusal: one for each, and no other. */
describe('the audit trail of writing routes', () => {
  let w: WalkWorld;
  beforeAll(async () => {
    w = await createWalkWorld();
  });
  afterAll(() => w.close());

  it('has a row for each that there is', () => {
    const { operations } = w.t.app.getHttpAdapter().getInstance();
    const writing = operations
      .filter(({ method, url }) => methods.includes(method) && !url.startsWith('/graphql'))
      .filter(({ method, url, declaration }) => {
        if (!declaration) return isPublic({ url } as FastifyRequest);
        return !isRead(method, declaration) && !('open' in declaration && declaration.open === notOffered);
      })
      .map(({ method, url }) => `${method} ${url}`);
    expect([...Object.keys(rows), ...Object.keys(transferRoutes)].sort()).toEqual(writing.sort());
  });

  it.each(Object.entries(rows))('%s', (route, row) => walkRoute(w, route, row));

  describe('where artifacts are in a bucket', () => {
    let s3: S3Server;
    let b: WalkWorld;
    beforeAll(async () => {
      s3 = await startS3Server();
      b = await createWalkWorld({ ...s3.settings, ARTIFACT_TRANSFER: 'PRESIGNED' });
    });
    afterAll(async () => {
      await b.close();
      await s3.close();
    });

    it.each(Object.entries(transferRoutes))('%s', (route, row) => walkRoute(b, route, row));
  });
});

const notOffered = 'answers that there is no such thing here';

async function walkRoute(w: WalkWorld, route: string, row: Rows<RouteInput>[string]): Promise<void> {
  const given = await row(w);
  const [method, path] = route.split(' ') as [string, string];
  const { path: parts = {}, query, body, headers } = given.input;
  const url = path.replace(/:(\w+)|\*/g, (whole, name: string | undefined) => parts[name ?? whole] as string);
  const send = ({ token }: TestPrincipal, requestId: string) =>
    w.t.call(method, query ? `${url}?${new URLSearchParams(query)}` : url, {
      ...(!headers && { token }),
      headers: { 'x-request-id': requestId, ...headers },
      body,
    });
  await walk(w, given, send);
}
