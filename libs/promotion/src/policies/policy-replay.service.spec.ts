import type { Securable } from '@app/access';
import { NotFound } from '@app/platform';
import type { Policy } from '@app/policy';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PolicyReplays } from './policy-replay.service.js';

const auc = (min: number) => ({ key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min } });

describe('a replay', () => {
  let t: PromotionTest;
  let model: Securable;
  let policy: Policy;
  let strong: PromotionRequest;
  let weak: PromotionRequest;
  let rejected: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.make.grant(t.governor, t.catalog, 'EXECUTE');
    model = await t.model();
    policy = await t.policy(t.catalog, { gates: [auc(0.5)] });
    const ready = async (value: number) => t.runGates(await t.request(await t.trained(model, { auc: value })));
    strong = await ready(0.9);
    for (const lead of t.leads.slice(0, 2)) await t.decide(lead, strong);
    weak = await ready(0.6);
    for (const lead of t.leads.slice(1)) await t.decide(lead, weak);
    rejected = await ready(0.8);
    await t.decide(t.leads[2], rejected, 'REJECT', 'no');
    // Open, cancelled and blocked ones were not decided.
    await ready(0.1);
  });
  afterAll(() => t.close());

  const run = (rules: Record<string, unknown>, { who = t.governor, replaces = true, last = 10, on = t.catalog } = {}) =>
    t.as(who, () =>
      t.module.get(PolicyReplays).run(
        {
          on: { kind: on.kind as 'CATALOG', fullName: on.fullName },
          rules: { protects: { aliases: ['champion'] }, gates: [auc(0.5)], approvals: [t.twoLeads], ...rules },
          replaces: replaces ? policy.id : null,
        },
        last,
      ),
    );
  const differing = async (...asked: Parameters<typeof run>) =>
    (await run(...asked)).differing.map(({ request, outcome, reasons }) => [
      request.number,
      outcome,
      reasons.join(' '),
    ]);

  it('ends every request as it ended, under the policy that decided it', async () => {
    expect(await run({})).toEqual({ considered: 3, differing: [] });
  });

  it('judges a metric by what was measured, under other bounds', async () => {
    expect(await differing({ gates: [auc(0.7)] })).toEqual([[weak.number, 'BLOCKED', 'gate "prod/auc": auc was 0.6']]);
    expect(await differing({ gates: [auc(0.85)] })).toEqual([
      [rejected.number, 'BLOCKED', 'gate "prod/auc": auc was 0.8'],
      [weak.number, 'BLOCKED', 'gate "prod/auc": auc was 0.6'],
    ]);
  });

  it('does not guess at a gate that was never run', async () => {
    const gates = [auc(0.5), { key: 'sig', type: 'SIGNATURE' }];
    const answers = await differing({ gates });
    expect(answers.map(([, outcome]) => outcome)).toEqual(['UNDECIDABLE', 'UNDECIDABLE', 'UNDECIDABLE']);
    expect(answers[0]?.[2]).toBe('gate "prod/sig" was never run for it');
    expect(
      await differing({ gates: [{ ...auc(0.5), config: { metric: 'auc', min: 0.5, dataset: 'other' } }] }),
    ).toHaveLength(3);
  });

  it('counts again who decided, by other rules', async () => {
    const [first, second] = t.leads;
    const approvals = [{ name: 'first', count: 1, principalIds: [first.id] }];
    expect(await differing({ approvals })).toEqual([
      [rejected.number, 'AWAITING_APPROVAL', 'rule "prod/first" needs 1, and 0 of those who approved count'],
      [weak.number, 'AWAITING_APPROVAL', 'rule "prod/first" needs 1, and 0 of those who approved count'],
    ]);
    const three = [{ ...t.twoLeads, count: 3 }];
    expect((await differing({ approvals: three })).map(([number]) => number)).toEqual([weak.number, strong.number]);
    // Beside the policy instead of in its place: a person fills one place only.
    const beside = { approvals: [{ name: 'second', count: 1, principalIds: [second.id] }] };
    expect((await differing(beside, { replaces: false })).map(([, outcome]) => outcome)).toEqual([
      'AWAITING_APPROVAL',
      'AWAITING_APPROVAL',
    ]);
  });

  it('tells what would need no request, and looks at the last ones only', async () => {
    const elsewhere = { protects: { aliases: ['other'] } };
    expect((await differing(elsewhere)).map(([, outcome]) => outcome)).toEqual(Array(3).fill('UNPROTECTED'));
    expect(await run(elsewhere, { last: 1 })).toMatchObject({ considered: 1 });
    const neighbour = await t.make.schema('prod.other', t.owner);
    expect(await run(elsewhere, { on: neighbour, replaces: false })).toEqual({ considered: 0, differing: [] });
  });

  it('is for holders of MANAGE_POLICY there, over what they may see, with rules that are right', async () => {
    const stranger: TestPrincipal = await t.make.user();
    await expect(run({}, { who: stranger })).rejects.toThrow(NotFound);
    await expect(run({}, { who: t.scientist })).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    const author = await t.make.user();
    await t.make.grant(author, t.catalog, 'MANAGE_POLICY', 'USE_CATALOG');
    expect(await run({ gates: [auc(2)] }, { who: author })).toEqual({ considered: 0, differing: [] });
    await expect(run({ gates: [{ ...auc(1), config: { metric: 'auc' } }] })).rejects.toThrow(
      'rules.gates.0.config: needs min',
    );
    await expect(run({}, { last: 201 })).rejects.toThrow('last: 201 is not between 1 and 200');
    const other = await t.policy(model, {}, 'another place');
    const misplaced = {
      on: { kind: 'CATALOG' as const, fullName: 'prod' },
      rules: { protects: { aliases: ['x'] } },
      replaces: other.id,
    };
    await expect(t.as(t.governor, () => t.module.get(PolicyReplays).run(misplaced, 5))).rejects.toThrow(NotFound);
  });
});
