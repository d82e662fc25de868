import { METASTORE_ID } from '@app/access';
import { Sessions } from '@app/identity';
import { fullQueueName, QUEUE_CONNECTION, type QueueConnection, queueNames } from '@app/platform';
import { Queue, Worker } from 'bullmq';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { eventually, startValkey, type TestProcess } from '../../../../test/support/processes.js';

const data = { messageId: 7, event: 'gate_run.queued', payload: { gateRunId: 'run-7' }, requestId: 'request-7' };

describe.each(['postgres', 'redis'])('the board of the queues, on %s', (backend) => {
  let t: TestApp;
  let valkey: TestProcess | undefined;
  let admin: TestPrincipal;
  let queue: Queue;

  beforeAll(async () => {
    valkey = backend === 'redis' ? await startValkey() : undefined;
    t = await createTestApp({ ...(valkey && { REDIS_URL: valkey.url }) });
    admin = await t.make.admin();
    const connection = t.app.get<QueueConnection>(QUEUE_CONNECTION);
    queue = new Queue(fullQueueName(connection, 'gates'), { connection: connection.connection });
    queue.on('error', () => undefined);
    await queue.add(data.event, data, { jobId: 'message-7' });
  }, 60_000);
  afterAll(async () => {
    await queue.close();
    await t.close();
    await valkey?.stop('SIGKILL');
  });

  const get = (path: string, who: { token: string } = admin) => t.call('GET', path, { token: who.token });

  it('shows an administrator what waits in which queue', async () => {
    const { status, body } = await get(`/queues/api/queues?activeQueue=${queue.name}&status=waiting&page=1`);
    expect(status).toBe(200);
    expect(body.queues.map(({ displayName }: { displayName: string }) => displayName)).toEqual(queueNames);
    const gates = body.queues.find(({ name }: { name: string }) => name === queue.name);
    expect(gates).toMatchObject({ readOnlyMode: true, allowRetries: false, counts: { waiting: 1 } });
    expect(gates.jobs).toMatchObject([{ id: 'message-7', name: 'gate_run.queued', data }]);
    expect((await get(`/queues/api/queues/${queue.name}/message-7`)).body).toMatchObject({ job: { id: 'message-7' } });
    expect((await get(`/queues/api/queues/${queue.name}/message-7/logs`)).status).toBe(200);
    expect((await get('/queues/api/redis/stats')).status).toBe(200);
  });

  it('says that a queue has no worker only where it has none', async () => {
    const workers = async () => (await get(`/queues/api/queues/${queue.name}/workers`)).body.workers;
    expect(await workers()).toEqual([]);
    const { connection } = t.app.get<QueueConnection>(QUEUE_CONNECTION);
    const worker = new Worker(queue.name, async () => undefined, { connection, autorun: false });
    try {
      // How much it tells of them depends on the backend.
      await eventually(workers, (told: unknown) => !Array.isArray(told) || told.length > 0);
    } finally {
      await worker.close();
    }
  });

  it('has a page that loads its own files, and may load no others', async () => {
    for (const path of ['/queues', '/queues/', `/queues/queue/${queue.name}`]) {
      const page = await get(path);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(page.body).toContain('<base href="/queues/" />');
    }
    const { body } = await get('/queues');
    const files = [...body.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, file]) => file as string);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) {
      const { status, headers } = await get(`/queues/${file}`);
      expect([file, status, headers.get('cache-control')]).toEqual([file, 200, 'private, max-age=86400']);
    }
    expect((await get('/queues/static/../../package.json')).status).toBe(404);
    expect((await get('/queues/static/%2e%2e%2findex.ejs')).status).toBeGreaterThanOrEqual(400);
  });

  it.each(['/queues', '/queues/api/queues', '/queues/api/queues/x/1', '/queues/static/images/logo.svg'])(
    'is for administrators: %s',
    async (path) => {
      const [stranger, manager] = [await t.make.user(), await t.make.user()];
      const schema = await t.make.schema(`c${stranger.name}.s`, manager);
      await t.make.grant(manager, { id: schema.catalogId as string }, 'MANAGE', 'READ_AUDIT');
      expect((await t.call('GET', path)).status).toBe(401);
      for (const who of [stranger, manager]) {
        const refused = await get(path, who);
        expect(refused).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
        expect(refused.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
      }
      await t.make.grant(stranger, { id: METASTORE_ID }, 'MANAGE');
      expect((await get(path, stranger)).status).not.toBe(403);
    },
  );

  it('opens for the session of a browser, and not for a token that is narrowed', async () => {
    const cookie = `imprimatur_session=${await t.app.get(Sessions, { strict: false }).begin(admin)}`;
    expect((await t.call('GET', '/queues', { headers: { cookie } })).status).toBe(200);
    expect((await t.call('GET', '/queues/api/queues', { headers: { cookie } })).status).toBe(200);
    const input = '{ name: "reader", readOnly: true }';
    const made = await t.call('POST', '/graphql', {
      token: admin.token,
      body: { query: `mutation { accessTokenCreate(input: ${input}) { token errors { message } } }` },
    });
    const { token } = made.body.data.accessTokenCreate;
    expect((await get('/queues/api/queues', { token })).status).toBe(403);
  });

  it('changes nothing: what would is not served', async () => {
    const { operations } = t.app.getHttpAdapter().getInstance();
    const served = operations.filter(({ url }) => url.startsWith('/queues'));
    expect(served.length).toBeGreaterThan(10);
    expect([...new Set(served.map(({ method }) => method))].sort()).toEqual(['GET', 'HEAD']);
    for (const [method, path] of [
      ['PUT', 'pause'],
      ['PUT', `${queue.name}/pause`],
      ['PUT', `${queue.name}/empty`],
      ['PUT', `${queue.name}/message-7/clean`],
      ['POST', `${queue.name}/add`],
    ] as const) {
      expect((await t.call(method, `/queues/api/queues/${path}`, { token: admin.token, body: {} })).status).toBe(404);
    }
    expect(await queue.isPaused()).toBe(false);
    expect(await queue.getWaitingCount()).toBe(1);
  });

  if (backend === 'redis') {
    it('says so while Redis is away, and does not wait for it', async () => {
      await valkey?.stop('SIGKILL');
      expect(await get('/queues/api/queues')).toMatchObject({ status: 503, body: { reason: 'QUEUE_UNAVAILABLE' } });
      expect((await get('/queues')).status).toBe(200);
    });
  }
});
