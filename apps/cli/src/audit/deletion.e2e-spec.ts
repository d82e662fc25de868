import fs from 'node:fs';
import path from 'node:path';
import { METASTORE_ID } from '@app/access';
import { Sealer } from '@app/transparency';
import pg from 'pg';
import { ServiceProcess } from '../../../../test/ops/service-process.js';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { type Cli, createCli } from '../../../../test/support/cli.js';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { graphql } from '../../../../test/support/graphql.js';

const count = 300;
/** Every third one is a refusal; the first thirty happened in a catalog. */
const oldEvents = `
  INSERT INTO audit_events (id, occurred_at, actor_name, action, outcome, object_kind, object_name, catalog_id, reason)
  SELECT gen_random_uuid(), now() - interval '400 days', 'somebody', 'number.n' || n,
    CASE WHEN n % 3 = 0 THEN 'REFUSED' ELSE 'ALLOWED' END, 'RUN', 'run', CASE WHEN n <= 30 THEN $1::uuid END, 'why'
  FROM generate_series(1, ${count}) AS n`;
const eventOf = (n: number) => `(SELECT id FROM audit_events WHERE action = 'number.n${n}')`;

describe('events that are deleted when their time is over', () => {
  let t: TestApp;
  let cli: Cli;
  let keeper: TestPrincipal;
  let key: string;
  let database: pg.Client;

  beforeAll(async () => {
    t = await createTestApp();
    keeper = await t.make.user('keeper');
    await t.make.grant(keeper, { id: METASTORE_ID }, 'READ_AUDIT', 'MANAGE');
    cli = createCli({ IMPRIMATUR_SERVER: t.url, IMPRIMATUR_TOKEN: keeper.token });
    database = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await database.connect();
    const schema = await t.make.schema('sued.things', keeper);
    await database.query(oldEvents, [schema.catalogId]);
    await seal();
    await database.query(
      'CREATE TABLE numbers AS SELECT a.action, s.sequence::int FROM audit_events a JOIN sealed_events s ON s.event_id = a.id',
    );
    const checkpoint = (await run('checkpoint', '--json')).json();
    key = checkpoint.verifierKey;
    fs.writeFileSync(inHome('before.txt'), checkpoint.note);
  });
  afterAll(async () => {
    await database.end();
    cli.remove();
    await t.close();
  });

  const inHome = (file: string) => path.join(cli.home, file);
  const run = (...args: string[]) => cli.run(['audit', ...args]);
  const ask = async (document: string) => (await graphql(t, keeper.token, document)).data;
  const sequenceOf = async (n: number): Promise<number> =>
    (await database.query(`SELECT sequence FROM numbers WHERE action = 'number.n${n}'`)).rows[0].sequence;

  async function seal() {
    while ((await t.app.get(Sealer, { strict: false }).seal()).sealed > 0);
  }

  async function purge(...more: string[]) {
    const order = ['--class', 'REFUSALS', '--by', 'the operator', '--reason', 'ticket 4711', ...more];
    const script = new ServiceProcess(['prisma/purge-audit.mjs', ...order], {
      DATABASE_URL: t.env.DATABASE_URL as string,
    });
    return { code: await script.exited, said: script.output.trim() };
  }

  /** Past every trigger, as somebody who owns the tables. */
  async function tamper(...statements: string[]) {
    await database.query('SET session_replication_role = replica');
    for (const statement of statements) await database.query(statement);
    await database.query('SET session_replication_role = origin');
  }

  /** What the offline verifier and the service say of the log as it is now. */
  async function verify(format = 'ndjson') {
    await run('export', '-o', 'audit', '--format', format);
    const offline = (await run('verify', 'audit', '--key', key, '--since', 'before.txt', '--json')).json();
    const own = await ask(
      '{ auditVerification { from to valid deletions { sequence eventClass deletedBy reason count } firstBad { sequence problem } } }',
    );
    return { offline, own: own.auditVerification };
  }

  /** Both name this event, and no other. */
  async function expectBad(sequence: number) {
    const { offline, own } = await verify();
    const bad = { sequence, problem: 'the event is not there any more, and no record says why' };
    expect([offline.bad, own.firstBad]).toEqual([bad, bad]);
  }

  it('keeps everything until somebody says otherwise', async () => {
    expect(await purge()).toEqual({ code: 1, said: expect.stringContaining('REFUSALS: kept for ever') });
  });

  it('deletes a class, but for what is held, and says so in the log', async () => {
    await ask(`mutation {
      auditRetentionSet(input: { eventClass: REFUSALS, days: 365, reason: "our rules" }) { errors { message } }
      legalHoldPlace(input: { name: "case 7", reason: "a suit", on: { kind: CATALOG, fullName: "sued" } }) { errors { message } }
    }`);
    await seal();
    expect((await purge('--dry-run')).said).toBe('would delete 90 events of REFUSALS with 1 records; 10 are held');
    expect(await verify()).toMatchObject({ own: { deletions: [], firstBad: null } });
    expect((await purge()).said).toBe('deleted 90 events of REFUSALS with 1 records; 10 are held');
    await expectBad(await sequenceOf(33));
    await seal();
    const { offline, own } = await verify();
    const deletion = { eventClass: 'REFUSALS', deletedBy: 'the operator', reason: 'ticket 4711', count: 90 };
    expect(offline).toMatchObject({ bad: null, deletions: [deletion] });
    expect(own).toMatchObject({ firstBad: null, deletions: [deletion] });
    expect(offline.valid).toBe(offline.count);
    expect([own.valid, own.to]).toEqual([offline.valid, offline.head.size]);
    expect(offline.head.size).toBe(offline.valid + 90);
    const text = await run('verify', 'audit', '--key', key);
    expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('90 deleted, as event ') });
    expect((await verify('csv')).offline).toEqual(offline);
  });

  it('verifies a part of the log without the record, and proves what is still there', async () => {
    const [first, gone] = [await sequenceOf(31), await sequenceOf(33)];
    const { auditVerification } = await ask(
      `{ auditVerification(from: ${first}, to: ${gone}) { valid deletions { count } firstBad { sequence } } }`,
    );
    expect(auditVerification).toEqual({ valid: gone - first, deletions: [{ count: 1 }], firstBad: null });
    const { auditEvents } = await ask(
      '{ auditEvents(first: 1, filter: { action: "number.n34" }) { nodes { inclusionProof { sequence hashes } } } }',
    );
    expect(auditEvents.nodes[0].inclusionProof).toMatchObject({ sequence: await sequenceOf(34) });
  });

  it('finds an event that is gone without a record', async () => {
    await tamper(`CREATE TABLE kept AS SELECT * FROM audit_events WHERE id = ${eventOf(7)}`);
    await tamper(`DELETE FROM audit_events WHERE id = ${eventOf(7)}`);
    await expectBad(await sequenceOf(7));
    await tamper('INSERT INTO audit_events SELECT * FROM kept');
  });

  it('finds one whose record says what no record says', async () => {
    for (const after of [
      '{"first": "one", "last": "two", "sequences": "all"}',
      '{"first": 1, "last": 99, "sequences": [null]}',
    ]) {
      await database.query(
        `INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name, after)
         VALUES (gen_random_uuid(), 'forger', 'audit_log.period_deleted', 'ALLOWED', 'AUDIT_LOG', 'audit log',
           $1::jsonb || '{"class": "GOVERNANCE"}')`,
        [after],
      );
    }
    await seal();
    await tamper(`DELETE FROM audit_events WHERE id = ${eventOf(7)}`);
    await expectBad(await sequenceOf(7));
    await tamper('INSERT INTO audit_events SELECT * FROM kept');
  });

  it.each([
    ['names too little', `'[[' || n8 || ',' || n8 || ']]'`, 'true'],
    ['was changed afterwards', `'[[' || n7 || ',' || n8 || ']]'`, 'changed'],
    // The last one: in the end it is sealed, and then a record like any other.
    ['is not sealed', `'[[' || n7 || ',' || n8 || ']]'`, 'false'],
  ])('finds one whose record %s', async (_, sequences, sealed) => {
    const [n7, n8] = [await sequenceOf(7), await sequenceOf(8)];
    await tamper(`CREATE TABLE both_kept AS SELECT * FROM audit_events WHERE id IN (${eventOf(7)}, ${eventOf(8)})`);
    const record = (what: string) =>
      `jsonb_build_object('class', 'GOVERNANCE', 'first', n7, 'last', n8, 'sequences', (${what})::jsonb)`;
    const numbers = `(SELECT ${n7} AS n7, ${n8} AS n8) AS numbers`;
    // By this way, a record is an event like any other: it is sealed.
    await database.query(`
      INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name, after)
      SELECT gen_random_uuid(), 'forger ${sealed}', 'audit_log.period_deleted', 'ALLOWED', 'AUDIT_LOG', 'audit log',
        ${record(sealed === 'changed' ? `'[]'` : sequences)} FROM ${numbers}`);
    if (sealed !== 'false') await seal();
    const forged = `actor_name = 'forger ${sealed}'`;
    if (sealed === 'changed') {
      await tamper(`UPDATE audit_events SET after = ${record(sequences)} FROM ${numbers} WHERE ${forged}`);
    }
    await tamper(`DELETE FROM audit_events WHERE id IN (${eventOf(7)}, ${eventOf(8)})`);
    await expectBad(n7);
    await tamper('INSERT INTO audit_events SELECT * FROM both_kept', 'DROP TABLE both_kept');
    if (sealed === 'changed') {
      await tamper(`UPDATE audit_events SET after = ${record(`'[]'`)} FROM ${numbers} WHERE ${forged}`);
    }
    await seal();
  });

  it('deletes no event without a record of it, and none that is held', async () => {
    const refused = 'audit_events is append-only: DELETE refused';
    await expect(database.query(`DELETE FROM audit_events WHERE id = ${eventOf(31)}`)).rejects.toThrow(refused);
    const n3 = await sequenceOf(3);
    const forged = `
      INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name, after)
      VALUES (gen_random_uuid(), 'x', 'audit_log.period_deleted', 'ALLOWED', 'AUDIT_LOG', 'audit log', '{"sequences": [[${n3}, ${n3}]]}');
      DELETE FROM audit_events WHERE id = ${eventOf(3)}`;
    await expect(database.query(forged)).rejects.toThrow(refused);
    for (const [call, problem] of [
      [`'GOVERNANCE', 1, 10, 'x', 'x'`, 'events of the class GOVERNANCE are kept for ever'],
      [`'REFUSALS', 1, 10, ' ', 'x'`, 'who deletes, and why'],
      [`'REFUSALS', 1, 10001, 'x', 'x'`, '10,000 at most'],
    ]) {
      await expect(database.query(`SELECT delete_audit_period(${call})`)).rejects.toThrow(problem);
    }
  });

  it('deletes nothing that is younger than its time', async () => {
    await database.query(`
      INSERT INTO audit_events (id, occurred_at, actor_name, action, outcome, object_kind, object_name)
      VALUES (gen_random_uuid(), now() - interval '364 days', 'x', 'access.refused', 'REFUSED', 'RUN', 'run')`);
    await seal();
    const { rows } = await database.query('SELECT max(sequence)::int AS last FROM sealed_events');
    const call = `SELECT delete_audit_period('REFUSALS', ${rows[0].last}, ${rows[0].last}, 'x', 'x')`;
    await expect(database.query(call)).rejects.toThrow('is not older than the 365 days');
    expect((await purge()).said).toBe('deleted 0 events of REFUSALS with 0 records; 10 are held');
  });

  it('deletes what was held when the hold is released', async () => {
    await ask('mutation { legalHoldRelease(input: { name: "case 7", reason: "settled" }) { errors { message } } }');
    expect((await purge()).said).toBe('deleted 10 events of REFUSALS with 1 records; 0 are held');
    await seal();
    const { offline, own } = await verify();
    expect([offline.bad, own.firstBad]).toEqual([null, null]);
    expect(offline.deletions.map(({ count: gone }: { count: number }) => gone)).toEqual([90, 10]);
  });
});
