import fs from 'node:fs';
import path from 'node:path';
import { METASTORE_ID } from '@app/access';
import { nodeId } from '@app/platform';
import { Sealer } from '@app/transparency';
import sql from 'sql-template-tag';
import type { Replay } from '../../apps/cli/src/audit/replay.js';
import { stateAt } from '../../apps/cli/src/audit/state.js';
import { Random } from '../chaos/random.js';
import { hasMeaning, Reference } from '../support/access-reference.js';
import { createTestApp, type TestApp } from '../support/app.js';
import { createCli } from '../support/cli.js';
import type { TestPrincipal } from '../support/factories.js';
import { graphql } from '../support/graphql.js';
import { grantedOn } from '../support/worlds.js';
import { LongHistory } from './long-history.js';
import { type Change, worded, wordsOf } from './net-changes.js';
import { worldOf } from './replayed-world.js';

const changes = 600;
const instants = 100;

interface Row {
  id: string;
  kind: string;
  fullName: string;
}

describe('the past, as the service tells it and as a replay of the exported log does', () => {
  const seed = Number(process.env.HISTORY_SEED ?? Date.now() % 1_000_000);
  const random = new Random(seed);
  let t: TestApp;
  let history: LongHistory;
  let auditor: TestPrincipal;
  let file: string;
  let rows: Row[];
  let people: { id: string; name: string }[];
  let times: Date[];

  beforeAll(async () => {
    t = await createTestApp();
    history = new LongHistory(t, random);
    await history.begin();
    for (let made = 0; made < changes; made++) await history.step();
    const sealer = t.app.get(Sealer, { strict: false });
    while ((await sealer.seal()).more);
    auditor = await t.make.user('auditor');
    await t.make.grant(auditor, { id: METASTORE_ID }, 'READ_AUDIT');
    const headers = { authorization: `Bearer ${auditor.token}` };
    file = path.join(t.env.DATA_DIR as string, 'audit.ndjson');
    fs.writeFileSync(file, await (await fetch(`${t.url}/api/audit/v1/export`, { headers })).text());
    rows = await t.db.query<Row>(sql`SELECT id, kind, full_name AS "fullName" FROM securables ORDER BY id`);
    people = await t.db.query(
      sql`SELECT id, name FROM principals WHERE kind <> 'GROUP' AND name <> 'auditor' ORDER BY id`,
    );
    times = await t.db.query<{ at: Date }>(sql`SELECT occurred_at AS at FROM audit_events ORDER BY 1`).then(picked);
  }, 300_000);
  afterAll(() => t.close());

  /** Half of them to the millisecond of an event. */
  const picked = (events: { at: Date }[]): Date[] => {
    const [first, last] = [events[0]?.at.getTime() as number, events.at(-1)?.at.getTime() as number];
    return Array.from({ length: instants }, (_, index) =>
      index % 2 ? random.one(events).at : new Date(first + random.below(last - first)),
    );
  };

  const ask = async (query: string) => {
    const { data, errors } = await graphql(t, auditor.token, query);
    expect(errors).toBeUndefined();
    return data;
  };
  const text = JSON.stringify;

  /** Of one object, in words that both can be put into. */
  const replayed = (replay: Replay, { id }: Row, at: Date) => {
    const found = replay.securables.get(id);
    if (!found) return null;
    const nameOf = (principal: string) => replay.principals.get(principal)?.name;
    return {
      fullName: replay.fullName(id),
      owner: nameOf(found.ownerId),
      grants: [...found.grants.values()]
        .filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > at.getTime())
        .map(({ principalId, privilege, expiresAt }) => `${privilege} ${nameOf(principalId)} ${expiresAt}`)
        .sort(),
      policies: [...found.policies].map(([policy, { name, revision }]) => `${policy} ${name} ${revision}`).sort(),
    };
  };

  const told = async ({ kind, fullName }: Row, at: Date) => {
    const fields = `securableState(kind: ${kind}, fullName: ${text(fullName)}, at: ${text(at)}) { fullName ownerName grants(first: 100) { nodes { privilege principalName expiresAt } }
      policies { policyId name revision { revision } } }`;
    const { state } = await ask(`{ state: ${fields} }`);
    if (!state) return null;
    const { fullName: name, ownerName, grants, policies } = state;
    return {
      fullName: name,
      owner: ownerName,
      // biome-ignore lint/suspicious/noExplicitAny: what the server sent.
      grants: grants.nodes.map((each: any) => `${each.privilege} ${each.principalName} ${each.expiresAt}`).sort(),
      policies: policies
        // biome-ignore lint/suspicious/noExplicitAny: what the server sent.
        .map((each: any) => `${keyOf(each.policyId)} ${each.name} ${each.revision.revision}`)
        .sort(),
    };
  };
  const keyOf = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1];

  it('agrees on owners, names, grants and policies at every instant', async () => {
    console.info(`seed ${seed}: ${[...history.done].map(([name, times]) => `${name} ${times}`).join(', ')}`);
    for (const kind of ['promotion', 'rollback', 'breakGlass', 'policy', 'grant', 'join'])
      expect(history.done.get(kind)).toBeGreaterThan(0);
    for (const at of times) {
      const { replay } = await stateAt(file, at);
      for (const row of [rows[0] as Row, random.one(rows), random.one(rows), random.one(rows)]) {
        const where = `seed ${seed}: ${row.kind} ${row.fullName} at ${at.toISOString()}`;
        expect({ where, state: await told(row, at) }).toEqual({ where, state: replayed(replay, row, at) });
      }
    }
  }, 300_000);

  it('agrees on who held each alias and stage, and which event put it there', async () => {
    const models = rows.filter(({ kind }) => kind === 'REGISTERED_MODEL');
    const sequences = new Map(
      (await t.db.query<{ id: string; n: number }>(sql`SELECT event_id AS id, sequence AS n FROM sealed_events`)).map(
        ({ id, n }) => [nodeId('AuditEvent', id), Number(n)],
      ),
    );
    for (const at of times) {
      const { replay } = await stateAt(file, at);
      const { fullName, id } = random.one(models);
      const found = replay.securables.get(id);
      const holdings = [...(found?.aliases.values() ?? []), ...(found?.stages.values() ?? [])];
      const { state } = await ask(`{ state: securableState(fullName: ${text(fullName)}, at: ${text(at)}) {
        holders(first: 100) { totalCount nodes { target { name } versionNumber since event { id } } } } }`);
      // biome-ignore lint/suspicious/noExplicitAny: what the server sent.
      const held = (state?.holders.nodes ?? []).map(({ target, versionNumber, since, event }: any) =>
        [target.name, versionNumber, since, sequences.get(event?.id)].join(' '),
      );
      const expected = holdings.map(({ target, version, since, sequence }) =>
        [target, version, since, sequence].join(' '),
      );
      const where = `seed ${seed}: ${fullName} at ${at.toISOString()}`;
      expect({ where, held: held.sort() }).toEqual({ where, held: expected.sort() });
      expect(state?.holders.totalCount ?? 0).toBe(expected.length);
    }
  }, 300_000);

  it('is what the auditors’ command prints, which asks no server', async () => {
    const cli = createCli();
    try {
      const [at, row] = [times[times.length - 1] as Date, rows[0] as Row];
      const { replay } = await stateAt(file, at);
      const answer = await cli.run(['audit', 'state', file, '--at', at.toISOString(), '--json']);
      expect(answer).toMatchObject({ code: 0, stderr: '' });
      const { securables, principals } = answer.json();
      expect(securables.map(({ id }: Row) => id).sort()).toEqual([...replay.securables.keys()].sort());
      expect(principals).toHaveLength(replay.principals.size);
      const printed = securables.find(({ id }: Row) => id === row.id);
      expect(printed).toMatchObject({ kind: row.kind, owner: replayed(replay, row, at)?.owner });
      const wrong = await cli.run(['audit', 'state', file, '--at', 'yesterday']);
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--at: "yesterday" is no instant') });
      const unknown = await cli.run(['audit', 'state', file, '--at', at.toISOString(), '--model', 'no.such.model']);
      expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('there was no model "no.such.model"') });
    } finally {
      cli.remove();
    }
  });

  it('agrees on what is different between two instants', async () => {
    const expiring = new Set(
      (
        await t.db.query<{
          key: string;
        }>(sql`SELECT securable_id || ' ' || (after ->> 'principalId') || ' ' || (after ->> 'privilege') AS key
          FROM audit_events WHERE object_kind = 'GRANT' AND after ->> 'expiresAt' IS NOT NULL`)
      ).map(({ key }) => key),
    );
    let told = 0;
    for (let asked = 0; asked < instants; asked++) {
      const [from, to] = [random.one(times), random.one(times)].sort((one, other) => +one - +other) as [Date, Date];
      const { fullName, id } = random.one(rows.filter(({ kind }) => kind === 'REGISTERED_MODEL'));
      const [before, after] = [await stateAt(file, from), await stateAt(file, to)];
      const words = wordsOf(before.replay, id, expiring);
      const later = wordsOf(after.replay, id, expiring);
      if (from >= to || !words || !later) continue;
      const expected = [...new Set([...words.keys(), ...later.keys()])]
        .filter((key) => words.get(key) !== later.get(key))
        .map((key) => `${key}: ${words.get(key) ?? null} -> ${later.get(key) ?? null}`);
      const { changes } =
        await ask(`{ changes: changesBetween(fullName: ${text(fullName)}, from: ${text(from)}, to: ${text(to)},
        first: 100) { nodes { aspect key objectName before after eventCount events { id } } } }`);
      const found = changes.nodes.flatMap((change: Change) => worded(change, id, expiring));
      const where = `seed ${seed}: ${fullName} from ${from.toISOString()} to ${to.toISOString()}`;
      expect({ where, found: found.sort() }).toEqual({ where, found: expected.sort() });
      told += found.length;
    }
    expect(told).toBeGreaterThan(0);
  }, 300_000);

  it('agrees with the reference on what everybody was allowed to do', async () => {
    let allowed = 0;
    for (const at of times) {
      const { replay } = await stateAt(file, at);
      const { people: replayedPeople, given, thing } = worldOf(replay, at);
      for (let asked = 0; asked < 3; asked++) {
        const [who, row] = [random.one(people), random.one(rows)];
        const { answer } = await ask(`{ answer: effectivePrivileges(principal: ${text(who.name)}, kind: ${row.kind},
          fullName: ${text(row.fullName)}, asOf: ${text(at)}) { privilege } }`);
        const there = replay.securables.has(row.id) && thing(row.id);
        const identity = replayedPeople.get(who.id);
        const reference = identity && new Reference(given, identity);
        const expected =
          there &&
          Object.keys(grantedOn)
            .filter((name) => name !== 'ALL_PRIVILEGES' && grantedOn[name]?.includes(row.kind as never))
            .filter((name) => hasMeaning(name, there) && reference?.allowed(name, there))
            .sort();
        const where = `seed ${seed}: ${who.name} on ${row.kind} ${row.fullName} at ${at.toISOString()}`;
        const held = answer?.map(({ privilege }: { privilege: string }) => privilege).sort() ?? false;
        expect({ where, held }).toEqual({ where, held: expected });
        allowed += held.length ?? 0;
      }
    }
    expect(allowed).toBeGreaterThan(instants);
  }, 300_000);
});
