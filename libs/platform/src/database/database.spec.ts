import net from 'node:net';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../../test/support/module.js';
import { currentContext } from '../context/request-context.js';
import { InvalidArgument } from '../errors/domain-error.js';
import { Database, Transaction } from './database.js';
import { TransactionalPool } from './pool.js';

const unavailable = { kind: 'UNAVAILABLE', reason: 'DATABASE_UNAVAILABLE' };

/** A way to PostgreSQL that can be made silent: connections stay open, and nothing goes through. */
async function openWay(to: string) {
  const { hostname, port } = new URL(to);
  const sockets: net.Socket[] = [];
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(to);
  url.host = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return {
    url: url.href,
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    cut: () => {
      for (const socket of sockets.splice(0)) socket.destroy();
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('Database', () => {
  let t: TestModule;
  beforeAll(async () => {
    t = await createTestModule([]);
  });
  afterAll(() => t.close());

  it.each([
    ['NUL in a text', sql`SELECT ${'a\0'}::text`],
    ['NUL in JSON', sql`SELECT ${JSON.stringify({ a: '\0' })}::jsonb`],
    ['half of a surrogate pair in JSON', sql`SELECT ${JSON.stringify({ a: '\ud800' })}::jsonb`],
    ['the other half', sql`SELECT ${JSON.stringify({ a: '\udc00' })}::jsonb`],
  ])('tells the caller about %s', async (_what, statement) => {
    await expect(t.db.query(statement)).rejects.toThrow(InvalidArgument);
  });

  it('leaves other malformed values what they are: mistakes of ours', async () => {
    await expect(t.db.query(sql`SELECT ${'x'}::uuid`)).rejects.not.toThrow(InvalidArgument);
  });

  it('tells one of two who wait for each other to try again; the other goes on', async () => {
    const transaction = t.module.get(Transaction);
    const lock = (key: number) => t.db.query(sql`SELECT pg_advisory_xact_lock(${key}::int8)`);
    let bothHoldOne: () => void;
    const both = new Promise<void>((resolve) => {
      bothHoldOne = resolve;
    });
    let holding = 0;
    const crossing = (first: number, second: number) =>
      transaction.run(async () => {
        await lock(first);
        if (++holding === 2) bothHoldOne();
        await both;
        await lock(second);
      });
    const outcomes = await Promise.allSettled([crossing(1, 2), crossing(2, 1)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { kind: 'CONFLICT', reason: 'CONCURRENT_CHANGE' },
    });
  });

  describe('when PostgreSQL does not answer', () => {
    let way: Awaited<ReturnType<typeof openWay>>;
    let pool: TransactionalPool;
    let db: Database;
    beforeEach(async () => {
      way = await openWay(t.env.DATABASE_URL as string);
      pool = new TransactionalPool(way.url, 2, 200);
      db = new Database(pool);
    });
    afterEach(async () => {
      way.cut();
      await pool.end();
      await way.close();
    });

    it('ends a statement that takes too long, and the connection goes on', async () => {
      await expect(db.query(sql`SELECT pg_sleep(5)`)).rejects.toMatchObject(unavailable);
      expect(await db.first(sql`SELECT 1 AS one`)).toEqual({ one: 1 });
    });

    it('fails a statement and a transaction on a silent connection, and comes back by itself', async () => {
      const transaction = new Transaction(pool);
      await db.query(sql`SELECT 1`);
      way.silence();
      await expect(db.query(sql`SELECT 1`)).rejects.toMatchObject(unavailable);
      way.cut();
      expect(await db.first(sql`SELECT 1 AS one`)).toEqual({ one: 1 });

      const silenced = transaction.run(async () => {
        way.silence();
        await db.query(sql`SELECT 1`);
      });
      await expect(silenced).rejects.toMatchObject(unavailable);
      way.cut();
      expect(await transaction.run(() => db.first(sql`SELECT 1 AS one`))).toEqual({ one: 1 });
    });

    it('survives a connection that breaks between two statements of a transaction', async () => {
      const broken = new Transaction(pool).run(async () => {
        await db.query(sql`SELECT 1`);
        const ended = new Promise<void>((resolve) => currentContext()?.transaction?.on('end', () => resolve()));
        way.cut();
        await ended;
        await db.query(sql`SELECT 1`);
      });
      await expect(broken).rejects.toMatchObject(unavailable);
      expect(await db.first(sql`SELECT 1 AS one`)).toEqual({ one: 1 });
    });

    it('fails at once when nobody listens', async () => {
      way.cut();
      await way.close();
      await expect(db.query(sql`SELECT 1`)).rejects.toMatchObject(unavailable);
      await expect(new Transaction(pool).run(async () => undefined)).rejects.toMatchObject(unavailable);
    });
  });
});
