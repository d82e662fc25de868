import { METASTORE_ID } from '@app/access';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { AuditRetentions } from './audit-retention.service.js';
import type { LegalHoldInput } from './legal-hold.js';
import { LegalHolds } from './legal-holds.service.js';
import { TransparencyModule } from './transparency.module.js';

describe('how long events are kept', () => {
  let t: TestModule;
  let make: Factories;
  let [manager, auditor, stranger]: TestPrincipal[] = [];
  beforeAll(async () => {
    t = await createTestModule([TransparencyModule]);
    make = new Factories(t.db);
    [manager, auditor, stranger] = [await make.user(), await make.user(), await make.user()];
    await make.grant(manager!, { id: METASTORE_ID }, 'MANAGE');
    await make.grant(manager!, await make.schema('prod.fraud', manager!), 'READ_AUDIT');
    await make.schema('other.things', stranger!);
    await make.grant(auditor!, { id: METASTORE_ID }, 'READ_AUDIT');
  });
  afterAll(() => t.close());

  const set = (who: TestPrincipal | undefined, days: number | null, reason = 'our rules') =>
    t.as(who!, () => t.module.get(AuditRetentions).set('TRACKING', days, reason));
  const list = (who = auditor) => t.as(who!, () => t.module.get(AuditRetentions).list());
  const place = (input: Partial<LegalHoldInput>, who = manager) => {
    const on = { kind: 'SCHEMA', fullName: 'prod.fraud' } as const;
    return t.as(who!, () => t.module.get(LegalHolds).place({ name: 'case 7', reason: 'a suit', on, ...input }));
  };
  const release = (name: string, who = manager) => t.as(who!, () => t.module.get(LegalHolds).release(name, 'settled'));
  const holds = (who = auditor) => t.as(who!, () => t.module.get(LegalHolds).list({ first: 10 }));
  const recorded = (action: string) =>
    t.db.query(
      sql`SELECT before, after, reason, object_name AS name FROM audit_events WHERE action = ${action} ORDER BY id`,
    );
  const denied = { kind: 'PERMISSION_DENIED' };

  it('is for ever, until holders of MANAGE say otherwise, and each change is recorded', async () => {
    expect((await list()).map(({ eventClass, days }) => [eventClass, days])).toEqual(
      ['REFUSALS', 'CREDENTIALS', 'TRACKING', 'GOVERNANCE'].map((eventClass) => [eventClass, null]),
    );
    await set(manager, 90);
    await set(manager, null, 'a mistake');
    await set(manager, 30);
    expect((await list())[2]).toMatchObject({ eventClass: 'TRACKING', days: 30, changedAt: expect.any(Date) });
    expect(await recorded('audit_retention.changed')).toEqual([
      { before: { days: null }, after: { days: 90 }, reason: 'our rules', name: 'TRACKING' },
      { before: { days: 90 }, after: { days: null }, reason: 'a mistake', name: 'TRACKING' },
      { before: { days: null }, after: { days: 30 }, reason: 'our rules', name: 'TRACKING' },
    ]);
    for (const days of [29, 0, -1, 36_501]) {
      await expect(set(manager, days)).rejects.toThrow(`days: ${days} is not between 30 and 36500`);
    }
    await expect(set(manager, 30, ' ')).rejects.toThrow('reason: must have 1 to 2000 characters');
  });

  it('is said by holders of MANAGE on the metastore, and shown to its auditors', async () => {
    for (const who of [auditor, stranger]) await expect(set(who, 30)).rejects.toMatchObject(denied);
    await expect(list(stranger)).rejects.toMatchObject(denied);
    for (const who of [auditor, stranger]) {
      await expect(place({}, who)).rejects.toMatchObject(denied);
      await expect(release('case 7', who)).rejects.toMatchObject(denied);
    }
    await expect(holds(stranger)).rejects.toMatchObject(denied);
  });

  it('has no end for what is held, until it is released, once', async () => {
    const hold = await place({ eventsFrom: new Date('2026-01-01T00:00:00Z') });
    expect((await holds()).edges.map(({ node }) => node)).toEqual([hold]);
    await expect(place({})).rejects.toMatchObject({ kind: 'ALREADY_EXISTS' });
    const released = await release('case 7');
    expect(released).toMatchObject({ releasedBy: manager?.name, releaseReason: 'settled' });
    await expect(release('case 7')).rejects.toMatchObject({ reason: 'LEGAL_HOLD_RELEASED' });
    await expect(release('case 8')).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    expect(await recorded('legal_hold.placed')).toMatchObject([{ name: 'case 7', reason: 'a suit' }]);
    expect(await recorded('legal_hold.released')).toMatchObject([{ name: 'case 7', reason: 'settled' }]);
    for (const change of [
      sql`UPDATE legal_holds SET released_at = NULL`,
      sql`UPDATE legal_holds SET events_to = now()`,
      sql`DELETE FROM legal_holds`,
    ]) {
      await expect(t.db.execute(change)).rejects.toThrow('append-only');
    }
  });

  it('holds nothing that the manager may not read the events of, hidden or absent alike', async () => {
    const hidden = { kind: 'SCHEMA', fullName: 'other.things' } as const;
    const absent = { kind: 'SCHEMA', fullName: 'other.nothing' } as const;
    const [one, other] = await Promise.all(
      [hidden, absent].map((on) => place({ name: 'case 9', on }).catch((error: Error) => error.message)),
    );
    expect(one).toBe((other as string).replace('nothing', 'things'));
    expect(one).toContain('does not exist, or you may not see it');
  });

  it('says what is wrong with a hold', async () => {
    const [early, late] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')];
    await expect(place({ name: ' ' })).rejects.toThrow('name: must have 1 to 200 characters, and has 0');
    await expect(place({ reason: '' })).rejects.toThrow('reason: must have');
    await expect(place({ eventsFrom: late, eventsTo: early })).rejects.toThrow('is not before eventsTo');
  });

  it.each([
    ['run.created', 'ALLOWED', 'TRACKING'],
    ['run.created', 'REFUSED', 'REFUSALS'],
    ['session.begun', 'ALLOWED', 'CREDENTIALS'],
    ['promotion_request.applied', 'ALLOWED', 'GOVERNANCE'],
    ['audit_log.period_deleted', 'ALLOWED', null],
    ['legal_hold.placed', 'ALLOWED', null],
    ['signing_key.retired', 'ALLOWED', null],
  ])('takes %s, %s, for %s', async (action, outcome, expected) => {
    const row = await t.db.first(sql`SELECT audit_event_class(${action}, ${outcome}) AS class`);
    expect(row).toEqual({ class: expected });
  });
});
