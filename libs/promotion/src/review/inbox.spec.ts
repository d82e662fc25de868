import { randomUUID } from 'node:crypto';
import type { Securable } from '@app/access';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import { promotionStates } from '../promotion-request.js';
import { PromotionRequestReader } from '../promotion-request.reader.js';

const [peopleCount, groupCount, modelCount, requestCount] = [20, 5, 4, 300];
const person = fc.nat(peopleCount - 1);

/** Who is where, who may what, and 300 requests in every situation: indexes of people, groups and models. */
const inboxes = fc.record({
  memberships: fc.array(fc.tuple(person, fc.nat(groupCount - 1)), { minLength: 20, maxLength: 40 }),
  /** Groups within groups, always into a later one. */
  nesting: fc.array(fc.tuple(fc.nat(groupCount - 1), fc.nat(groupCount - 1)), { maxLength: 4 }),
  approvers: fc.array(fc.tuple(person, fc.nat(modelCount)), { minLength: 15, maxLength: 40 }),
  requests: fc.array(
    fc.record({
      model: fc.nat(modelCount - 1),
      state: fc.oneof(fc.constant('AWAITING_APPROVAL' as const), fc.constantFrom(...promotionStates)),
      requester: person,
      creator: fc.option(person),
      trainer: fc.option(person),
      separation: fc.record({ requester: fc.boolean(), versionCreator: fc.boolean(), runUser: fc.boolean() }),
      rules: fc.array(fc.nat(peopleCount + groupCount - 1), { maxLength: 3 }),
      decisions: fc.uniqueArray(fc.record({ who: person, stale: fc.boolean(), ended: fc.boolean() }), {
        selector: ({ who }) => who,
        maxLength: 4,
      }),
    }),
    { minLength: requestCount, maxLength: requestCount },
  ),
});
type Inbox = typeof inboxes extends fc.Arbitrary<infer T> ? T : never;

describe('the inbox', () => {
  let t: PromotionTest;
  let people: TestPrincipal[];
  let groups: TestPrincipal[];
  let models: Securable[];

  beforeAll(async () => {
    t = await createPromotionTest();
    const several = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));
    people = await several(peopleCount, () => t.make.user());
    groups = await several(groupCount, () => t.make.group());
    models = await several(modelCount, () => t.model());
    const everybody = await t.make.group(people);
    await t.make.grant(everybody, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  afterAll(() => t.close());

  const idOf = (principal: number) => (people[principal] ?? groups[principal - peopleCount])?.id as string;

  async function store({ memberships, nesting, approvers, requests }: Inbox): Promise<string[]> {
    const { db } = t;
    await db.execute(sql`DELETE FROM promotion_requests`);
    await db.execute(sql`DELETE FROM model_versions`);
    await db.execute(sql`DELETE FROM group_members WHERE group_id = ANY(${groups.map(({ id }) => id)}::uuid[])`);
    await db.execute(sql`DELETE FROM grants WHERE principal_id = ANY(${people.map(({ id }) => id)}::uuid[])`);
    const members = [
      ...memberships.map(([who, group]) => [idOf(who), idOf(peopleCount + group)]),
      ...nesting.filter(([one, other]) => one < other).map((pair) => pair.map((group) => idOf(peopleCount + group))),
    ];
    await db.execute(sql`INSERT INTO group_members (member_id, group_id)
      SELECT * FROM unnest(${members.map(([one]) => one)}::uuid[], ${members.map(([, other]) => other)}::uuid[]) ON CONFLICT DO NOTHING`);
    for (const [who, place] of approvers)
      await t.make.grant({ id: idOf(who) }, models[place] ?? t.catalog, 'APPROVE_PROMOTION');
    await db.execute(sql`UPDATE access_version SET version = version + 1`);

    const ids = requests.map(() => randomUUID());
    const id = (index: number | null) => (index === null ? null : idOf(index));
    const rows = requests.map((request, index) => ({
      id: ids[index],
      model_id: models[request.model]?.id,
      number: index + 1,
      state: request.state,
      requester: id(request.requester),
      creator: id(request.creator),
      trainer: id(request.trainer),
      policy: {
        policies: [],
        gates: [],
        approvals: request.rules.map((rule) => ({ name: 'r', count: 1, principalIds: [idOf(rule)], dryRun: false })),
        separationOfDuties: request.separation,
        dismissStaleDecisions: true,
      },
      closed_at: ['VALIDATING', 'BLOCKED', 'AWAITING_APPROVAL', 'CHANGES_REQUESTED', 'APPROVED'].includes(request.state)
        ? null
        : new Date(),
    }));
    const given = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS x(id uuid, model_id uuid, number int, state text,
      requester uuid, creator uuid, trainer uuid, policy jsonb, closed_at timestamptz)`;
    await db.execute(sql`INSERT INTO model_versions (id, model_id, number, status, source, created_by, run_principal_id)
      SELECT x.id, x.model_id, x.number, 'READY', 's3://x', x.creator, x.trainer FROM ${given}`);
    await db.execute(sql`INSERT INTO promotion_requests (id, model_id, model_full_name, version_id, version_number, target_kind,
        target_name, state, requester_id, justification, artifact_digest, effective_policy, evidence_digest, closed_at)
      SELECT x.id, x.model_id, 'm', x.id, x.number, 'ALIAS', 'champion', x.state, x.requester, 'j', 'd', x.policy, 'now', x.closed_at
      FROM ${given}`);
    const decided = requests.flatMap(({ decisions }, index) =>
      decisions.map(({ who, stale, ended }) => ({
        request: ids[index],
        who: idOf(who),
        digest: stale ? 'old' : 'now',
        ended,
      })),
    );
    await db.execute(sql`INSERT INTO decisions (id, request_id, principal_id, verdict, evidence_digest, ended_at, ending)
      SELECT gen_random_uuid(), x.request, x.who, 'APPROVE', x.digest, CASE WHEN x.ended THEN now() END,
        CASE WHEN x.ended THEN 'WITHDRAWN' END
      FROM jsonb_to_recordset(${JSON.stringify(decided)}::jsonb) AS x(request uuid, who uuid, digest text, ended boolean)`);
    return ids;
  }

  /** Worked out from what was drawn, without the database. */
  function bruteForce({ memberships, nesting, approvers, requests }: Inbox, who: number): Set<number> {
    const identities = new Set([who]);
    for (const [member, group] of memberships) if (member === who) identities.add(peopleCount + group);
    for (let round = 0; round < groupCount; round++) {
      for (const [one, other] of nesting)
        if (one < other && identities.has(peopleCount + one)) identities.add(peopleCount + other);
    }
    const privileged = (model: number) =>
      approvers.some(([one, place]) => one === who && (place === model || place === modelCount));
    const awaiting = requests.flatMap((request, index) => {
      const { state, separation, requester, creator, trainer, decisions } = request;
      const barred =
        (separation.requester && requester === who) ||
        (separation.versionCreator && creator === who) ||
        (separation.runUser && trainer === who);
      const decided = decisions.some((decision) => decision.who === who && !decision.stale && !decision.ended);
      const named = request.rules.some((rule) => identities.has(rule));
      const open = state === 'AWAITING_APPROVAL' || state === 'CHANGES_REQUESTED';
      return open && privileged(request.model) && named && !barred && !decided ? [index] : [];
    });
    return new Set(awaiting);
  }

  it('holds exactly what each of 20 people may approve among 300 requests, on every page and in its count', async () => {
    const reader = t.module.get(PromotionRequestReader);
    let listed = 0;
    await fc.assert(
      fc.asyncProperty(inboxes, async (inbox) => {
        const ids = await store(inbox);
        for (let who = 0; who < peopleCount; who++) {
          const expected = [...bruteForce(inbox, who)].map((index) => ids[index] as string).sort();
          await t.as(people[who] as TestPrincipal, async () => {
            const found: string[] = [];
            let after: string | undefined;
            do {
              const page = await reader.list({ awaitingViewer: true }, { first: 7, after });
              found.push(...page.edges.map(({ node }) => node.id));
              if (page.hasNextPage) expect(page.edges).toHaveLength(7);
              after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;
            } while (after);
            expect(found.sort()).toEqual(expected);
            expect(await reader.count({ awaitingViewer: true })).toBe(expected.length);
            const decisions = await reader.viewerDecisionsOf(ids);
            const allowed = decisions.filter((decision) => decision.allowed).map(({ requestId }) => requestId);
            expect(allowed.sort()).toEqual(expected);
            listed += expected.length;
          });
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
    expect(listed).toBeGreaterThan(0);
  }, 600_000);
});
