import { createPublicKey } from 'node:crypto';
import { METASTORE_ID } from '@app/access';
import { AuditLog } from '@app/audit';
import { Transaction, TransactionalPool } from '@app/platform';
// Another project's verifier of transparency logs: it has never seen our code, nor we its.
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { LogRepository } from './log.repository.js';
import { nodeHash } from './merkle.js';
import type { InclusionProof } from './proof.js';
import { Proofs } from './proofs.service.js';
import { Sealer } from './sealer.service.js';
import { TransparencyModule } from './transparency.module.js';

const count = 700;
const missing = '00000000-0000-7000-8000-0000000000ff';

describe('Proofs', () => {
  let t: TestModule;
  let make: Factories;
  let proofs: Proofs;
  let auditor: TestPrincipal;
  beforeAll(async () => {
    t = await createTestModule([TransparencyModule]);
    make = new Factories(t.db);
    proofs = t.module.get(Proofs);
    auditor = await make.user();
    await make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    for (let start = 0; start < count; start += 70) {
      await record(70);
      await seal();
    }
  });
  afterAll(() => t.close());

  const seal = async () => {
    while ((await t.module.get(Sealer).seal()).sealed > 0);
  };
  const object = { kind: 'RUN', id: null, name: 'run', within: null } as const;
  const record = (events: number) =>
    t.as(auditor, () =>
      t.module
        .get(Transaction)
        .run(() =>
          t.module.get(AuditLog).recordAll(Array.from({ length: events }, () => ({ action: 'run.thought', object }))),
        ),
    );
  const eventAt = async (sequence: number) =>
    (await t.db.first<{ id: string }>(sql`SELECT event_id AS id FROM sealed_events WHERE sequence = ${sequence}`))
      ?.id as string;
  const inclusion = async (sequence: number, size?: number) =>
    t.as(auditor, async () => proofs.inclusion(await eventAt(sequence), size));

  /** As Sigstore's clients do with an entry of Rekor. */
  async function acceptedBySigstore({ sequence, entry, hashes, checkpoint }: InclusionProof): Promise<boolean> {
    const [, name = '', id = '', key = ''] = /^(.+?)\+(.{8})\+(.+)$/.exec(await proofs.verifierKeyOf(checkpoint)) ?? [];
    const raw = Buffer.from(key, 'base64').subarray(1);
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    const log = { logID: Buffer.from(id, 'hex'), baseURL: `https://${name}`, publicKey };
    const proof = { logIndex: String(sequence - 1), hashes, checkpoint: { envelope: checkpoint.note } };
    const claimed = { inclusionProof: proof, canonicalizedBody: Buffer.from(entry) };
    try {
      verifyMerkleInclusion(claimed as never, verifyCheckpoint(claimed as never, [log] as never));
      return true;
    } catch {
      return false;
    }
  }

  it('are accepted by an implementation of another project, and only as they are', async () => {
    for (const sequence of [1, 2, 255, 256, 257, 512, 513, 699, 701]) {
      const proof = await inclusion(sequence);
      expect([sequence, await acceptedBySigstore(proof)]).toEqual([sequence, true]);
    }
    const proof = await inclusion(300);
    expect(await acceptedBySigstore({ ...proof, sequence: 301 })).toBe(false);
    expect(await acceptedBySigstore({ ...proof, entry: proof.entry.replace('thought', 'forgot') })).toBe(false);
    const { note } = proof.checkpoint;
    const other = { ...proof.checkpoint, note: note.replace(/\n\d+\n/, '\n700\n') };
    expect(await acceptedBySigstore({ ...proof, checkpoint: other })).toBe(false);
  });

  it('hold against earlier checkpoints, too, that cover the event', async () => {
    const sizes = [...(await t.module.get(LogRepository).checkpointsBetween(1, 10_000)).keys()];
    expect(sizes.length).toBeGreaterThan(9);
    for (const size of sizes) {
      expect([size, await acceptedBySigstore(await inclusion(Math.min(size, 61), size))]).toEqual([size, true]);
    }
    await expect(inclusion(sizes.at(-1) as number, sizes[0])).rejects.toThrow(
      `Checkpoint "over ${sizes[0]} events" does not exist`,
    );
    await expect(inclusion(1, 3)).rejects.toThrow('Checkpoint "over 3 events" does not exist');
  });

  it('show that the log only grew', async () => {
    const sizes = [...(await t.module.get(LogRepository).checkpointsBetween(1, 10_000)).keys()];
    for (const from of sizes) {
      for (const to of sizes.filter((size) => size >= from)) {
        const proof = await t.as(auditor, () => proofs.consistency(from, to));
        expect(rootsOf(from, to, proof.from.rootHash, proof.hashes)).toEqual([proof.from.rootHash, proof.to.rootHash]);
      }
    }
  });

  it('are for whoever may read the event', async () => {
    const stranger = await make.user();
    const id = await eventAt(5);
    const ask = (who: TestPrincipal, event: string) => t.as(who, () => proofs.inclusion(event));
    await expect(ask(stranger, id)).rejects.toThrow(`Audit event "${id}" does not exist, or you may not see it`);
    await expect(ask(auditor, missing)).rejects.toThrow(
      `Audit event "${missing}" does not exist, or you may not see it`,
    );
  });

  it('are not there until an event is sealed', async () => {
    await record(1);
    const [waiting] = await t.db.query<{ id: string }>(sql`SELECT event_id AS id FROM unsealed_events`);
    await expect(t.as(auditor, () => proofs.inclusion(waiting?.id as string))).rejects.toMatchObject({
      kind: 'FAILED_PRECONDITION',
      reason: 'EVENT_NOT_SEALED',
    });
    await seal();
    expect(await t.as(auditor, () => proofs.inclusion(waiting?.id as string))).toBeDefined();
  });

  it('take a number of statements that does not grow with the log', async () => {
    const query = jest.spyOn(t.module.get(TransactionalPool), 'query');
    const statements = async (ask: () => Promise<unknown>) => {
      query.mockClear();
      await ask();
      return query.mock.calls.length;
    };
    const size = (await t.as(auditor, () => proofs.checkpoint())).treeSize;
    const [first, second] = [await eventAt(1), await eventAt(size)];
    const prove = (id: string) => () => t.as(auditor, () => proofs.inclusion(id));
    expect([await statements(prove(first)), await statements(prove(second))]).toEqual([7, 7]);
    query.mockRestore();
  });
});

/** RFC 9162, 2.1.4.2: the roots that a consistency proof leads to. */
function rootsOf(from: number, to: number, root: Buffer, path: readonly Buffer[]): [Buffer, Buffer] {
  if (from === to) return [root, root];
  const proof = Number.isInteger(Math.log2(from)) ? [root, ...path] : [...path];
  let [node, last] = [from - 1, to - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [before, after] = [proof[0] as Buffer, proof[0] as Buffer];
  for (const hash of proof.slice(1)) {
    if (node % 2 === 1 || node === last) {
      [before, after] = [nodeHash(hash, before), nodeHash(hash, after)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else after = nodeHash(after, hash);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return [before, after];
}
