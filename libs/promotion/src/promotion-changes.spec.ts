import { Database, InvalidArgument } from '@app/platform';
import pg from 'pg';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { type PromotionChange, PromotionChanges } from './promotion-changes.js';

describe('the feed of changes', () => {
  let t: PromotionTest;
  let changes: PromotionChanges;
  beforeAll(async () => {
    t = await createPromotionTest();
    changes = t.module.get(PromotionChanges);
  });
  afterAll(() => t.close());

  const record = (connection: pg.Client, requestId: string, outcome = 'ALLOWED') =>
    connection.query(
      `INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_id, object_name)
       VALUES ($1, 'x', 'promotion_request.touched', $2, 'PROMOTION_REQUEST', $3, 'promotion request')`,
      [uuidv7(), outcome, requestId],
    );

  async function connections(count: number): Promise<pg.Client[]> {
    const made = Array.from({ length: count }, () => new pg.Client(t.env.DATABASE_URL));
    for (const connection of made) await connection.connect();
    return made;
  }

  async function take(count: number, after: number, requestId: string | null): Promise<PromotionChange[]> {
    const end = new AbortController();
    const taken: PromotionChange[] = [];
    for await (const change of changes.follow(after, requestId, end.signal)) {
      if (change) taken.push(change);
      if (taken.length === count) end.abort();
    }
    return taken;
  }

  it('has what commits late after what was seen before it, whatever was written first', async () => {
    const [early, late] = (await connections(2)) as [pg.Client, pg.Client];
    const [first, second] = [uuidv7(), uuidv7()];
    const start = await changes.position(null);
    await early.query('BEGIN');
    await record(early, first);
    await record(late, second);
    const [seen] = await take(1, start, null);
    expect(seen?.requestId).toBe(second);
    await early.query('COMMIT');
    const [next] = await take(1, seen!.sequence, null);
    expect(next?.requestId).toBe(first);
    expect(next!.sequence).toBeGreaterThan(seen!.sequence);
    await Promise.all([early.end(), late.end()]);
  });

  it('never shows a number before a smaller one, under many writers', async () => {
    const writers = await connections(8);
    const start = await changes.position(null);
    const reading = take(160, start, null);
    await Promise.all(
      writers.map(async (writer) => {
        for (let n = 0; n < 10; n++) {
          await writer.query('BEGIN');
          await record(writer, uuidv7());
          await record(writer, uuidv7());
          await writer.query('COMMIT');
        }
      }),
    );
    const sequences = (await reading).map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    const stored = await t.module
      .get(Database)
      .query<{ sequence: number }>(
        sql`SELECT sequence FROM promotion_request_changes WHERE sequence > ${start}::bigint ORDER BY sequence`,
      );
    expect(sequences).toEqual(stored.map(({ sequence }) => sequence));
    await Promise.all(writers.map((writer) => writer.end()));
  });

  it('follows one request only, and leaves out refusals and what was rolled back', async () => {
    const [writer] = (await connections(1)) as [pg.Client];
    const [one, other] = [uuidv7(), uuidv7()];
    const start = await changes.position(null);
    await record(writer, one, 'REFUSED');
    await record(writer, other);
    await writer.query('BEGIN');
    await record(writer, one);
    await writer.query('ROLLBACK');
    await record(writer, one);
    expect((await take(1, start, one)).map(({ requestId }) => requestId)).toEqual([one]);
    expect((await take(2, start, null)).map(({ requestId }) => requestId)).toEqual([other, one]);
    await writer.end();
  });

  it('tells of a gate of the request, goes on when its connection is cut, and ends at once', async () => {
    const [writer] = (await connections(1)) as [pg.Client];
    const model = await t.model();
    await t.policy(model, { gates: [{ key: 'signature', type: 'SIGNATURE' }] });
    const request = await t.runGates(await t.request(await t.trained(model)));
    const end = new AbortController();
    const feed = changes.follow(0, request.id, end.signal);
    expect((await feed.next()).value).toMatchObject({ action: 'promotion_request.created', requestId: request.id });
    const start = await changes.position(null);
    await writer.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
      AND query LIKE 'LISTEN%'`);
    await record(writer, request.id);
    expect((await take(1, start, request.id)).map(({ action }) => action)).toEqual(['promotion_request.touched']);
    let last = await feed.next();
    while (last.value?.action !== 'promotion_request.touched') last = await feed.next();
    const waiting = feed.next();
    end.abort();
    while (!(await waiting).done && !(await feed.next()).done);
    expect((await feed.next()).done).toBe(true);
    await writer.end();
  });

  it('refuses a position that it has not reached', async () => {
    await expect(changes.position(2 ** 40)).rejects.toThrow(InvalidArgument);
  });
});
