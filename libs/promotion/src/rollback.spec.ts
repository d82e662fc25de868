import type { Securable } from '@app/access';
import { GateRuns } from '@app/gates';
import { NotFound } from '@app/platform';
import { Policies, type Policy } from '@app/policy';
import { ModelVersions, Targets, type VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { champion, createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import { PromotionRequests } from './promotion-requests.service.js';

const production = { kind: 'STAGE', name: 'Production' } as const;
const metric = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } };

describe('a rollback', () => {
  let t: PromotionTest;
  let model: Securable;
  let first: VersionView;
  let second: VersionView;
  let policy: Policy;

  beforeAll(async () => {
    t = await createPromotionTest();
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    first = await t.trained(model, { auc: 0.9 });
    second = await t.trained(model, { auc: 0.9 });
    // Both held the targets before anything protected them; the first one's metric would not pass any more.
    for (const { number } of [first, second]) await move(number);
  });

  const move = (number: number) =>
    t.as(t.owner, async () => {
      await t.module.get(Targets).setAlias(model.fullName, 'champion', number);
      await t.module.get(Targets).transitionStage(model.fullName, number, 'Production', true);
    });
  const protect = async (rules: Record<string, unknown> = {}) => {
    const protects = { aliases: ['champion'], stages: ['Production'] };
    policy = await t.policy(model, {
      protects,
      gates: [{ ...metric, config: { metric: 'auc', min: 0.95 } }],
      ...rules,
    });
  };
  const rollback = (target: { kind: 'STAGE' | 'ALIAS'; name: string } = champion, who: TestPrincipal = t.scientist) =>
    t.as(who, () =>
      t.module.get(PromotionRequests).rollback({ model: model.fullName, target, justification: 'it went wrong' }),
    );

  it.each([champion, production])(
    'leads $kind $name back, without the gates that the version has passed before',
    async (target) => {
      await protect();
      const request = await t.runGates(await rollback(target));
      expect(request).toMatchObject({
        kind: 'ROLLBACK',
        versionNumber: 1,
        incumbentVersionNumber: 2,
        state: 'AWAITING_APPROVAL',
      });
      const runs = await t.as(t.scientist, () => t.module.get(GateRuns).ofRequests([request.id]));
      expect(runs).toMatchObject([{ key: 'integrity', type: 'ARTIFACT_INTEGRITY', status: 'PASSED' }]);
      await t.decide(t.leads[0], request);
      expect((await t.decide(t.leads[1], request)).state).toBe('APPLIED');
      const holder = await t.module.get(Targets).holder(model.id, target);
      expect(holder?.number).toBe(1);
      // What was left is now what was held directly before.
      expect(await rollback(target)).toMatchObject({ versionNumber: 2, incumbentVersionNumber: 1 });
    },
  );

  it('leads a stage back also where the policy archives nobody', async () => {
    await protect({ archiveIncumbent: false, approvals: [] });
    const request = await t.runGates(await rollback(production));
    expect(request.state).toBe('APPROVED');
    expect(request.effectivePolicy.archiveIncumbent).toBe(true);
  });

  it('has the gates and the rules that the policy names for it', async () => {
    const onCall = { name: 'on call', count: 1, principalIds: [t.leads[2].id] };
    await protect({ rollback: { gates: 'ALL', approvals: [onCall] } });
    const request = await t.runGates(await rollback());
    expect(request).toMatchObject({ state: 'BLOCKED', stateReason: expect.stringContaining('gate "prod/auc" FAILED') });
    expect(request.effectivePolicy.approvals).toMatchObject([onCall]);
  });

  it('keeps the separation of duties', async () => {
    await protect();
    const request = await t.runGates(await rollback());
    await expect(t.decide(t.scientist, request)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await t.make.grant(t.leads[0], t.catalog, 'REQUEST_PROMOTION');
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    const own = await t.runGates(await rollback(champion, t.leads[0]));
    await expect(t.decide(t.leads[0], own)).rejects.toMatchObject({ reason: 'REQUESTER_CANNOT_SELF_APPROVE' });
  });

  it('leads nowhere when nobody held the target before, or the version is gone', async () => {
    await protect({ protects: { aliases: ['*'] } });
    await expect(rollback({ kind: 'ALIAS', name: 'never' })).rejects.toMatchObject({
      reason: 'NOTHING_TO_ROLL_BACK_TO',
    });
    await t.as(t.owner, async () => {
      await t.module.get(Targets).transitionStage(model.fullName, 1, 'None', false);
      await t.module.get(ModelVersions).delete(model.fullName, 1);
    });
    await expect(rollback()).rejects.toMatchObject({ reason: 'NOTHING_TO_ROLL_BACK_TO' });
  });

  it('finds who held an alias before it was cleared', async () => {
    await t.as(t.owner, () => t.module.get(Targets).deleteAlias(model.fullName, 'champion'));
    await protect();
    expect(await rollback()).toMatchObject({ versionNumber: 2, incumbentVersionNumber: null });
  });

  it('is not run again once the target has moved on', async () => {
    await protect({ rollback: { gates: 'ALL' } });
    const asked = await rollback();
    const messages = await t.db.query<{ urgent: boolean }>(sql`
      SELECT (o.payload ->> 'urgent')::bool AS urgent FROM outbox o JOIN gate_runs g ON g.id::text = o.payload ->> 'gateRunId'
      WHERE o.event = 'gate_run.queued' AND g.request_id = ${asked.id}::uuid`);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.every(({ urgent }) => urgent)).toBe(true);
    const request = await t.runGates(asked);
    expect(request.state).toBe('BLOCKED');
    await t.as(t.governor, () => t.module.get(Policies).retire({ id: policy.id, reason: 'to move it directly' }));
    const third = await t.trained(model);
    await move(third.number);
    await t.policy(model, {}, 'again');
    const again = () => t.as(t.scientist, () => t.module.get(PromotionRequests).rerunGates({ number: request.number }));
    await expect(again()).rejects.toMatchObject({ reason: 'NOT_THE_PREVIOUS_HOLDER' });
  });

  it('is refused where a promotion is: stranger, reader, unprotected target', async () => {
    await expect(rollback()).rejects.toMatchObject({ reason: 'TARGET_NOT_PROTECTED' });
    await protect();
    await expect(rollback(champion, await t.make.user())).rejects.toThrow(NotFound);
    await expect(rollback(champion, t.leads[2])).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await rollback();
    await expect(rollback()).rejects.toMatchObject({ reason: 'REQUEST_ALREADY_OPEN' });
  });
});
