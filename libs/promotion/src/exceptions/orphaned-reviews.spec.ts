import { METASTORE_ID, type Securable } from '@app/access';
import { Catalogs, NamespaceModule, Schemas } from '@app/namespace';
import { NotFound } from '@app/platform';
import { Policies } from '@app/policy';
import { RegisteredModels } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { champion, createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { BreakGlass } from './break-glass.service.js';
import { BreakGlassReviewReader } from './break-glass-review.reader.js';
import { BreakGlassReviews } from './break-glass-reviews.service.js';

const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;

describe('reviews of promotions whose model is deleted', () => {
  let t: PromotionTest;
  let actor: TestPrincipal;
  let approver: TestPrincipal;
  let catalog: Securable;
  let schema: Securable;
  let made = 0;

  beforeAll(async () => {
    t = await createPromotionTest({}, [NamespaceModule]);
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    [actor, approver] = [await t.make.user(), await t.make.user()];
    schema = await t.make.schema(`lab${++made}.tests`, t.owner);
    catalog = { id: schema.catalogId as string } as Securable;
    await t.make.grant(t.scientist, catalog, ...usage, 'CREATE_MODEL_VERSION');
    await t.make.grant(t.governor, catalog, 'USE_CATALOG', 'USE_SCHEMA', 'MANAGE_POLICY');
    await t.make.grant(actor, catalog, ...usage, 'BREAK_GLASS', 'APPROVE_PROMOTION');
    await t.make.grant(approver, catalog, ...usage);
    await t.make.grant(approver, schema, 'APPROVE_PROMOTION');
  });

  /** A promotion past the policy, after which its model is deleted. */
  const orphaned = async (): Promise<PromotionRequest> => {
    const model = await t.model(`${schema.fullName}.m${made}`);
    const policy = await t.policy(model);
    const { number: version } = await t.trained(model);
    const past = { model: model.fullName, version, target: champion, justification: 'it burns' };
    const request = await t.as(actor, () => t.module.get(BreakGlass).promote(past));
    await t.as(t.governor, () => t.module.get(Policies).retire({ id: policy.id, reason: 'no longer used' }));
    await t.as(t.owner, () => t.module.get(RegisteredModels).delete(model.fullName));
    return request;
  };
  const listed = (who: TestPrincipal) =>
    t.as(who, async () => {
      const reader = t.module.get(BreakGlassReviewReader);
      const { edges } = await reader.list({ open: true }, { first: 100 });
      expect(await reader.count({ open: true })).toBe(edges.length);
      return edges.map(({ node }) => node);
    });
  const close = (who: TestPrincipal, { number }: PromotionRequest) =>
    t.as(who, () => t.module.get(BreakGlassReviews).close({ number, outcome: 'UNJUSTIFIED', comment: 'why deleted?' }));

  it('are closed by another person who may approve where the model stood', async () => {
    const request = await orphaned();
    const modelFullName = `${schema.fullName}.m${made}`;
    const shown = { requestNumber: request.number, modelFullName, justification: 'it burns' };
    expect(await listed(approver)).toMatchObject([shown]);
    await expect(close(actor, request)).rejects.toMatchObject({ reason: 'ACTOR_CANNOT_REVIEW' });
    expect(await close(approver, request)).toMatchObject({ closedBy: approver.id, outcome: 'UNJUSTIFIED' });
    expect(await listed(approver)).toEqual([]);
    await expect(close(approver, request)).rejects.toMatchObject({ reason: 'REVIEW_CLOSED' });
    const [event] = await t.db.query(sql`SELECT schema_id AS schema, actor_id AS actor FROM audit_events
      WHERE object_id = ${request.id} AND action = 'break_glass_review.closed'`);
    expect(event).toEqual({ schema: schema.id, actor: approver.id });
  });

  it('are absent for everybody else, as the request is', async () => {
    const request = await orphaned();
    const auditor = await t.make.user();
    await t.make.grant(auditor, catalog, ...usage, 'READ_AUDIT');
    for (const who of [await t.make.user(), auditor, t.scientist, t.owner, await t.make.admin()]) {
      expect(await listed(who)).toEqual([]);
      await expect(close(who, request)).rejects.toThrow(NotFound);
    }
  });

  it('are closed with the grants of the catalog when the schema is gone, and by MANAGE on the metastore after that', async () => {
    const request = await orphaned();
    await t.as(t.owner, () => t.module.get(Schemas).delete(schema.fullName));
    expect(await listed(approver)).toEqual([]);
    expect(await listed(actor)).toHaveLength(1);
    const [name] = schema.fullName.split('.') as [string];
    await t.as(t.owner, () => t.module.get(Catalogs).delete(name));
    expect(await listed(actor)).toEqual([]);
    const admin = await t.make.user();
    await t.make.grant(admin, { id: METASTORE_ID }, 'MANAGE');
    expect(await listed(admin)).toHaveLength(1);
    expect(await close(admin, request)).toMatchObject({ closedBy: admin.id });
  });
});
