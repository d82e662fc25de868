import { createPublicKey, verify } from 'node:crypto';
import { AuditLog } from '@app/audit';
import { Transaction } from '@app/platform';
import { SigningKeys } from '@app/signing';
import pg from 'pg';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { leafEntry } from './leaf.js';
import { LogRepository } from './log.repository.js';
import { leafHash, rootOver } from './merkle.js';
import { Sealer } from './sealer.service.js';
import { TransparencyModule } from './transparency.module.js';

const somebody = { id: '00000000-0000-7000-8000-0000000000aa', name: 'somebody', kind: 'USER' };
const object = { kind: 'REGISTERED_MODEL', id: null, name: 'prod.fraud.scorer', within: null } as const;

describe('Sealer', () => {
  let t: TestModule;
  let sealer: Sealer;
  let log: LogRepository;
  beforeEach(async () => {
    t = await createTestModule([TransparencyModule]);
    sealer = t.module.get(Sealer);
    log = t.module.get(LogRepository);
    await record('began');
    await sealAll();
  });
  afterEach(() => t.close());

  const record = (...actions: string[]) =>
    t.as(somebody, () =>
      t.module.get(Transaction).run(async () => {
        for (const action of actions)
          await t.module.get(AuditLog).record({ action, object, after: { ä: [1.5e300, -0, 'é'] } });
      }),
    );
  const sealAll = async () => {
    while ((await sealer.seal()).sealed > 0);
  };
  const sealed = async () => (await log.sealed(1, 1_000_000)).map(({ event }) => event?.action);
  const connection = async () => {
    const client = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await client.connect();
    return client;
  };
  const insert = (client: pg.Client, action: string) =>
    client.query(
      `INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name)
       VALUES (gen_random_uuid(), 'x', $1, 'ALLOWED', 'RUN', 'x')`,
      [action],
    );

  it('begins with what was recorded so far, the introduction of its own key included', async () => {
    expect(await sealed()).toContain('signing_key.introduced');
    const [rest] = await t.db.query<{ count: number }>(sql`SELECT count(*) AS count FROM unsealed_events`);
    expect(rest?.count).toBe(0);
  });

  it('numbers events without a gap, and signs the root over all leaves', async () => {
    for (let round = 0; round < 3; round++) {
      await record(...Array.from({ length: 200 }, (_, index) => `round_${round}.event_${index}`));
      await sealAll();
    }
    const leaves = await log.sealed(1, 1_000_000);
    expect(leaves.map(({ sequence }) => sequence)).toEqual(leaves.map((_, index) => index + 1));
    const hashes = leaves.map(({ sequence, event }) =>
      leafHash(leafEntry({ sequence, event: event as NonNullable<typeof event> })),
    );
    expect(leaves.map(({ hash }) => hash)).toEqual(hashes);
    const checkpoint = await log.checkpoint();
    expect(checkpoint?.treeSize).toBe(leaves.length);
    expect(checkpoint?.rootHash).toEqual(rootOver(hashes));
    expect(await t.db.query(sql`SELECT level, index FROM log_tiles ORDER BY index`)).toEqual([
      { level: 0, index: 0 },
      { level: 0, index: 1 },
    ]);
  });

  it('signs a note that the public key verifies', async () => {
    const { note = '', rootHash, treeSize } = (await log.checkpoint()) ?? {};
    const [text, signature] = note.split('\n\n') as [string, string];
    expect(`${text}\n`).toBe(`imprimatur/audit\n${treeSize}\n${rootHash?.toString('base64')}\n`);
    const [dash, name, encoded] = signature.trimEnd().split(' ');
    expect([dash, name]).toEqual(['—', 'imprimatur/audit']);
    const [key] = await t.module.get(SigningKeys).history();
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key?.publicKey }, format: 'jwk' });
    expect(
      verify(null, Buffer.from(`${text}\n`), publicKey, Buffer.from(encoded as string, 'base64').subarray(4)),
    ).toBe(true);
  });

  it('follows the order of the commits, not that in which transactions began or recorded', async () => {
    const before = (await sealed()).length;
    const [first, second, third] = [await connection(), await connection(), await connection()];
    for (const [client, action] of [
      [first, 'first'],
      [second, 'second'],
      [third, 'third'],
    ] as const) {
      await client.query('BEGIN');
      await insert(client, action);
    }
    await insert(first, 'first.again');
    await third.query('COMMIT');
    await first.query('COMMIT');
    await sealAll();
    await second.query('COMMIT');
    await sealAll();
    expect((await sealed()).slice(before)).toEqual(['third', 'first', 'first.again', 'second']);
    await Promise.all([first.end(), second.end(), third.end()]);
  });

  it('misses no event and counts none twice, while many commit and several seal', async () => {
    const before = (await sealed()).length;
    let writing = true;
    const sealers = Array.from({ length: 3 }, async () => {
      while (writing) await sealer.seal();
    });
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      const client = await connection();
      for (let round = 0; round < 40; round++) {
        await client.query('BEGIN');
        await insert(client, `${writer}.${round}`);
        if (round % 3 === 0) await client.query('SELECT pg_sleep(0.005)');
        await client.query(round % 5 === 4 ? 'ROLLBACK' : 'COMMIT');
      }
      await client.end();
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(sealers);
    await sealAll();
    const actions = (await sealed()).slice(before) as string[];
    const committed = (writer: number) =>
      Array.from({ length: 40 }, (_, round) => round)
        .filter((round) => round % 5 !== 4)
        .map((round) => `${writer}.${round}`);
    expect(actions).toHaveLength(6 * 32);
    for (let writer = 0; writer < 6; writer++) {
      expect(actions.filter((action) => action.startsWith(`${writer}.`))).toEqual(committed(writer));
    }
    const sequences = (await log.sealed(1, 1_000_000)).map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });

  it('keeps nothing of a batch that is cut off', async () => {
    await record('one');
    const size = (await log.checkpoint())?.treeSize;
    await expect(
      t.module.get(Transaction).run(async () => {
        await sealer.seal();
        throw new Error('cut off');
      }),
    ).rejects.toThrow('cut off');
    expect((await log.checkpoint())?.treeSize).toBe(size);
    await sealAll();
    expect((await sealed()).filter((action) => action === 'one')).toHaveLength(1);
  });

  it.each(['sealed_events', 'log_tiles', 'log_checkpoints'])('%s only ever grows', async (table) => {
    await record(...Array.from({ length: 300 }, (_, index) => `event_${index}`));
    await sealAll();
    const client = await connection();
    const column = { sealed_events: 'leaf_hash', log_tiles: 'root', log_checkpoints: 'root_hash' }[table];
    for (const change of [`UPDATE ${table} SET ${column} = '\\x00'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
      await expect(client.query(change)).rejects.toThrow('append-only');
    }
    await client.end();
  });
});
