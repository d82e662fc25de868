import { PermissionDenied, type Securable } from '@app/access';
import { NotFound } from '@app/platform';
import type { VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionRequests } from '../promotion-requests.service.js';
import { Decisions } from './decisions.service.js';

describe('Decisions', () => {
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

  const events = async (request: PromotionRequest) =>
    t.db.query<{ action: string; actor: string }>(sql`
      SELECT action, actor_name AS actor FROM audit_events WHERE object_id = ${request.id} ORDER BY occurred_at, id`);
  const standing = async (request: PromotionRequest) =>
    (await t.db.query(sql`SELECT 1 FROM decisions WHERE request_id = ${request.id}::uuid AND ended_at IS NULL`)).length;

  it('applies with the last approval: the alias moves, and the trail says who did what', async () => {
    const request = await t.request(version);
    expect(request.state).toBe('AWAITING_APPROVAL');
    expect(await t.decide(t.leads[0], request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(await t.holderOf(model)).toBeUndefined();
    const applied = await t.decide(t.leads[1], request);
    expect(applied).toMatchObject({ state: 'APPLIED', closedAt: expect.any(Date) });
    expect(await t.holderOf(model)).toBe(1);

    expect((await events(request)).map(({ action, actor }) => [action, actor])).toEqual([
      ['promotion_request.created', 'scientist'],
      ['promotion_request.awaiting_approval', 'scientist'],
      ['promotion_request.decided', t.leads[0].name],
      ['promotion_request.decided', t.leads[1].name],
      ['promotion_request.approved', t.leads[1].name],
      ['promotion_request.applied', t.leads[1].name],
    ]);
    const [transition] =
      await t.db.query(sql`SELECT target_kind, target_name, version_number, promotion_request_id, actor_id
      FROM stage_transitions WHERE model_id = ${model.id}::uuid`);
    expect(transition).toEqual({
      target_kind: 'ALIAS',
      target_name: 'champion',
      version_number: 1,
      promotion_request_id: request.id,
      actor_id: t.leads[1].id,
    });
  });

  it('refuses a decision on other evidence, and changes nothing', async () => {
    const request = await t.request(version);
    const decide = t.as(t.leads[0], () =>
      t.module.get(Decisions).decide({ number: request.number, verdict: 'APPROVE', evidenceDigest: 'sha256:0' }),
    );
    await expect(decide).rejects.toMatchObject({
      kind: 'CONFLICT',
      reason: 'STALE_EVIDENCE',
      details: { currentEvidenceDigest: request.evidenceDigest },
    });
    expect(await standing(request)).toBe(0);
    expect((await t.again(request)).state).toBe('AWAITING_APPROVAL');
  });

  it('answers stranger and wrong tenant as if the request did not exist, and the reader that he lacks the right', async () => {
    const request = await t.request(version);
    const [stranger, neighbour, reader] = [await t.make.user(), await t.make.user(), await t.make.user()];
    const elsewhere = await t.make.schema(`other${request.number}.place`, neighbour);
    await t.make.grant(neighbour, elsewhere, 'APPROVE_PROMOTION', 'EXECUTE');
    await t.make.grant(reader, model, 'EXECUTE');
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    for (const who of [stranger, neighbour]) {
      await expect(
        t.as(who, () =>
          t.module
            .get(Decisions)
            .decide({ number: request.number, verdict: 'APPROVE', evidenceDigest: request.evidenceDigest as string }),
        ),
      ).rejects.toThrow(new NotFound('Promotion request', String(request.number)).message);
    }
    await expect(t.decide(reader, request)).rejects.toThrow(PermissionDenied);
    expect(await standing(request)).toBe(0);
  });

  it('refuses who holds the privilege and is named by no rule', async () => {
    const request = await t.request(version);
    const outsider = await t.make.user();
    await t.make.grant(outsider, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'APPROVE_PROMOTION');
    await expect(t.decide(outsider, request)).rejects.toMatchObject({
      kind: 'PERMISSION_DENIED',
      reason: 'NOT_ELIGIBLE',
    });
  });

  it('lets neither the requester nor the creator nor the user of the run approve', async () => {
    const request = await t.request(version);
    await t.make.member(t.leadGroup.id, t.scientist.id);
    await expect(t.decide(t.scientist, request)).rejects.toMatchObject({ reason: 'REQUESTER_CANNOT_SELF_APPROVE' });

    const asOwner = { createdBy: t.leads[0].id, runPrincipalId: t.leads[1].id };
    await t.db.execute(sql`UPDATE model_versions SET created_by = ${asOwner.createdBy}::uuid,
      run_principal_id = ${asOwner.runPrincipalId}::uuid WHERE id = ${version.id}::uuid`);
    await expect(t.decide(t.leads[0], request)).rejects.toMatchObject({ reason: 'VERSION_CREATOR_CANNOT_APPROVE' });
    await expect(t.decide(t.leads[1], request)).rejects.toMatchObject({ reason: 'RUN_AUTHOR_CANNOT_APPROVE' });
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${t.scientist.id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    expect(await standing(request)).toBe(0);
  });

  it('lets the requester approve where the policy switches that off', async () => {
    const open = await t.model();
    const lead = t.leads[0];
    await t.make.grant(lead, open, 'REQUEST_PROMOTION');
    const off = { requester: false, versionCreator: false, runUser: false };
    await t.policy(open, {
      protects: { aliases: ['free'] },
      approvals: [{ ...t.twoLeads, count: 1 }],
      separationOfDuties: off,
    });
    const own = await t.trained(open);
    const request = await t.as(lead, () =>
      t.module.get(PromotionRequests).create({
        model: open.fullName,
        version: own.number,
        target: { kind: 'ALIAS', name: 'free' },
        justification: 'mine',
      }),
    );
    expect(await t.decide(lead, request)).toMatchObject({ state: 'APPLIED' });
  });

  it('takes no decision on a closed request', async () => {
    const request = await t.request(version);
    await t.decide(t.leads[0], request);
    await t.decide(t.leads[1], request);
    for (const verdict of ['APPROVE', 'REJECT'] as const) {
      await expect(t.decide(t.leads[2], request, verdict, 'late')).rejects.toMatchObject({
        kind: 'FAILED_PRECONDITION',
        reason: 'NOT_PENDING',
        message: `Promotion request ${request.number} is APPLIED: it takes no such decision any more.`,
      });
    }
    await expect(
      t.as(t.leads[0], () => t.module.get(Decisions).withdraw({ number: request.number })),
    ).rejects.toMatchObject({ reason: 'REQUEST_CLOSED' });
  });

  it('keeps one standing decision for each reviewer, which he may withdraw', async () => {
    const request = await t.request(version);
    await t.decide(t.leads[0], request);
    await expect(t.decide(t.leads[0], request)).rejects.toMatchObject({ reason: 'ALREADY_DECIDED' });
    await t.as(t.leads[0], () => t.module.get(Decisions).withdraw({ number: request.number }));
    expect(await standing(request)).toBe(0);
    expect(await t.decide(t.leads[1], request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    expect(await t.decide(t.leads[0], request)).toMatchObject({ state: 'APPLIED' });
  });

  it('needs a comment to reject or to ask for changes, and rejects for good', async () => {
    const request = await t.request(version);
    for (const verdict of ['REJECT', 'REQUEST_CHANGES'] as const) {
      await expect(t.decide(t.leads[0], request, verdict, '  ')).rejects.toMatchObject({ path: ['comment'] });
    }
    expect(await t.decide(t.leads[0], request, 'REJECT', 'no model card')).toMatchObject({
      state: 'REJECTED',
      stateReason: 'no model card',
    });
    expect(await t.holderOf(model)).toBeUndefined();
  });

  it('does not count an approval of somebody who has lost the right since', async () => {
    const request = await t.request(version);
    await t.decide(t.leads[0], request);
    await t.db.execute(sql`DELETE FROM group_members WHERE member_id = ${t.leads[0].id}::uuid`);
    await t.db.execute(sql`UPDATE access_version SET version = version + 1`);
    expect(await t.decide(t.leads[1], request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
    await t.make.member(t.leadGroup.id, t.leads[0].id);
    expect(await t.decide(t.leads[2], request)).toMatchObject({ state: 'APPLIED' });
  });
});
