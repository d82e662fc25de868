import fs from 'node:fs';
import path from 'node:path';
import type { Securable } from '@app/access';
import { Config } from '@app/platform';
import { Policies } from '@app/policy';
import { Targets, type VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest, worker } from '../../../test/support/promotion.js';
import { PromotionProgress } from './promotion-progress.service.js';
import type { PromotionRequest } from './promotion-request.js';
import { PromotionRequests } from './promotion-requests.service.js';
import { Decisions } from './review/decisions.service.js';

describe('PromotionApplication', () => {
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

  const standing = async (request: PromotionRequest) =>
    (await t.db.query(sql`SELECT 1 FROM decisions WHERE request_id = ${request.id}::uuid AND ended_at IS NULL`)).length;
  /** One round of the reconciler over this request, if anything is due for it. */
  const bringOn = (request: PromotionRequest) =>
    t.as(worker, async () => {
      const progress = t.module.get(PromotionProgress);
      const due = (await progress.due()).filter(({ id }) => id === request.id);
      for (const work of due) await progress.bringOn(work);
      // The job that the message becomes.
      for (const { id } of due.filter(({ work }) => work === 'APPLY')) {
        expect((await progress.due()).filter((again) => again.id === id)).toEqual([]);
        await progress.apply(id);
        await t.db.execute(sql`UPDATE outbox SET handled_at = now() WHERE payload ->> 'promotionRequestId' = ${id}`);
      }
      return due.map(({ work }) => work);
    });
  const endWait = (request: PromotionRequest) =>
    t.db.execute(
      sql`UPDATE promotion_requests SET apply_after = now() - interval '1 minute' WHERE id = ${request.id}::uuid`,
    );
  const approve = async (request: PromotionRequest) => {
    await t.decide(t.leads[0], request);
    return t.decide(t.leads[1], request);
  };
  const withPolicy = async (rules: Record<string, unknown>) => {
    const strict = await t.model();
    await t.policy(strict, { approvals: [], ...rules }, `more for ${strict.name}`);
    return strict;
  };

  it('counts two approvals that arrive at once, and applies exactly once, in 50 repetitions', async () => {
    for (let round = 1; round <= 50; round += 1) {
      const next = await t.trained(model);
      const request = await t.request(next);
      const { evidenceDigest } = request;
      const decide = (who: TestPrincipal) =>
        t.as(who, () =>
          t.module.get(Decisions).decide({
            number: request.number,
            verdict: 'APPROVE',
            evidenceDigest: evidenceDigest as string,
          }),
        );
      const answers = await Promise.all([decide(t.leads[0]), decide(t.leads[1])]);
      expect(answers.map((answer) => answer.request.state).sort()).toEqual(['APPLIED', 'AWAITING_APPROVAL']);
      expect(await t.holderOf(model)).toBe(next.number);
    }
    const moves = await t.db.first(sql`SELECT count(*) AS moves, count(DISTINCT promotion_request_id) AS requests
      FROM stage_transitions WHERE model_id = ${model.id}::uuid`);
    expect(moves).toEqual({ moves: 50, requests: 50 });
  }, 600_000);

  it('blocks the request when a byte of the version has changed, and does not count the decision', async () => {
    const request = await t.request(version);
    await t.decide(t.leads[0], request);
    const file = path.join(t.module.get(Config).artifactRoot, version.storagePath as string, 'model.pkl');
    const bytes = fs.readFileSync(file);
    fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, -1), Buffer.from([0])]));
    await expect(t.decide(t.leads[1], request)).rejects.toMatchObject({ reason: 'ARTIFACT_CHANGED' });
    expect(await t.again(request)).toMatchObject({ state: 'BLOCKED', stateReason: expect.stringContaining('sha256:') });
    expect(await standing(request)).toBe(1);
    expect(await t.holderOf(model)).toBeUndefined();
  });

  it('supersedes the other requests for the target, and names the one that came first', async () => {
    const first = await t.request(version);
    const second = await t.request(await t.trained(model));
    await t.decide(t.leads[0], first);
    await t.decide(t.leads[0], second);
    await t.decide(t.leads[1], first);
    expect(await t.again(second)).toMatchObject({
      state: 'SUPERSEDED',
      supersededByNumber: first.number,
      stateReason: `promotion request ${first.number} was applied first`,
    });
    await expect(t.decide(t.leads[1], second)).rejects.toMatchObject({ reason: 'NOT_PENDING' });
    expect(await t.holderOf(model)).toBe(1);
  });

  it('applies one of two rivals that are approved at once', async () => {
    const rivals = [await t.request(version), await t.request(await t.trained(model))];
    for (const rival of rivals) await t.decide(t.leads[0], rival);
    const outcomes = await Promise.allSettled(rivals.map((rival) => t.decide(t.leads[1], rival)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const states = await Promise.all(rivals.map(async (rival) => (await t.again(rival)).state));
    expect(states.sort()).toEqual(['APPLIED', 'SUPERSEDED']);
  });

  it('blocks the request when the policy was revised meanwhile', async () => {
    const strict = await t.model();
    const policy = await t.policy(strict, { protects: { aliases: ['strict'] } }, 'strict');
    const request = await t.request(await t.trained(strict), { kind: 'ALIAS', name: 'strict' });
    await t.decide(t.leads[0], request);
    const rules = { ...policy.rules, waitSeconds: 60 };
    await t.as(t.governor, () => t.module.get(Policies).revise({ id: policy.id, rules, reason: 'more care' }));
    expect(await t.decide(t.leads[1], request)).toMatchObject({
      state: 'BLOCKED',
      stateReason: expect.stringContaining('policies of the target have changed'),
    });
  });

  it('archives the former holder of a stage where the policy says so', async () => {
    const staged = await t.model();
    await t.policy(staged, { protects: { stages: ['Production'] } }, 'staged');
    const production = { kind: 'STAGE', name: 'Production' } as const;
    for (const each of [await t.trained(staged), await t.trained(staged)]) {
      const request = await t.request(each, production);
      expect(await approve(request)).toMatchObject({ state: 'APPLIED' });
    }
    const stages = await t.db.query(
      sql`SELECT number, stage FROM model_versions WHERE model_id = ${staged.id}::uuid ORDER BY number`,
    );
    expect(stages).toEqual([
      { number: 1, stage: 'Archived' },
      { number: 2, stage: 'Production' },
    ]);
  });

  it('waits as long as the policy says, and applies then, with the worker as the actor', async () => {
    const patient = await withPolicy({ waitSeconds: 3600 });
    const request = await t.request(await t.trained(patient));
    expect(await approve(request)).toMatchObject({ state: 'APPROVED', applyAfter: expect.any(Date) });
    expect(await bringOn(request)).toEqual([]);
    await endWait(request);
    expect(await bringOn(request)).toEqual(['APPLY']);
    expect(await t.again(request)).toMatchObject({ state: 'APPLIED' });
    const [event] = await t.db.query(sql`SELECT actor_name FROM audit_events
      WHERE object_id = ${request.id} AND action = 'promotion_request.applied'`);
    expect(event).toEqual({ actor_name: 'imprimatur-gates' });
    expect(await bringOn(request)).toEqual([]);
  });

  it('reads every byte again at the end of the wait, and blocks the request when one has changed', async () => {
    const patient = await withPolicy({ waitSeconds: 3600 });
    const waiting = await t.trained(patient);
    const request = await t.request(waiting);
    await approve(request);
    fs.appendFileSync(path.join(t.module.get(Config).artifactRoot, waiting.storagePath as string, 'MLmodel'), ' ');
    await endWait(request);
    expect(await bringOn(request)).toEqual(['APPLY']);
    expect(await t.again(request)).toMatchObject({
      state: 'BLOCKED',
      stateReason: expect.stringContaining(`the files of ${patient.fullName}/1 have changed`),
      approvedAt: null,
      applyAfter: null,
    });
    expect(await t.holderOf(patient)).toBeUndefined();
  });

  it('goes back to awaiting approval when an approval is withdrawn, or loses its right, during the wait', async () => {
    const patient = await withPolicy({ waitSeconds: 3600 });
    const request = await t.request(await t.trained(patient));
    expect(await approve(request)).toMatchObject({ state: 'APPROVED' });
    await t.as(t.leads[0], () => t.module.get(Decisions).withdraw({ number: request.number }));
    expect(await t.again(request)).toMatchObject({ state: 'AWAITING_APPROVAL', approvedAt: null, applyAfter: null });
    expect(await t.decide(t.leads[0], request)).toMatchObject({ state: 'APPROVED' });
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${t.leads[0].id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    await endWait(request);
    expect(await bringOn(request)).toEqual(['APPLY']);
    expect(await t.again(request)).toMatchObject({ state: 'AWAITING_APPROVAL', approvedAt: null, applyAfter: null });
    expect(await t.holderOf(patient)).toBeUndefined();
    await t.make.member(t.leadGroup.id, t.leads[0].id);
  });

  it('blocks the request when somebody else came to hold the target meanwhile, and takes it up again', async () => {
    const request = await t.request(version);
    await t.decide(t.leads[0], request);
    const other = await t.trained(model);
    // As if the policy had been retired for a moment: the registry moves what nothing protects.
    await t.as(t.owner, () =>
      t.module.get(Targets).move({ model, target: request.target, version: other, archiveIncumbent: false }),
    );
    expect(await t.decide(t.leads[1], request)).toMatchObject({
      state: 'BLOCKED',
      stateReason: expect.stringContaining('the target is held by version 2, and was held by nobody'),
    });
    const again = await t.as(t.scientist, () => t.module.get(PromotionRequests).rerunGates({ number: request.number }));
    expect(again).toMatchObject({ state: 'AWAITING_APPROVAL', round: 2, incumbentVersionNumber: 2 });
    expect(again.evidenceDigest).not.toBe(request.evidenceDigest);
    // The approvals were given for other evidence: they are kept, and count no more.
    expect(await standing(request)).toBe(2);
    expect(await t.decide(t.leads[0], again)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(await t.decide(t.leads[1], again)).toMatchObject({ state: 'APPLIED' });
    expect(await t.holderOf(model)).toBe(1);
  });

  it('keeps approvals of older evidence where the policy says so', async () => {
    const lenient = await t.model();
    const off = { protects: { aliases: ['lenient'] }, dismissStaleDecisions: false };
    await t.policy(lenient, off, 'lenient');
    const request = await t.request(await t.trained(lenient), { kind: 'ALIAS', name: 'lenient' });
    await t.decide(t.leads[0], request);
    await t.db.execute(sql`UPDATE decisions SET evidence_digest = 'sha256:old' WHERE request_id = ${request.id}::uuid`);
    expect(await t.decide(t.leads[1], request)).toMatchObject({ state: 'APPLIED' });
  });

  it('leaves versions that are too large to be read in the request to the worker', async () => {
    await t.db.execute(sql`UPDATE model_versions SET artifact_size = ${2 ** 40}::int8 WHERE id = ${version.id}::uuid`);
    const request = await t.request(version);
    expect(await approve(request)).toMatchObject({ state: 'APPROVED', stateReason: 'every rule is met' });
    const [message] = await t.db.query(sql`SELECT event, payload FROM outbox ORDER BY id DESC LIMIT 1`);
    expect(message).toEqual({ event: 'promotion_request.approved', payload: { promotionRequestId: request.id } });
    await t.as(worker, () => t.module.get(PromotionProgress).apply(request.id));
    expect(await t.again(request)).toMatchObject({ state: 'APPLIED' });
  });

  it('applies once when the worker is told twice at once', async () => {
    const patient = await withPolicy({ waitSeconds: 3600 });
    const request = await t.request(await t.trained(patient));
    await approve(request);
    await endWait(request);
    const apply = () => t.as(worker, () => t.module.get(PromotionProgress).apply(request.id));
    await Promise.all([apply(), apply(), apply()]);
    const moves = await t.db.query(
      sql`SELECT 1 FROM stage_transitions WHERE promotion_request_id = ${request.id}::uuid`,
    );
    expect(moves).toHaveLength(1);
  });
});
