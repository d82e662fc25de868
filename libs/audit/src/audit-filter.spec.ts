import { METASTORE_ID } from '@app/access';
import { InvalidArgument, NotFound } from '@app/platform';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import type { AuditEvent } from './audit-event.js';
import { type AskedAuditFilter, type AuditFilter, auditConditions } from './audit-filter.js';
import { AuditFilters } from './audit-filters.js';
import { AuditTrail } from './audit-trail.service.js';

type Event = Pick<
  AuditEvent,
  'id' | 'occurredAt' | 'actorName' | 'onBehalfOf' | 'action' | 'outcome' | 'objectName' | 'reason' | 'requestId'
> & { actorId: string };

const words = ['alpha', 'Beta', 'GAMMA', 'δέλτα', 'l’été', '42'];
const names = ['ada', 'Ada', 'grace%', 'o_o'];
const actions = ['grant.created', 'grant.revoked', 'grants.read', 'run.created', 'promotion_request.applied'];
const objects = ['prod.fraud.scorer', 'PROD.fraud.scorer/1', 'prod.fr_ud', 'prod.fr%', 'dev'];
const requests = ['r-1', 'r-2', null];
const actors = [uuidv7(), uuidv7()];
const start = Date.UTC(2026, 0, 1);

const one = <T>(...values: T[]) => fc.constantFrom(...values);
const event: fc.Arbitrary<Event> = fc.record({
  id: fc.constant('').map(() => uuidv7()),
  occurredAt: fc.nat(20).map((hours) => new Date(start + hours * 3_600_000)),
  actorId: one(...actors),
  actorName: one(...names),
  onBehalfOf: one(...names, null),
  action: one(...actions),
  outcome: one('ALLOWED', 'REFUSED'),
  objectName: one(...objects),
  reason: fc.option(fc.array(one(...words), { minLength: 1, maxLength: 5 }).map((some) => some.join(', '))),
  requestId: one(...requests),
});

/** What is asked of a reason: words, two next to each other, and words that must not be there. */
const term = fc.oneof(
  one(...words).map((word) => ({ text: word.toLowerCase(), word: [word], not: false })),
  fc.tuple(one(...words), one(...words)).map((both) => ({ text: `"${both.join(' ')}"`, word: both, not: false })),
  one(...words).map((word) => ({ text: `-${word.toUpperCase()}`, word: [word], not: true })),
);
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 2 });
const filter = fc.record({
  actorId: maybe(one(...actors)),
  actorName: maybe(one('ADA', 'grace%', 'grace_', 'O_O', 'nobody')),
  onBehalfOf: maybe(one('aDa', 'GRACE%', 'o_o')),
  action: maybe(one(...actions, 'grant.*', 'grant*', 'promotion_request.*', '*', '%')),
  objectName: maybe(one('prod', 'Prod.Fraud.', 'prod.fr_', 'prod.fr%', '%', 'DEV')),
  outcome: maybe(one('ALLOWED' as const, 'REFUSED' as const)),
  reason: maybe(fc.array(term, { minLength: 1, maxLength: 3 })),
  from: maybe(fc.nat(10).map((hours) => new Date(start + hours * 3_600_000))),
  to: maybe(fc.integer({ min: 11, max: 21 }).map((hours) => new Date(start + hours * 3_600_000))),
  requestId: maybe(one('r-1', 'R-1', 'r-3')),
});
type Drawn = Parameters<Parameters<typeof filter.map>[0]>[0];

const same = (one: string | null, other: string) => one?.toLowerCase() === other.toLowerCase();

/** What the database does, in a few words of another language. */
function matches(event: Event, { reason, from, to, action, objectName, ...asked }: Drawn): boolean {
  const spoken = event.reason?.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const has = (some: string[]) => {
    const sought = some.flatMap((word) => word.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
    return spoken.some((_, at) => sought.every((word, next) => spoken[at + next] === word));
  };
  return (
    (asked.actorId === undefined || event.actorId === asked.actorId) &&
    (asked.actorName === undefined || same(event.actorName, asked.actorName)) &&
    (asked.onBehalfOf === undefined || same(event.onBehalfOf, asked.onBehalfOf)) &&
    (asked.outcome === undefined || event.outcome === asked.outcome) &&
    (asked.requestId === undefined || event.requestId === asked.requestId) &&
    (action === undefined ||
      (action.endsWith('*') ? event.action.startsWith(action.slice(0, -1)) : event.action === action)) &&
    (objectName === undefined || event.objectName.toLowerCase().startsWith(objectName.toLowerCase())) &&
    (from === undefined || event.occurredAt >= from) &&
    (to === undefined || event.occurredAt < to) &&
    (reason === undefined || (event.reason !== null && reason.every(({ word, not }) => has(word) !== not)))
  );
}

const newestFirst = (one: Event, other: Event) =>
  other.occurredAt.getTime() - one.occurredAt.getTime() || (one.id < other.id ? 1 : -1);

describe('a filter of audit events', () => {
  let t: TestModule;
  let auditor: TestPrincipal;
  const [events] = fc.sample(fc.array(event, { minLength: 90, maxLength: 100, size: 'max' }), 1) as [Event[]];

  beforeAll(async () => {
    t = await createTestModule([]);
    const make = new Factories(t.db);
    auditor = await make.user('auditor');
    await make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    await t.db.execute(sql`
      INSERT INTO audit_events (id, occurred_at, actor_id, actor_name, on_behalf_of, action, outcome, object_kind, object_name,
        reason, request_id)
      SELECT id, "occurredAt", "actorId", "actorName", "onBehalfOf", action, outcome, 'GRANT', "objectName", reason, "requestId"
      FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS e(id uuid, "occurredAt" timestamptz, "actorId" uuid,
        "actorName" text, "onBehalfOf" text, action text, outcome text, "objectName" text, reason text, "requestId" text)`);
  });
  afterAll(() => t.close());

  it('finds what a look at each event finds', () =>
    fc.assert(
      fc.asyncProperty(filter, async (drawn) => {
        const asked: AuditFilter = { ...drawn, reason: drawn.reason?.map(({ text }) => text).join(' ') };
        const { edges } = await t.as(auditor, () => t.module.get(AuditTrail).list(asked, { first: 100 }));
        const expected = events.filter((each) => matches(each, drawn)).sort(newestFirst);
        expect(edges.map(({ node }) => node.id)).toEqual(expected.map(({ id }) => id));
      }),
      { numRuns: 300 },
    ));

  it.each(['', ' ', '"', '-', '!!! & |', '\\'])('of a reason needs a word: %j', async (reason) => {
    await expect(t.as(auditor, () => t.module.get(AuditTrail).list({ reason }, { first: 1 }))).rejects.toThrow(
      InvalidArgument,
    );
  });

  it.each(["it's", 'a & b | !c', '"open', 'a:*', "'; DROP TABLE audit_events --", 'x'.repeat(9000)])(
    'of a reason takes any text for what it is: %j',
    async (reason) => {
      expect((await t.as(auditor, () => t.module.get(AuditTrail).list({ reason }, { first: 1 }))).edges).toBeDefined();
    },
  );

  it('names its actor by the name of now', async () => {
    const read = (asked: AskedAuditFilter) => t.as(auditor, () => t.module.get(AuditFilters).read(asked));
    expect(await read({ actor: 'AUDITOR', action: 'x' })).toEqual({ actorId: auditor.id, action: 'x' });
    await expect(read({ actor: 'nobody' })).rejects.toThrow(NotFound);
  });

  it('keeps an event whose reason is longer than an index of words can be', async () => {
    const reason = Array.from({ length: 300_000 }, (_, n) => `w${n}`).join(' ');
    await t.db.execute(sql`INSERT INTO audit_events (id, actor_name, action, outcome, object_kind, object_name, reason)
      VALUES (${uuidv7()}::uuid, 'x', 'long.reason', 'ALLOWED', 'GRANT', 'x', ${reason})`);
    const found = await t.as(auditor, () => t.module.get(AuditTrail).list({ reason: 'w7 w8' }, { first: 1 }));
    expect(found.edges[0]?.node.action).toBe('long.reason');
  });

  describe('over many events', () => {
    beforeAll(async () => {
      await t.db.execute(sql`
        INSERT INTO audit_events (id, occurred_at, actor_id, actor_name, on_behalf_of, action, outcome, object_kind, object_id,
          object_name, securable_id, schema_id, catalog_id, reason, request_id)
        SELECT gen_random_uuid(), now() - n * interval '1 second', md5((n % 500)::text)::uuid, 'person ' || n % 500,
          CASE n % 10 WHEN 0 THEN 'person ' || n % 500 END, CASE n % 10000 WHEN 0 THEN 'rare.changed' ELSE 'noun' || n % 90 || '.changed' END,
          CASE n % 100 WHEN 0 THEN 'REFUSED' ELSE 'ALLOWED' END, 'RUN', 'run-' || n, 'c' || n % 500 || '.s.m' || n % 1000,
          md5((n % 1000)::text)::uuid, md5((n % 700)::text)::uuid, md5((n % 500)::text)::uuid,
          CASE n % 3 WHEN 0 THEN 'word' || n % 997 || ' word' || n % 613 END, 'request-' || n
        FROM generate_series(1, 30000) AS n`);
      await t.db.execute(sql`ANALYZE audit_events`);
    }, 60_000);

    const id = '00000000-0000-7000-8000-000000000001';
    it.each<[AuditFilter, string]>([
      [{}, 'audit_events_occurred_at_id_idx'],
      [{ from: new Date(0), to: new Date(1) }, 'audit_events_occurred_at_id_idx'],
      [{ outcome: 'ALLOWED' }, 'audit_events_occurred_at_id_idx'],
      [{ outcome: 'REFUSED' }, 'audit_events_refused'],
      [{ actorId: id }, 'audit_events_actor_id_occurred_at_id_idx'],
      [{ actorName: 'Person 7' }, 'audit_events_actor_name'],
      [{ onBehalfOf: 'Person 70' }, 'audit_events_on_behalf_of'],
      [{ action: 'rare.changed' }, 'audit_events_action_prefix'],
      [{ action: 'rare.*' }, 'audit_events_action_prefix'],
      [{ objectName: 'C77.s' }, 'audit_events_object_name_prefix'],
      [{ reason: 'word7 word8' }, 'audit_events_reason_words'],
      [{ reason: 'nowhere' }, 'audit_events_reason_words'],
      [{ requestId: 'request-7' }, 'audit_events_request_id_idx'],
      [{ object: { kind: 'RUN', id: 'run-7' } }, 'audit_events_object_id_occurred_at_id_idx'],
      [{ object: { kind: 'CATALOG', id } }, 'audit_events_catalog_id_occurred_at_id_idx'],
      [{ object: { kind: 'SCHEMA', id } }, 'audit_events_schema_id_occurred_at_id_idx'],
      [{ object: { kind: 'REGISTERED_MODEL', id } }, 'audit_events_securable_id_occurred_at_id_idx'],
    ])('%j reads by %s', async (asked, index) => {
      const plan = await t.db.query<{ 'QUERY PLAN': string }>(sql`
        EXPLAIN SELECT a.* FROM audit_events a WHERE ${auditConditions(asked, sql`TRUE`)}
        ORDER BY a.occurred_at DESC, a.id DESC LIMIT 21`);
      expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(new RegExp(`(using|on) ${index}\\b`));
    });
  });
});
