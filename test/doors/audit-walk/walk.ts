import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import type { Answer, TestApp } from '../../support/app.js';
import type { TestPrincipal } from '../../support/factories.js';
import { eventually } from '../../support/processes.js';
import type { Case, Refused } from './case.js';
import type { WalkWorld } from './world.js';

interface Recorded {
  told: string;
  outcome: string;
  actorId: string | null;
  actorName: string;
  onBehalfOf: string | null;
  reason: string | null;
  sourceAddress: string | null;
}

/** Sends the call of a case as somebody, under a request id. */
export type Send = (who: TestPrincipal, requestId: string) => Promise<Answer>;

/** Whoever may not is refused, with an event; whoever may changes something, with its events and no other. */
export async function walk(w: WalkWorld, given: Case, send: Send): Promise<void> {
  const { events, by = w.owner, actor = by.name, onBehalfOf = null, onceMore } = given;
  for (const who of ['stranger', 'reader'] as const) await refused(w, given, who, send);

  const expected = 'none' in events ? [] : events;
  const { answer, recorded } = await asked(w.t, by, send);
  expect([answer.status < 300, problemOf(answer)]).toEqual([true, undefined]);
  expect(recorded.map(({ told }) => withoutRandom(told))).toEqual(expected);
  for (const event of recorded) {
    expect(event).toMatchObject({ outcome: 'ALLOWED', actorName: actor, onBehalfOf, sourceAddress: '127.0.0.1' });
    if (actor === by.name) expect(event.actorId).toBe(by.id);
  }
  if (onceMore) expect((await asked(w.t, by, send)).recorded).toEqual([]);
}

/** The names that the workspace registry's webhooks get are drawn. */
const withoutRandom = (told: string): string => told.replace(/registry webhook [0-9a-f]{12}/, 'registry webhook …');

async function refused(w: WalkWorld, { notRefused }: Case, name: Refused, send: Send): Promise<void> {
  if (notRefused?.[name]) return;
  const who = w[name];
  const requestId = randomUUID();
  const answer = await send(who, requestId);
  expect([name, problemOf(answer)]).not.toEqual([name, undefined]);
  // The refusals of one request are written together, so that the first look that finds one finds all.
  const recorded = await eventually(
    () => recordedOf(w.t, requestId),
    ({ length }) => length > 0,
    10_000,
  );
  expect(recorded.map(({ told }) => told.replace(/ .*/, ''))).toEqual(['access.refused']);
  expect(recorded[0]).toMatchObject({ outcome: 'REFUSED', actorId: who.id, actorName: who.name, onBehalfOf: null });
  expect(recorded[0]).toMatchObject({ sourceAddress: '127.0.0.1', reason: expect.stringMatching(/./) });
}

async function asked(t: TestApp, who: TestPrincipal, send: Send) {
  const requestId = randomUUID();
  const answer = await send(who, requestId);
  expect(answer.headers.get('x-request-id')).toBe(requestId);
  return { answer, recorded: await recordedOf(t, requestId) };
}

/** What kept a call from being carried out: GraphQL says it in an answer of its own form. */
const problemOf = ({ status, body }: Answer): unknown =>
  status < 300 ? (body?.errors ?? body?.data?.answer?.errors?.[0]) : body;

const recordedOf = (t: TestApp, requestId: string): Promise<Recorded[]> =>
  t.db.query<Recorded>(sql`
    SELECT action || ' ' || object_name || COALESCE(' (' || NULLIF(concat_ws(', ', CASE WHEN before IS NOT NULL THEN 'before' END,
        CASE WHEN after IS NOT NULL THEN 'after' END, CASE WHEN reason IS NOT NULL THEN 'reason' END), '') || ')', '') AS told,
      outcome, actor_id AS "actorId", actor_name AS "actorName", on_behalf_of AS "onBehalfOf", reason,
      source_address AS "sourceAddress"
    FROM audit_events WHERE request_id = ${requestId} ORDER BY id`);
