import { METASTORE_ID } from '@app/access';
import { AuditLog } from '@app/audit';
import { Transaction } from '@app/platform';
import pg from 'pg';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Proofs } from './proofs.service.js';
import { Sealer } from './sealer.service.js';
import { TransparencyModule } from './transparency.module.js';
import { LogVerification } from './verification.service.js';

const tables = ['audit_events', 'sealed_events', 'log_tiles', 'log_checkpoints'];
const newest = '(SELECT max(tree_size) FROM log_checkpoints)';
const event = (sequence: number) => `(SELECT event_id FROM sealed_events WHERE sequence = ${sequence})`;

/** What somebody does who may do anything with the database; the first bad event, where one can be named. */
const tampering: [what: string, statements: string, sequence: number | null, problem: string][] = [
  ['one byte of an event', `UPDATE audit_events SET reason = 'x' WHERE id = ${event(57)}`, 57, 'not what was sealed'],
  ['a deleted event', `DELETE FROM audit_events WHERE id = ${event(58)}`, 58, 'not there any more'],
  ['a deleted leaf', 'DELETE FROM sealed_events WHERE sequence = 59', 59, 'is not there'],
  [
    'two that were swapped',
    'UPDATE sealed_events SET sequence = sequence - 121 WHERE sequence IN (60, 61); UPDATE sealed_events SET sequence = -sequence WHERE sequence < 0',
    60,
    'not what was sealed',
  ],
  [
    'an inserted event',
    `UPDATE sealed_events SET sequence = -sequence - 1 WHERE sequence >= 62; UPDATE sealed_events SET sequence = -sequence WHERE sequence < 0;
     INSERT INTO sealed_events SELECT 62, gen_random_uuid(), leaf_hash FROM sealed_events WHERE sequence = 61`,
    62,
    'not there any more',
  ],
  ['another leaf', `UPDATE sealed_events SET leaf_hash = sha256('x') WHERE sequence = 63`, 63, 'not what was sealed'],
  [
    'another tile',
    'UPDATE log_tiles SET hashes = set_byte(hashes, 7, 255 - get_byte(hashes, 7)) WHERE level = 0',
    1,
    'tile 0/0',
  ],
  [
    'another root',
    `UPDATE log_checkpoints SET root_hash = sha256('x') WHERE tree_size = ${newest}`,
    null,
    'another root',
  ],
  [
    'another note',
    `UPDATE log_checkpoints SET note = replace(note, 'imp', 'Imp') WHERE tree_size = ${newest}`,
    null,
    'wrong signature',
  ],
  ['another key', `UPDATE log_checkpoints SET kid = 'x' WHERE tree_size = ${newest}`, null, 'never had'],
];

describe('LogVerification', () => {
  let t: TestModule;
  let auditor: TestPrincipal;
  let database: pg.Client;
  beforeAll(async () => {
    t = await createTestModule([TransparencyModule]);
    const make = new Factories(t.db);
    auditor = await make.user();
    await make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    await grow(300);
    database = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await database.connect();
    await database.query('SET session_replication_role = replica');
  });
  afterAll(async () => {
    await database.end();
    await t.close();
  });

  async function grow(count: number) {
    const object = { kind: 'RUN', id: null, name: 'run', within: null } as const;
    const events = Array.from({ length: count }, (_, index) => ({ action: `number.n${index}`, object }));
    await t.as(auditor, () => t.module.get(Transaction).run(() => t.module.get(AuditLog).recordAll(events)));
    while ((await t.module.get(Sealer).seal()).sealed > 0);
  }
  const verify = (from = 1, to?: number) => t.as(auditor, () => t.module.get(LogVerification).verify(from, to));

  it.each(tampering)('finds %s', async (_, statements, sequence, problem) => {
    expect((await verify()).firstBad).toBeNull();
    for (const table of tables) await database.query(`CREATE TABLE copy_of_${table} AS TABLE ${table}`);
    await database.query(statements);
    const { firstBad, valid } = await verify();
    for (const table of tables) {
      await database.query(
        `DELETE FROM ${table}; INSERT INTO ${table} TABLE copy_of_${table}; DROP TABLE copy_of_${table}`,
      );
    }
    expect(firstBad?.problem).toContain(problem);
    if (sequence) expect([firstBad?.sequence, valid]).toEqual([sequence, sequence - 1]);
    expect((await verify()).firstBad).toBeNull();
  });

  it('looks at a part, with the checkpoint that covers it', async () => {
    const { checkpoint } = await verify();
    expect(await verify(100, 120)).toMatchObject({ from: 100, to: 120, valid: 21, firstBad: null });
    await grow(30);
    expect((await verify(100, 120)).checkpoint.treeSize).toBeLessThanOrEqual(checkpoint.treeSize);
    expect((await verify(1)).valid).toBe((await verify()).to);
  });

  it('names what is in the log, when something else is asked for', async () => {
    const { to } = await verify();
    await expect(verify(0)).rejects.toThrow(`from: 0 is not between 1 and ${to}`);
    await expect(verify(5, 4)).rejects.toThrow(`to: 4 is not between 5 and ${to}`);
    await expect(verify(1, to + 1)).rejects.toThrow(`to: ${to + 1} is not between 1 and ${to}`);
  });

  it('is for auditors of the metastore, as checkpoints and consistency proofs are', async () => {
    const stranger = await new Factories(t.db).user();
    const proofs = t.module.get(Proofs);
    for (const ask of [
      () => t.module.get(LogVerification).verify(1),
      () => proofs.checkpoint(),
      () => proofs.consistency(1),
    ]) {
      await expect(t.as<unknown>(stranger, ask)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    }
  });
});
