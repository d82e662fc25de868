import fs from 'node:fs';
import path from 'node:path';
import type { Securable } from '@app/access';
import { Config, NotFound } from '@app/platform';
import { Targets, type VersionView } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { champion, createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { BreakGlass } from './break-glass.service.js';
import { BreakGlassReviewReader } from './break-glass-review.reader.js';
import { BreakGlassReviews } from './break-glass-reviews.service.js';

const production = { kind: 'STAGE', name: 'Production' } as const;

describe('BreakGlass', () => {
  let t: PromotionTest;
  let model: Securable;
  let version: VersionView;
  let onCall: TestPrincipal;

  beforeAll(async () => {
    t = await createPromotionTest();
    const gates = [{ key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.9 } }];
    await t.policy(t.catalog, { gates, protects: { aliases: ['champion'], stages: ['Production'] } });
    onCall = await t.make.user();
    await t.make.grant(onCall, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'BREAK_GLASS');
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    version = await t.trained(model);
  });

  const promote = (
    who: TestPrincipal,
    given: {
      number?: number;
      target?: { kind: 'STAGE' | 'ALIAS'; name: string };
      expectedIncumbent?: number | null;
    } = {},
  ) =>
    t.as(who, () =>
      t.module.get(BreakGlass).promote({
        model: model.fullName,
        version: given.number ?? version.number,
        target: given.target ?? champion,
        justification: 'the champion answers nonsense',
        expectedIncumbent: given.expectedIncumbent,
      }),
    );
  const close = (who: TestPrincipal, { number }: PromotionRequest) =>
    t.as(who, () => t.module.get(BreakGlassReviews).close({ number, outcome: 'JUSTIFIED', comment: 'it burned' }));
  const reviews = (who: TestPrincipal, filter: { open?: boolean; overdue?: boolean }) =>
    t.as(who, async () => {
      const found = await t.module.get(BreakGlassReviewReader).list(filter, { first: 100 });
      expect(await t.module.get(BreakGlassReviewReader).count(filter)).toBe(found.edges.length);
      return found.edges.map(({ node }) => node.requestNumber);
    });
  const transitions = () =>
    t.db.query(sql`SELECT version_number AS version, break_glass AS "breakGlass", actor_id AS actor, reason
      FROM stage_transitions WHERE model_id = ${model.id}::uuid ORDER BY occurred_at, id`);

  it('moves the target at once, marked, with its review, and supersedes the others', async () => {
    const rivals = [await t.request(version), await t.request(await t.trained(model))];
    const request = await promote(onCall);
    expect(request).toMatchObject({
      kind: 'BREAK_GLASS',
      state: 'APPLIED',
      requesterId: onCall.id,
      evidence: { kind: 'BREAK_GLASS', gates: [], artifactDigest: version.artifactDigest },
      evidenceDigest: expect.stringMatching(/^sha256:/),
    });
    expect(await t.holderOf(model)).toBe(1);
    const reason = 'the champion answers nonsense';
    expect(await transitions()).toEqual([{ version: 1, breakGlass: true, actor: onCall.id, reason }]);
    for (const rival of rivals) {
      expect(await t.again(rival)).toMatchObject({ state: 'SUPERSEDED', supersededByNumber: request.number });
    }
    expect(await t.events(model.id)).toContainEqual(
      expect.objectContaining({ action: 'promotion_request.glass_broken', reason: 'the champion answers nonsense' }),
    );
    expect(await reviews(t.leads[0], { open: true })).toContain(request.number);
  });

  it('archives who held the stage, as the policy says', async () => {
    await t.db.execute(sql`UPDATE model_versions SET stage = 'Production' WHERE id = ${version.id}::uuid`);
    const next = await t.trained(model);
    await promote(onCall, { number: next.number, target: production });
    const stages = sql`SELECT number, stage FROM model_versions WHERE model_id = ${model.id}::uuid ORDER BY number`;
    expect(await t.db.query(stages)).toEqual([
      { number: 1, stage: 'Archived' },
      { number: 2, stage: 'Production' },
    ]);
    expect((await t.module.get(Targets).holder(model.id, production))?.number).toBe(2);
  });

  it('does not go past changed bytes, and leaves nothing behind', async () => {
    fs.appendFileSync(path.join(t.module.get(Config).artifactRoot, version.storagePath as string, 'model.pkl'), 'x');
    await expect(promote(onCall)).rejects.toMatchObject({ reason: 'ARTIFACT_CHANGED' });
    expect(await transitions()).toEqual([]);
    expect(await t.db.query(sql`SELECT 1 FROM promotion_requests WHERE model_id = ${model.id}::uuid`)).toEqual([]);
  });

  it('is refused: another incumbent, an unprotected target, a version that holds it, no reason', async () => {
    await expect(promote(onCall, { expectedIncumbent: 7 })).rejects.toMatchObject({ reason: 'INCUMBENT_CHANGED' });
    const free = { kind: 'ALIAS', name: 'free' } as const;
    await expect(promote(onCall, { target: free })).rejects.toMatchObject({ reason: 'TARGET_NOT_PROTECTED' });
    await promote(onCall, { expectedIncumbent: null });
    await expect(promote(onCall)).rejects.toMatchObject({ reason: 'ALREADY_HOLDS_TARGET' });
    const silent = { model: model.fullName, version: 1, target: champion, justification: ' ' };
    await expect(t.as(onCall, () => t.module.get(BreakGlass).promote(silent))).rejects.toThrow(
      'justification: is empty',
    );
  });

  it('needs BREAK_GLASS: on the metastore it reaches everything, and ownership does not give it', async () => {
    await expect(promote(await t.make.user())).rejects.toThrow(NotFound);
    for (const who of [t.leads[0], t.scientist, t.owner]) {
      await expect(promote(who)).rejects.toMatchObject({
        reason: expect.stringMatching(/MISSING_PRIVILEGE|NOT_FOUND/),
      });
    }
    const everywhere = await t.make.user();
    await t.make.grant(everywhere, { id: '00000000-0000-7000-8000-000000000010' }, 'BREAK_GLASS');
    await t.make.grant(everywhere, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    expect((await promote(everywhere)).state).toBe('APPLIED');
  });

  it('is applied once when two ask at once', async () => {
    const outcomes = await Promise.allSettled([promote(onCall), promote(onCall)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await transitions()).toHaveLength(1);
  });

  it('is reviewed once, by a person who did not do it and holds APPROVE_PROMOTION', async () => {
    await t.make.grant(onCall, t.catalog, 'APPROVE_PROMOTION');
    const request = await promote(onCall);
    await expect(close(onCall, request)).rejects.toMatchObject({ reason: 'ACTOR_CANNOT_REVIEW' });
    await expect(close(t.scientist, request)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await expect(close(await t.make.user(), request)).rejects.toThrow(NotFound);
    const service = await t.make.principal('SERVICE_PRINCIPAL');
    await t.make.grant(service, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'APPROVE_PROMOTION');
    await expect(close(service, request)).rejects.toMatchObject({ reason: 'NOT_A_PERSON' });
    expect(await close(t.leads[1], request)).toMatchObject({
      outcome: 'JUSTIFIED',
      closedBy: t.leads[1].id,
      overdue: false,
    });
    await expect(close(t.leads[0], request)).rejects.toMatchObject({ reason: 'REVIEW_CLOSED' });
    const usual = await t.request(await t.trained(model));
    await expect(close(t.leads[0], usual)).rejects.toMatchObject({ reason: 'NO_REVIEW' });
    expect(await reviews(t.leads[0], { open: true })).not.toContain(request.number);
  });

  it('is overdue after its time, until it is reviewed', async () => {
    const request = await promote(onCall);
    expect(await reviews(t.leads[0], { overdue: true })).toEqual([]);
    await t.db.execute(
      sql`UPDATE break_glass_reviews SET due_at = now() - interval '1 minute' WHERE request_id = ${request.id}::uuid`,
    );
    expect(await reviews(t.leads[0], { overdue: true })).toEqual([request.number]);
    expect(await reviews(await t.make.user(), {})).toEqual([]);
    await close(t.leads[0], request);
    expect(await reviews(t.leads[0], { overdue: true })).toEqual([]);
  });
});
