import { AuditLog } from '@app/audit';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { eventually, startWorker, type TestProcess } from '../../../test/support/processes.js';

const somebody = { id: '00000000-0000-7000-8000-0000000000aa', name: 'somebody', kind: 'USER' };
const object = { kind: 'RUN', id: null, name: 'run', within: null } as const;

describe('workers that seal the audit trail', () => {
  let t: TestModule;
  let workers: TestProcess[];
  beforeEach(async () => {
    t = await createTestModule([]);
    workers = await Promise.all([startWorker(t.env), startWorker(t.env)]);
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop('SIGKILL')));
    await t.close();
  });

  const record = (name: string, count: number) =>
    t.as(somebody, () =>
      t.module
        .get(AuditLog)
        .recordAll(Array.from({ length: count }, (_, index) => ({ action: `${name}.n${index}`, object }))),
    );
  const log = () =>
    t.db.query<{ sequence: number; action: string }>(sql`
      SELECT s.sequence, a.action FROM sealed_events s JOIN audit_events a ON a.id = s.event_id ORDER BY s.sequence`);
  const waiting = async () =>
    (await t.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM unsealed_events`))?.count;

  it('number every event once and without a gap, also when one of them is killed', async () => {
    for (let round = 0; round < 20; round++) {
      await record(`round${round}`, 30);
      if (round === 10) await workers[0]?.stop('SIGKILL');
    }
    await eventually(waiting, (count) => count === 0);
    const sealed = await log();
    expect(sealed.map(({ sequence }) => sequence)).toEqual(sealed.map((_, index) => index + 1));
    const mine = sealed.map(({ action }) => action).filter((action) => action.startsWith('round'));
    expect(mine).toEqual(
      Array.from({ length: 20 * 30 }, (_, index) => `round${Math.floor(index / 30)}.n${index % 30}`),
    );
  });
});
