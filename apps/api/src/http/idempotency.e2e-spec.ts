import pg from 'pg';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { eventually } from '../../../../test/support/processes.js';

const query = 'mutation { userCreate(input: { name: "once" }) { errors { code } } }';

describe('the header Idempotency-Key', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp();
  });
  afterAll(() => t.close());

  it('keeps no failure of ours: when the database is back, the same key carries the request out', async () => {
    const { token } = await t.make.admin();
    const send = () =>
      t.call('POST', '/graphql', { token, body: { query }, headers: { 'idempotency-key': 'through-an-outage' } });
    const holder = new pg.Client(t.env.DATABASE_URL as string);
    await holder.connect();
    // Reading goes on, so that the caller is known and the key reserved; making a user waits.
    await holder.query('BEGIN; LOCK TABLE principals IN SHARE MODE');
    const answer = send();
    const { rows } = await eventually(
      () =>
        holder.query(`SELECT pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE d.datname = current_database() AND NOT l.granted`),
      ({ rowCount }) => rowCount === 1,
    );
    await holder.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    expect((await answer).body.errors).toMatchObject([{ extensions: { reason: 'DATABASE_UNAVAILABLE' } }]);
    await holder.end();

    const again = await send();
    expect(again.body.data).toEqual({ userCreate: { errors: [] } });
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    expect((await send()).headers.get('idempotency-replayed')).toBe('true');
  });
});
