import type { Securable } from '@app/access';
import { RefusalLog } from '@app/audit';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { eventually } from '../../../../test/support/processes.js';
import { champion, createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { BreakGlass } from './break-glass.service.js';
import { BreakGlassReviews } from './break-glass-reviews.service.js';
import { GateWaivers } from './gate-waivers.service.js';
import { type ViolationFilter, ViolationReader } from './violations.reader.js';

const auc = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } };

describe('the violations report', () => {
  let t: PromotionTest;
  let model: Securable;
  let auditor: TestPrincipal;
  let onCall: TestPrincipal;
  const made: Record<string, PromotionRequest> = {};

  const ready = async (value = 0.9) => t.runGates(await t.request(await t.trained(model, { auc: value })));
  const approve = async (request: PromotionRequest) => {
    await t.decide(t.leads[0], request);
    return t.decide(t.leads[1], request);
  };
  /** As the door does with what it refuses. */
  const refused = async (who: TestPrincipal, work: () => Promise<unknown>) => {
    const error = await t.as(who, work).catch((caught) => caught);
    await t.as(who, async () => t.module.get(RefusalLog).note(error));
  };

  /** One of each kind, and a promotion in which nothing was wrong. */
  beforeAll(async () => {
    t = await createPromotionTest();
    model = await t.model();
    await t.policy(t.catalog, { gates: [auc], dismissStaleDecisions: false });
    auditor = await t.make.user();
    await t.make.grant(auditor, model, 'READ_AUDIT');
    onCall = await t.make.user();
    await t.make.grant(onCall, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'BREAK_GLASS', 'WAIVE_GATE');
    await t.make.grant(t.leads[2], t.catalog, 'WAIVE_GATE');

    await approve(await ready());

    made.WAIVED_GATE = await ready(0.7);
    const waivers = t.module.get(GateWaivers);
    const proposal = { number: made.WAIVED_GATE.number, gate: 'prod/auc', reason: 'a small holdout' };
    const waiver = await t.as(onCall, () => waivers.propose(proposal));
    await refused(onCall, () => waivers.confirm({ id: waiver.id }));
    await t.as(t.leads[2], () => waivers.confirm({ id: waiver.id }));
    await approve(made.WAIVED_GATE);

    made.STALE_APPROVAL = await ready();
    await t.decide(t.leads[0], made.STALE_APPROVAL);
    const newer = sql`UPDATE promotion_requests SET evidence_digest = 'sha256:newer' WHERE id = ${made.STALE_APPROVAL.id}::uuid`;
    await t.db.execute(newer);
    expect((await t.decide(t.leads[1], made.STALE_APPROVAL)).state).toBe('APPLIED');

    const forged = await ready();
    made.BELOW_QUORUM = await approve(forged);
    // Somebody at the database itself.
    await t.db.execute(
      sql`DELETE FROM decisions WHERE request_id = ${forged.id}::uuid AND principal_id = ${t.leads[0].id}::uuid`,
    );

    const own = await ready();
    await t.db.execute(
      sql`UPDATE promotion_requests SET requester_id = ${t.leads[0].id}::uuid WHERE id = ${own.id}::uuid`,
    );
    await refused(t.leads[0], () => t.decide(t.leads[0], own));

    const version = await t.trained(model);
    const past = { model: model.fullName, version: version.number, target: champion, justification: 'it burns' };
    made.BREAK_GLASS = await t.as(onCall, () => t.module.get(BreakGlass).promote(past));
    await t.db.execute(sql`UPDATE break_glass_reviews SET due_at = now() - interval '1 minute'`);
  });
  afterAll(() => t.close());

  const report = (who: TestPrincipal, filter: ViolationFilter = {}) =>
    t.as(who, async () => {
      const found = await t.module.get(ViolationReader).list(filter, { first: 100 });
      expect(await t.module.get(ViolationReader).count(filter)).toBe(found.edges.length);
      return found.edges.map(({ node }) => node);
    });
  /** Refusals are written after their answer: until all are there, a list and a count may differ. */
  const all = async () => {
    await eventually(
      () => t.as(auditor, () => t.module.get(ViolationReader).count({})),
      (count) => count >= 7,
    );
    return report(auditor);
  };

  it('has one entry for each violation, and none for what went its way', async () => {
    const found = await all();
    const requestOf = (kind: string) => found.filter((one) => one.kind === kind).map(({ requestId }) => requestId);
    for (const kind of ['BREAK_GLASS', 'WAIVED_GATE', 'BELOW_QUORUM', 'STALE_APPROVAL']) {
      expect([kind, requestOf(kind)]).toEqual([kind, [made[kind]?.id]]);
    }
    expect(requestOf('REVIEW_OVERDUE')).toEqual([made.BREAK_GLASS?.id]);
    expect(found).toHaveLength(7);
    const attempts = found.filter(({ kind }) => kind === 'SELF_APPROVAL_REFUSED');
    expect(attempts.map(({ actorId, detail }) => [actorId, detail]).sort()).toEqual(
      [
        [onCall.id, 'You proposed this waiver: another person confirms it.'],
        [t.leads[0].id, 'You opened this request, and the policy does not let the requester approve.'],
      ].sort(),
    );
    expect(found.every(({ modelFullName }) => modelFullName === model.fullName)).toBe(true);
    const detail = (kind: string) => found.find((one) => one.kind === kind)?.detail;
    expect(detail('BELOW_QUORUM')).toBe('1 approved, and the rules have 2 places');
    expect(detail('STALE_APPROVAL')).toContain('applied on sha256:newer');
    expect(detail('WAIVED_GATE')).toContain('a small holdout');
  });

  it('filters by kind and time, and pages through every entry once', async () => {
    const found = await all();
    const wanted = ['WAIVED_GATE', 'REVIEW_OVERDUE'] as const;
    expect((await report(auditor, { kinds: wanted })).map(({ kind }) => kind).sort()).toEqual([...wanted].sort());
    const newest = found[0]?.occurredAt as Date;
    expect(await report(auditor, { to: newest })).toHaveLength(
      found.filter(({ occurredAt }) => occurredAt < newest).length,
    );
    expect(await report(auditor, { from: newest })).toHaveLength(
      found.filter(({ occurredAt }) => occurredAt >= newest).length,
    );
    const walked: string[] = [];
    let after: string | undefined;
    do {
      const page = await t.as(auditor, () => t.module.get(ViolationReader).list({}, { first: 2, after }));
      walked.push(...page.edges.map(({ node }) => `${node.kind} ${node.id}`));
      after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;
    } while (after);
    expect(walked).toEqual(found.map(({ kind, id }) => `${kind} ${id}`));
  });

  it('shows only what READ_AUDIT reaches', async () => {
    await all();
    const elsewhere = await t.make.user();
    await t.make.grant(elsewhere, await t.model(), 'READ_AUDIT');
    for (const who of [elsewhere, t.leads[0], t.owner, t.scientist]) expect(await report(who)).toEqual([]);
  });

  it('forgets an overdue review when it is made, and keeps the promotion', async () => {
    const number = made.BREAK_GLASS?.number as number;
    await t.as(t.leads[0], () =>
      t.module.get(BreakGlassReviews).close({ number, outcome: 'UNJUSTIFIED', comment: 'it could have waited' }),
    );
    expect((await report(auditor, { kinds: ['BREAK_GLASS', 'REVIEW_OVERDUE'] })).map(({ kind }) => kind)).toEqual([
      'BREAK_GLASS',
    ]);
  });
});
