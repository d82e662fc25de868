import fs from 'node:fs';
import path from 'node:path';
import { METASTORE_ID } from '@app/access';
import { AuditLog } from '@app/audit';
import { newSigningSecret } from '@app/outbound';
import { Transaction } from '@app/platform';
import pg from 'pg';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { type S3Server, startS3Server } from '../../../test/support/s3-server.js';
import { isBelieved, startReceiver, type WebhookReceiver } from '../../../test/support/webhook-receiver.js';
import { Anchoring } from './anchoring.service.js';
import { AuditAnchors } from './audit-anchors.service.js';
import { Proofs } from './proofs.service.js';
import { Sealer } from './sealer.service.js';
import { TransparencyModule } from './transparency.module.js';

const secret = newSigningSecret();
const object = { kind: 'RUN', id: null, name: 'run', within: null } as const;

describe('Anchoring', () => {
  let t: TestModule;
  let s3: S3Server;
  let receiver: WebhookReceiver;
  let auditor: TestPrincipal;
  let folder: string;
  let anchoring: Anchoring;
  const puts: Record<string, unknown>[] = [];

  beforeEach(async () => {
    [s3, receiver] = await Promise.all([startS3Server(), startReceiver()]);
    folder = fs.mkdtempSync('/tmp/imprimatur-anchors-');
    const { ARTIFACT_STORE, S3_BUCKET, ...server } = s3.settings;
    t = await createTestModule([TransparencyModule], {
      ...server,
      LOG_LEVEL: 'silent',
      OUTBOUND_ALLOW: '127.0.0.0/8',
      AUDIT_ANCHORS: `file:${file()}, s3://artifacts/audit/, ${receiver.url}?token=hidden`,
      AUDIT_ANCHOR_SECRET: secret,
      AUDIT_ANCHOR_RETENTION_DAYS: '30',
    });
    puts.length = 0;
    s3.fault = ({ method, headers }) => {
      if (method === 'PUT') puts.push(headers);
      return undefined;
    };
    const make = new Factories(t.db);
    auditor = await make.user();
    await make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    anchoring = t.module.get(Anchoring);
    await grow(300);
    await anchoring.start();
  });
  afterEach(async () => {
    await t.close();
    await Promise.all([s3.close(), receiver.close()]);
    fs.rmSync(folder, { recursive: true });
  });

  const file = () => path.join(folder, 'audit.checkpoints');
  const kept = () => fs.readFileSync(file(), 'utf8');
  const list = () => t.as(auditor, () => t.module.get(AuditAnchors).list());
  const newest = () => t.as(auditor, () => t.module.get(Proofs).checkpoint());

  async function grow(count: number) {
    const events = Array.from({ length: count }, (_, index) => ({ action: `number.n${index}`, object }));
    await t.as(auditor, () => t.module.get(Transaction).run(() => t.module.get(AuditLog).recordAll(events)));
    while ((await t.module.get(Sealer).seal()).sealed > 0);
  }

  /** What somebody does who may do anything with the database. */
  async function asOwner(...statements: string[]) {
    const client = new pg.Client({ connectionString: t.env.DATABASE_URL });
    await client.connect();
    await client.query('SET session_replication_role = replica');
    for (const statement of statements) await client.query(statement);
    await client.end();
  }

  async function whenDue() {
    await asOwner("UPDATE audit_anchors SET due_at = now() - interval '1 second'");
    await anchoring.anchorDue();
  }

  /** The log with another event 7, sealed and signed anew from the beginning. */
  async function rewriteHistory() {
    await asOwner(
      `UPDATE audit_events SET reason = 'other' WHERE id = (SELECT event_id FROM sealed_events WHERE sequence = 7)`,
      'INSERT INTO unsealed_events (event_id) SELECT event_id FROM sealed_events ORDER BY sequence',
      'TRUNCATE sealed_events, log_tiles, log_checkpoints',
    );
    await grow(10);
  }

  it('writes the newest checkpoint to each, once, and the next one behind it', async () => {
    await anchoring.anchorDue();
    const first = await newest();
    await anchoring.anchorDue();
    expect(kept()).toBe(`\n${first.note}`);
    await whenDue();
    expect(kept()).toBe(`\n${first.note}`);
    await grow(5);
    await whenDue();
    const second = await newest();
    expect(second.treeSize).toBeGreaterThan(first.treeSize);
    expect(kept()).toBe(`\n${first.note}\n${second.note}`);
    expect(s3.keys()).toHaveLength(2);
    expect(receiver.received.map(({ event }) => event.data.note)).toEqual([first.note, second.note]);
    expect(await list()).toMatchObject(
      ['FILE', 'S3', 'WEBHOOK'].map((kind) => ({ kind, treeSize: second.treeSize, ageSeconds: 0, error: null })),
    );
  });

  it('locks objects in S3 against everybody, and never writes over one', async () => {
    await anchoring.anchorDue();
    const { note, treeSize } = await newest();
    const key = `audit/${String(treeSize).padStart(16, '0')}.checkpoint`;
    expect(s3.keys()).toEqual([key]);
    expect(fs.readFileSync(s3.fileOf(key), 'utf8')).toBe(note);
    const [headers] = puts;
    expect(headers).toMatchObject({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'if-none-match': '*',
      'x-amz-checksum-sha256': expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    });
    const until = Date.parse(headers?.['x-amz-object-lock-retain-until-date'] as string);
    expect(Math.abs(until - Date.now() - 30 * 86_400_000)).toBeLessThan(600_000);
  });

  it('takes an object that is there for written when it is the same, and for an error when it is not', async () => {
    await anchoring.anchorDue();
    s3.fault = ({ method }) => (method === 'PUT' ? { status: 412 } : undefined);
    await asOwner(`UPDATE audit_anchors SET tree_size = NULL, root_hash = NULL`);
    await whenDue();
    expect((await list())[1]).toMatchObject({ kind: 'S3', error: null });
    fs.writeFileSync(s3.fileOf(s3.keys()[0] as string), 'something else');
    await asOwner(`UPDATE audit_anchors SET tree_size = NULL, root_hash = NULL`);
    await whenDue();
    expect((await list())[1]).toMatchObject({ error: expect.stringContaining('holds another checkpoint') });
  });

  it('sends what a receiver can believe, and shows nobody its URL', async () => {
    await anchoring.anchorDue();
    const [request] = receiver.received;
    expect(isBelieved(request!, secret)).toBe(true);
    expect(request?.event).toMatchObject({ specversion: '1.0', type: 'imprimatur.audit_checkpoint.signed' });
    expect(request?.path).toBe('/hooks?token=hidden');
    expect(JSON.stringify(await list())).not.toContain('hidden');
  });

  it('tries again what failed, and lets the others be', async () => {
    receiver.answer(() => ({ status: 503 }));
    await anchoring.anchorDue();
    expect(await list()).toMatchObject([
      { error: null },
      { error: null },
      { error: 'the receiver answered 503', treeSize: null, failedAt: expect.any(Date), inconsistent: false },
    ]);
    receiver.answer(() => ({ status: 204 }));
    await whenDue();
    expect((await list())[2]).toMatchObject({ error: null, failedAt: null, treeSize: (await newest()).treeSize });
    const [one, other] = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(one).toBe(other);
  });

  it('is done by one of those who try at the same time', async () => {
    await Promise.all([anchoring.anchorDue(), anchoring.anchorDue(), anchoring.anchorDue()]);
    expect(receiver.received).toHaveLength(1);
    expect(kept().match(/\n\n—/g)).toHaveLength(1);
  });

  it('anchors no log that does not go on from what was anchored', async () => {
    await anchoring.anchorDue();
    const before = kept();
    await rewriteHistory();
    await whenDue();
    const problem = expect.stringContaining('events are not those that were signed before');
    expect(await list()).toMatchObject(Array(3).fill({ inconsistent: true, error: problem }));
    expect([kept(), s3.keys().length, receiver.received.length]).toEqual([before, 1, 1]);
  });

  it('does not either when the database says that nothing was anchored', async () => {
    await anchoring.anchorDue();
    const before = kept();
    await rewriteHistory();
    await asOwner('DELETE FROM audit_anchors');
    await anchoring.start();
    await whenDue();
    expect(await list()).toMatchObject(Array(3).fill({ inconsistent: true }));
    // Another process knows nothing of what this one has written, but the file does.
    Object.assign(anchoring, { written: new Map() });
    await whenDue();
    expect((await list()).map(({ kind, inconsistent }) => [kind, inconsistent])).toContainEqual(['FILE', true]);
    expect(kept()).toBe(before);
  });

  it('finds a log that was cut off, and one without its tiles', async () => {
    await anchoring.anchorDue();
    await asOwner('UPDATE audit_anchors SET tree_size = 999');
    await whenDue();
    expect((await list())[1]).toMatchObject({ inconsistent: true, error: expect.stringContaining('and had 999') });
    await asOwner('UPDATE audit_anchors SET tree_size = 3', 'DELETE FROM log_tiles');
    await whenDue();
    expect((await list())[1]).toMatchObject({ inconsistent: true, error: expect.stringContaining('lacks hashes') });
  });

  it('goes on after a checkpoint that a crash cut off in the file', async () => {
    await anchoring.anchorDue();
    const first = kept();
    fs.appendFileSync(file(), `\nimprimatur/audit\n999\nabc`);
    await grow(5);
    await whenDue();
    expect(kept()).toBe(`${first}\nimprimatur/audit\n999\nabc\n${(await newest()).note}`);
    await grow(5);
    await whenDue();
    expect((await list())[0]).toMatchObject({ error: null, treeSize: (await newest()).treeSize });
  });

  it('is shown to auditors of the metastore', async () => {
    const stranger = await new Factories(t.db).user();
    await expect(t.as(stranger, () => t.module.get(AuditAnchors).list())).rejects.toMatchObject({
      kind: 'PERMISSION_DENIED',
    });
  });
});
