import type { Securable } from '@app/access';
import { ArtifactManifests } from '@app/artifacts';
import { NotFound, Transaction } from '@app/platform';
import type { VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import { LockedRequests } from '../locked-requests.js';
import { PromotionRequests } from '../promotion-requests.service.js';
import { Decisions } from './decisions.service.js';

const auc = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } };

/** What keeps a decision from being made, or from counting, one rule at a time. */
describe('the rules of decisions', () => {
  let t: PromotionTest;
  let model: Securable;
  let version: VersionView;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog, { gates: [auc] });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model, { auc: 0.95 });
  });

  const ready = async () => t.runGates(await t.request(version));
  const rightsChanged = () => t.db.execute(sql`UPDATE access_version SET version = version + 1`);

  it('lets who may not approve his own work still say what is wrong with it', async () => {
    const request = await ready();
    await t.make.member(t.leadGroup.id, t.scientist.id);
    await expect(t.decide(t.scientist, request)).rejects.toMatchObject({ reason: 'REQUESTER_CANNOT_SELF_APPROVE' });
    const decided = await t.decide(t.scientist, request, 'REQUEST_CHANGES', 'I forgot the card');
    expect(decided.state).toBe('CHANGES_REQUESTED');
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${t.scientist.id}::uuid`);
    await rightsChanged();
  });

  it('takes a rejection of a blocked request, and nothing else', async () => {
    version = await t.trained(model, { auc: 0.5 });
    const request = await ready();
    expect(request.state).toBe('BLOCKED');
    for (const verdict of ['APPROVE', 'REQUEST_CHANGES'] as const) {
      await expect(t.decide(t.leads[0], request, verdict, 'x')).rejects.toMatchObject({ reason: 'GATES_NOT_PASSED' });
    }
    expect(await t.decide(t.leads[0], request, 'REJECT', 'far too low')).toMatchObject({ state: 'REJECTED' });
  });

  it('does not count an approval of who is still named, and no longer holds APPROVE_PROMOTION', async () => {
    const [named, second] = [await t.make.user(), await t.make.user()];
    for (const who of [named, second]) {
      await t.make.grant(who, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'APPROVE_PROMOTION');
    }
    const own = await t.model();
    const approvals = [{ name: 'two', count: 2, principalIds: [named.id, second.id] }];
    await t.policy(own, { protects: { aliases: ['own'] }, approvals });
    const request = await t.request(await t.trained(own), { kind: 'ALIAS', name: 'own' });
    await t.decide(named, request);
    await t.db.execute(
      sql`DELETE FROM grants WHERE principal_id = ${named.id}::uuid AND privilege = 'APPROVE_PROMOTION'`,
    );
    await rightsChanged();
    expect(await t.decide(second, request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  });

  it('does not count an approval of who was disabled, or is gone', async () => {
    const [disabled, deleted] = t.leads;
    for (const end of [
      sql`UPDATE principals SET disabled_at = now() WHERE id = ${disabled.id}::uuid`,
      sql`DELETE FROM principals WHERE id = ${deleted.id}::uuid`,
    ]) {
      const who = end.values[0] === disabled.id ? disabled : deleted;
      const request = await t.runGates(await t.request(await t.trained(model, { auc: 0.95 })));
      await t.decide(who, request);
      await t.db.execute(end);
      await rightsChanged();
      expect(await t.decide(t.leads[2], request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    }
    expect(await t.holderOf(model)).toBeUndefined();
  });
});

describe('a decision', () => {
  let t: PromotionTest;
  let model: Securable;
  let version: VersionView;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog);
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model);
  });

  it('reads the files for an approval only, and only for who may approve', async () => {
    const request = await t.request(version);
    const reads = jest.spyOn(t.module.get(ArtifactManifests), 'of');
    const outsider = await t.make.user();
    await t.make.grant(outsider, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'APPROVE_PROMOTION');
    await expect(t.decide(outsider, request)).rejects.toMatchObject({ reason: 'NOT_ELIGIBLE' });
    await t.decide(t.leads[0], request, 'REQUEST_CHANGES', 'describe it');
    expect(reads).not.toHaveBeenCalled();
    await t.decide(t.leads[1], request);
    expect(reads).toHaveBeenCalledTimes(1);
    reads.mockRestore();
  });

  it('that is taken back stands in the trail with its reason', async () => {
    const request = await t.request(version);
    await t.decide(t.leads[0], request);
    const { number } = request;
    await t.as(t.leads[0], () => t.module.get(Decisions).withdraw({ number, reason: 'I looked at another run' }));
    const events = await t.events(model.id);
    expect(events.at(-1)).toMatchObject({
      action: 'promotion_request.decision_withdrawn',
      before: { verdict: 'APPROVE', evidenceDigest: request.evidenceDigest },
      after: null,
      reason: 'I looked at another run',
    });
    await expect(t.as(t.leads[1], () => t.module.get(Decisions).withdraw({ number }))).rejects.toMatchObject({
      reason: 'NO_DECISION',
    });
  });

  it('moves the target for the reason that the requester gave', async () => {
    const request = await t.request(version);
    for (const lead of [t.leads[0], t.leads[1]]) await t.decide(lead, request);
    const moves = await t.db.query(sql`SELECT reason FROM stage_transitions WHERE model_id = ${model.id}::uuid`);
    expect(moves).toEqual([{ reason: 'it is better' }]);
  });

  it('leaves the former holder in the stage where the policy does not archive it', async () => {
    const staged = await t.model();
    await t.policy(staged, { protects: { stages: ['Production'] }, archiveIncumbent: false }, 'staged');
    for (const each of [await t.trained(staged), await t.trained(staged)]) {
      const request = await t.request(each, { kind: 'STAGE', name: 'Production' });
      for (const lead of [t.leads[0], t.leads[1]]) await t.decide(lead, request);
    }
    const stages = sql`SELECT number, stage FROM model_versions WHERE model_id = ${staged.id}::uuid ORDER BY number`;
    expect(await t.db.query(stages)).toEqual([
      { number: 1, stage: 'Production' },
      { number: 2, stage: 'Production' },
    ]);
  });

  it('on a closed request whose version is deleted finds nothing, and changes nothing', async () => {
    const request = await t.request(version);
    await t.as(t.scientist, () => t.module.get(PromotionRequests).cancel({ number: request.number }));
    await t.db.execute(sql`DELETE FROM model_versions WHERE id = ${version.id}::uuid`);
    const withdraw = t.as(t.leads[0], () => t.module.get(Decisions).withdraw({ number: request.number }));
    await expect(withdraw).rejects.toThrow(NotFound);
    expect(await t.again(request)).toMatchObject({ state: 'CANCELLED', stateReason: 'the request was withdrawn' });
  });

  it('finds no way around the state machine', async () => {
    const request = await t.request(version);
    const locked = t.module.get(LockedRequests);
    const leap = t.as(t.leads[0], () =>
      t.module.get(Transaction).run(async () => locked.move(await locked.lockPresent(request), 'APPLIED', 'a leap')),
    );
    await expect(leap).rejects.toThrow('no way leads from AWAITING_APPROVAL to APPLIED');
  });
});
