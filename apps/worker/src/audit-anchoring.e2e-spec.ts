import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AuditLog } from '@app/audit';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { eventually, startWorker, type TestProcess } from '../../../test/support/processes.js';

const somebody = { id: '00000000-0000-7000-8000-0000000000aa', name: 'somebody', kind: 'USER' };
const object = { kind: 'RUN', id: null, name: 'run', within: null } as const;

describe('a worker with anchors for the audit trail', () => {
  let t: TestModule;
  let folder: string;
  let worker: TestProcess;
  beforeEach(async () => {
    t = await createTestModule([]);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-anchors-'));
    worker = await startWorker({
      ...t.env,
      // Nobody listens at the second one.
      AUDIT_ANCHORS: `file:${folder}/audit.checkpoints,http://127.0.0.1:9/hooks`,
      AUDIT_ANCHOR_SECONDS: '1',
      AUDIT_ANCHOR_SECRET: `whsec_${'A'.repeat(43)}=`,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      LOG_LEVEL: 'silent',
    });
  });
  afterEach(async () => {
    await worker.stop();
    await t.close();
    fs.rmSync(folder, { recursive: true });
  });

  const record = (count: number) =>
    t.as(somebody, () =>
      t.module
        .get(AuditLog)
        .recordAll(Array.from({ length: count }, (_, index) => ({ action: `number.n${index}`, object }))),
    );
  const sealed = async () =>
    (await t.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM sealed_events`))?.count as number;
  /** Is all of the log anchored, and are these at least so many events? */
  const isAnchored = async (least: number) => {
    const [file, size] = [path.join(folder, 'audit.checkpoints'), await sealed()];
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    return size >= least && text.includes(`\nimprimatur/audit\n${size}\n`);
  };
  const metric = async (name: string, kind: string) => {
    const text = await fetch(`${worker.url}/metrics`).then((answer) => answer.text());
    return Number(new RegExp(`^${name}{kind="${kind}".*} (.*)$`, 'm').exec(text)?.[1]);
  };

  it('seals and anchors, also while one of them is away, and says so', async () => {
    await record(20);
    await eventually(() => isAnchored(20));
    const before = await sealed();
    await record(5);
    await eventually(() => isAnchored(before + 5));
    await eventually(
      () => metric('imprimatur_audit_anchor_failures', 'WEBHOOK'),
      (failures) => failures > 0,
    );
    expect(await metric('imprimatur_audit_anchor_age_seconds', 'WEBHOOK')).toBeGreaterThan(0);
    await eventually(
      () => metric('imprimatur_audit_anchor_age_seconds', 'FILE'),
      (age) => age === 0,
    );
    expect(await metric('imprimatur_audit_anchor_inconsistent', 'FILE')).toBe(0);
  });
});
