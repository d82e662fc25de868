import net from 'node:net';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { createTestDatabase } from '../../../../test/support/database.js';

/** A TCP proxy in front of a part of the service, to take that part away. */
class TcpProxy {
  private readonly sockets = new Set<net.Socket>();
  private silent = false;

  private readonly server = net.createServer((socket) => {
    this.sockets.add(socket);
    if (this.silent) return;
    const upstream = net.connect(this.target.port, this.target.host);
    this.sockets.add(upstream);
    for (const end of [socket, upstream]) end.on('error', () => socket.destroy() && upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  });

  constructor(private readonly target: { host: string; port: number }) {}

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as net.AddressInfo).port;
  }

  private cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  /** From now on connections are taken and never answered. */
  goSilent(): void {
    this.silent = true;
    this.cut();
  }

  comeBack(): void {
    this.silent = false;
    this.cut();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

describe('health and metrics', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('answers without a caller', async () => {
    expect(await t.call('GET', '/health')).toMatchObject({ status: 200, body: 'OK' });
    expect(await t.call('GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await t.call('GET', '/health/ready')).toMatchObject({
      status: 200,
      body: { ready: true, parts: { postgresql: { status: 'ok' }, queue: { status: 'ok', backend: 'postgres' } } },
    });
  });

  it('counts requests by the pattern of their route, never by the raw URL', async () => {
    const { token } = await t.make.user();
    await t.call('GET', '/api/2.0/mlflow/no-such-route/secret-name', { token });
    await t.call('GET', '/health/live');
    const { body } = await t.call('GET', '/metrics');
    expect(body).toMatch(
      /^http_request_duration_seconds_count\{method="GET",route="\/health\/live",status="200"\} [1-9]/m,
    );
    expect(body).toMatch(/^http_request_duration_seconds_count\{method="GET",route="unmatched",status="404"\} [1-9]/m);
    expect(body).not.toContain('secret-name');
    expect(body).toMatch(/^database_pool_connections\{state="idle"\} \d+$/m);
    expect(body).toMatch(/^process_resident_memory_bytes \d+/m);
  });
});

describe('readiness', () => {
  it('is 503 while PostgreSQL does not answer, within the time limit, and comes back by itself', async () => {
    const server = new URL(process.env.TEST_SERVER_URL as string);
    const proxy = new TcpProxy({ host: server.hostname, port: Number(server.port || 5432) });
    const port = await proxy.listen();
    const database = await createTestDatabase();
    const through = new URL(database.url);
    through.host = `127.0.0.1:${port}`;
    const t = await createTestApp({ DATABASE_URL: through.href });
    try {
      expect((await t.call('GET', '/health/ready')).status).toBe(200);
      proxy.goSilent();
      expect(await t.call('GET', '/health/ready')).toMatchObject({
        status: 503,
        body: { ready: false, parts: { postgresql: { status: 'unavailable' }, queue: { status: 'ok' } } },
      });
      expect((await t.call('GET', '/health/live')).status).toBe(200);
      proxy.comeBack();
      expect((await t.call('GET', '/health/ready')).status).toBe(200);
    } finally {
      await t.close();
      proxy.close();
      await database.drop();
    }
  });

  it('is 503 while Redis is away', async () => {
    const t = await createTestApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    try {
      expect(await t.call('GET', '/health/ready')).toMatchObject({
        status: 503,
        body: {
          ready: false,
          parts: { postgresql: { status: 'ok' }, queue: { status: 'unavailable', backend: 'redis' } },
        },
      });
    } finally {
      await t.close();
    }
  });
});
