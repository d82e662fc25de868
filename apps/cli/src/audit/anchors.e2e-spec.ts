import fs from 'node:fs';
import path from 'node:path';
import { METASTORE_ID } from '@app/access';
import { Anchoring, Sealer } from '@app/transparency';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../test/support/app.js';
import { type Cli, createCli } from '../../../../test/support/cli.js';
import { graphql } from '../../../../test/support/graphql.js';
import { type S3Server, startS3Server } from '../../../../test/support/s3-server.js';
import { startReceiver, type WebhookReceiver } from '../../../../test/support/webhook-receiver.js';

describe('the audit log, held against what anchors have kept', () => {
  let t: TestApp;
  let cli: Cli;
  let s3: S3Server;
  let receiver: WebhookReceiver;
  let token: string;
  let key: string;

  beforeAll(async () => {
    [s3, receiver] = await Promise.all([startS3Server(), startReceiver()]);
    cli = createCli();
    const { ARTIFACT_STORE, S3_BUCKET, ...server } = s3.settings;
    t = await createTestApp({
      ...server,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      AUDIT_ANCHORS: `file:${inHome('checkpoints')},s3://artifacts/audit/,${receiver.url}`,
      AUDIT_ANCHOR_SECRET: `whsec_${'A'.repeat(43)}=`,
    });
    const auditor = await t.make.user('auditor');
    await t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    token = auditor.token;
    for (let round = 0; round < 3; round++) {
      await grow();
      await anchor();
    }
    fs.writeFileSync(inHome('webhook.json'), receiver.received[1]?.body ?? '');
    fs.copyFileSync(s3.fileOf(s3.keys()[0] as string), inHome('object'));
    expect((await run('export', '-o', 'audit.ndjson')).code).toBe(0);
    key = (await run('checkpoint', '--json')).json().verifierKey;
  });
  afterAll(async () => {
    await t.close();
    await Promise.all([s3.close(), receiver.close()]);
    cli.remove();
  });

  const inHome = (file: string) => path.join(cli.home, file);
  const run = (...args: string[]) =>
    cli.run(['audit', ...args], { env: { IMPRIMATUR_SERVER: t.url, IMPRIMATUR_TOKEN: token } });
  const verify = (since: string) => run('verify', 'audit.ndjson', '--key', key, '--since', since);

  async function grow() {
    await t.db.execute(sql`
      INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name)
      SELECT gen_random_uuid(), 'somebody', 'run.created', 'ALLOWED', 'RUN', 'run' FROM generate_series(1, 40)`);
    while ((await t.app.get(Sealer, { strict: false }).seal()).sealed > 0);
  }

  async function anchor() {
    const anchoring = t.app.get(Anchoring, { strict: false });
    await anchoring.start();
    await t.db.execute(sql`UPDATE audit_anchors SET due_at = now() - interval '1 second'`);
    await anchoring.anchorDue();
  }

  it.each(['checkpoints', 'object', 'webhook.json'])('goes on from what is in %s', async (kept) => {
    expect(await verify(kept)).toMatchObject({ code: 0, stderr: '' });
  });

  it('does not when one of many checkpoints is of another log', async () => {
    const notes = fs.readFileSync(inHome('checkpoints'), 'utf8');
    fs.writeFileSync(inHome('later'), notes);
    await grow();
    await anchor();
    const found = await verify('checkpoints');
    expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining('the checkpoint that you have is over') });
    // Another root, under a signature that was made for the true one.
    const [root = ''] = notes.match(/^[A-Za-z0-9+/]{43}=$/m) ?? [];
    cli.write('changed', notes.replace(root, `A${root.slice(1, -2)}A=`));
    expect(await verify('changed')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not signed with the key that you trust'),
    });
    expect(await verify('later')).toMatchObject({ code: 0, stdout: expect.stringContaining('goes on from 3 kept') });
  });

  it('shows auditors how far each anchor is', async () => {
    const { data } = await graphql(
      t,
      token,
      '{ auditAnchors { kind place treeSize ageSeconds error inconsistent } auditCheckpoint { treeSize } }',
    );
    const { treeSize } = data.auditCheckpoint;
    const state = { treeSize, ageSeconds: 0, error: null, inconsistent: false };
    expect(data.auditAnchors).toEqual([
      { kind: 'FILE', place: `file:${inHome('checkpoints')}`, ...state },
      { kind: 'S3', place: 's3://artifacts/audit/', ...state },
      { kind: 'WEBHOOK', place: new URL(receiver.url).origin, ...state },
    ]);
  });
});
