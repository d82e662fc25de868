import pg from 'pg';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { eventually } from '../../../../test/support/processes.js';

describe('the header Idempotency-Key, when the database goes away', () => {
  let t: TestApp;
  let admin: { token: string };
  const clients: pg.Client[] = [];

  beforeAll(async () => {
    t = await createTestApp();
    admin = await t.make.admin();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
  });
  afterAll(() => t.close());

  const send = (name: string) => {
    const query = `mutation { userCreate(input: { name: "${name}" }) { errors { code } } }`;
    return t.call('POST', '/graphql', { token: admin.token, body: { query }, headers: { 'idempotency-key': name } });
  };
  /** A transaction that holds locks until it is ended. */
  const holding = async (lock: string) => {
    const client = new pg.Client(t.env.DATABASE_URL as string);
    clients.push(client);
    await client.connect();
    await client.query(`BEGIN; ${lock}`);
    return client;
  };
  /** Reading goes on, so that the caller is known and the key reserved; making a user waits. */
  const holdingUsers = () => holding('LOCK TABLE principals IN SHARE MODE');
  /** The connection that waits with such a statement. */
  const waiting = async (statement: string): Promise<number> => {
    const rows = await eventually(
      () =>
        t.db.prisma.$queryRaw<{ pid: number }[]>`SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ ${statement}`,
      ({ length }) => length === 1,
    );
    return rows[0]?.pid as number;
  };

  it('keeps no failure of ours: when the database is back, the same key carries the request out', async () => {
    const users = await holdingUsers();
    const answer = send('through-an-outage');
    await users.query('SELECT pg_terminate_backend($1)', [await waiting('INSERT INTO principals')]);
    expect((await answer).body.errors).toMatchObject([{ extensions: { reason: 'DATABASE_UNAVAILABLE' } }]);
    await users.query('ROLLBACK');

    const again = await send('through-an-outage');
    expect(again.body.data).toEqual({ userCreate: { errors: [] } });
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    expect((await send('through-an-outage')).headers.get('idempotency-replayed')).toBe('true');
  });

  it('gives the answer that it could not keep: what it tells of was done', async () => {
    const users = await holdingUsers();
    const answer = send('not-kept');
    await waiting('INSERT INTO principals');
    const keys = await holding("SELECT 1 FROM idempotency_keys WHERE key = 'not-kept' FOR UPDATE");
    await users.query('ROLLBACK');
    await keys.query('SELECT pg_terminate_backend($1)', [await waiting('UPDATE idempotency_keys')]);
    expect(await answer).toMatchObject({ status: 200, body: { data: { userCreate: { errors: [] } } } });
    await keys.query('ROLLBACK');

    const again = await send('not-kept');
    expect(again).toMatchObject({
      status: 409,
      body: { errors: [{ extensions: { reason: 'IDEMPOTENCY_KEY_IN_USE' } }] },
    });
  });
});
