import fs from 'node:fs';
import path from 'node:path';
import { GateRuns } from '@app/gates';
import { runInContext } from '@app/platform';
import { PromotionProgress } from '@app/promotion';
import { Registrations } from '@app/registry';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { worker } from '../../../../../test/support/promotion.js';

const model = 'prod.fraud.scorer';
const target = { kind: 'ALIAS', name: 'champion' };
const rules = (count = 1) => ({
  protects: { aliases: ['champion'] },
  gates: [{ key: 'sig', type: 'SIGNATURE' }],
  approvals: [{ name: 'leads', count, approvers: ['ada', 'grace'] }],
  rollback: { gates: 'ALL', approvals: [{ name: 'on call', count: 1, approvers: ['grace'] }] },
});

/** What stands around a request, as the console asks for it: one story from the preflight to the report. */
describe('ways around a request, over GraphQL', () => {
  let t: TestApp;
  let scientist: TestPrincipal;
  let ada: TestPrincipal;
  let grace: TestPrincipal;
  let policyId: string;

  const ask = async (who: TestPrincipal, query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await graphql(t, who.token, query, variables);
    expect(errors).toBeUndefined();
    return data;
  };
  async function mutate(who: TestPrincipal, name: string, input: object, fields = '', inputType?: string) {
    const type = inputType ?? `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation($input: ${type}!) { answer: ${name}(input: $input) { ${fields} errors { code message } } }`;
    return (await ask(who, query, { input })).answer;
  }

  beforeAll(async () => {
    t = await createTestApp();
    [scientist, ada, grace] = [await t.make.user('scientist'), await t.make.user('ada'), await t.make.user('grace')];
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    const catalog = { id: schema.catalogId as string };
    const usage = ['USE_CATALOG', 'USE_SCHEMA', 'EXECUTE'] as const;
    await t.make.grant(scientist, catalog, ...usage, 'CREATE_MODEL', 'CREATE_MODEL_VERSION', 'REQUEST_PROMOTION');
    for (const lead of [ada, grace]) await t.make.grant(lead, catalog, ...usage, 'APPROVE_PROMOTION', 'WAIVE_GATE');
    await t.make.grant(ada, catalog, 'MANAGE_POLICY', 'READ_AUDIT');
    await t.make.grant(grace, catalog, 'BREAK_GLASS');
    await mutate(scientist, 'modelCreate', { fullName: model });
    const on = { kind: 'CATALOG', fullName: 'prod' };
    const made = await mutate(ada, 'policyCreate', { on, name: 'production', rules: rules() }, 'policy { id }');
    policyId = made.policy.id;
    for (const number of [1, 2]) await register(number);
  });
  afterAll(() => t.close());

  async function register(number: number): Promise<void> {
    const folder = path.join(t.env.DATA_DIR as string, 'artifacts', `0/models/m-${number}/artifacts`);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'MLmodel'), `flavors: {}\nrun: ${number}\n`);
    const storagePath = `0/models/m-${number}/artifacts`;
    const version = { model, source: `mlflow-artifacts:/${storagePath}`, storagePath };
    await runInContext({ requestId: 'test', address: null, caller: scientist, memo: {} }, () =>
      t.app.get(Registrations, { strict: false }).register(version),
    );
  }

  async function runGates(number: number): Promise<void> {
    const row = await t.db.first<{ id: string }>(sql`SELECT id FROM promotion_requests WHERE number = ${number}`);
    const id = row?.id as string;
    await runInContext({ requestId: 'test', address: null, caller: worker, memo: {} }, async () => {
      const gates = t.app.get(GateRuns, { strict: false });
      for (const run of await gates.ofRequests([id])) await gates.run(run.id);
      await t.app.get(PromotionProgress, { strict: false }).evaluate(id);
    });
  }

  it('shows beforehand what a request will meet, and where it comes from', async () => {
    const fields = `{ viewerMayOpen obstacles { code } unfillable { rule need most } versionNumber incumbentVersionNumber
      policy { gates { key gate { type } from { name revision on } } approvals { rule { name count approvers { name } } from { name } } }
      approvals { name need eligible { name } } }`;
    const query = `query($model: String!, $target: PromotionTargetInput!) {
      promotionPreflight(model: $model, version: 1, target: $target) ${fields}
      policyPreview(fullName: $model, target: $target, kind: ROLLBACK) { protected effective { approvals { rule { name } } } sources { setting policies { name } } } }`;
    const { promotionPreflight, policyPreview } = await ask(scientist, query, { model, target });
    expect(promotionPreflight).toMatchObject({
      viewerMayOpen: true,
      obstacles: [],
      policy: { gates: [{ key: 'production/sig', from: { name: 'production', revision: 1, on: 'catalog prod' } }] },
      approvals: [{ name: 'production/leads', eligible: [{ name: 'ada' }, { name: 'grace' }] }],
    });
    expect(policyPreview).toMatchObject({ protected: true, effective: { approvals: [{ rule: { name: 'on call' } }] } });
    expect(policyPreview.sources.map(({ setting }: { setting: string }) => setting)).toContain('SEPARATE_REQUESTER');
  });

  it('waives a gate by two people, discusses, and applies', async () => {
    const opening = { model, version: 1, target, justification: 'better' };
    const { promotionRequest } = await mutate(
      scientist,
      'promotionRequestCreate',
      opening,
      'promotionRequest { number }',
    );
    const { number } = promotionRequest;
    await runGates(number);
    const proposal = { number, gate: 'production/sig', reason: 'a legacy model' };
    const waiver = (await mutate(ada, 'gateWaiverPropose', proposal, 'gateWaiver { id state }')).gateWaiver;
    expect((await mutate(ada, 'gateWaiverConfirm', { waiverId: waiver.id })).errors).toMatchObject([
      { code: 'PROPOSER_CANNOT_CONFIRM' },
    ]);
    const thread = { number, text: 'which data?', blocking: true };
    const opened = (await mutate(ada, 'discussionThreadOpen', thread, 'discussionThread { id }')).discussionThread;
    const confirmed = await mutate(
      grace,
      'gateWaiverConfirm',
      { waiverId: waiver.id },
      'promotionRequest { state evidenceDigest }',
    );
    expect(confirmed).toMatchObject({ promotionRequest: { state: 'AWAITING_APPROVAL' }, errors: [] });
    const { evidenceDigest } = confirmed.promotionRequest;
    await mutate(grace, 'promotionRequestDecide', { number, verdict: 'APPROVE', evidenceDigest });
    await mutate(scientist, 'discussionCommentMake', { threadId: opened.id, text: 'last year’s' });

    const query = `{ promotionRequest(number: ${number}) { state unresolvedDiscussions
      gates { status waivers { state reason proposedBy { name } decidedBy { name } } } breakGlassReview { dueAt }
      discussions(first: 5) { totalCount nodes { blocking openedBy { name } resolvedBy { name } comments(first: 5) { nodes { text author { name } } } } } } }`;
    expect((await ask(scientist, query)).promotionRequest).toEqual({
      state: 'AWAITING_APPROVAL',
      unresolvedDiscussions: 1,
      breakGlassReview: null,
      gates: [
        {
          status: 'WAIVED',
          waivers: [
            { state: 'CONFIRMED', reason: 'a legacy model', proposedBy: { name: 'ada' }, decidedBy: { name: 'grace' } },
          ],
        },
      ],
      discussions: {
        totalCount: 1,
        nodes: [
          {
            blocking: true,
            openedBy: { name: 'ada' },
            resolvedBy: null,
            comments: {
              nodes: [
                { text: 'which data?', author: { name: 'ada' } },
                { text: 'last year’s', author: { name: 'scientist' } },
              ],
            },
          },
        ],
      },
    });
    await mutate(ada, 'discussionThreadResolve', { threadId: opened.id }, '', 'DiscussionThreadRefInput');
    expect((await ask(scientist, query)).promotionRequest.state).toBe('APPROVED');
  });

  it('goes past the policy, is reviewed, and stands in the report', async () => {
    const past = { model, version: 2, target, justification: 'it burns' };
    const broken = await mutate(grace, 'promotionBreakGlass', past, 'promotionRequest { number kind state }');
    expect(broken).toMatchObject({ promotionRequest: { kind: 'BREAK_GLASS', state: 'APPLIED' }, errors: [] });
    const { number } = broken.promotionRequest;
    const reviews = `{ breakGlassReviews(first: 5, filter: { open: true }) { totalCount nodes { overdue actor { name } reviewer { name } promotionRequest { number } } } }`;
    expect((await ask(ada, reviews)).breakGlassReviews).toEqual({
      totalCount: 1,
      nodes: [{ overdue: false, actor: { name: 'grace' }, reviewer: null, promotionRequest: { number } }],
    });
    const closing = { number, outcome: 'JUSTIFIED', comment: 'it burned' };
    const closed = await mutate(
      ada,
      'breakGlassReviewClose',
      closing,
      'breakGlassReview { outcome reviewer { name } }',
    );
    expect(closed).toMatchObject({ breakGlassReview: { outcome: 'JUSTIFIED', reviewer: { name: 'ada' } }, errors: [] });
    const report = `{ violations(first: 10, filter: { kind: [BREAK_GLASS] }) { totalCount nodes { kind detail actor { name } promotionRequest { number } } } }`;
    expect((await ask(ada, report)).violations).toEqual({
      totalCount: 1,
      nodes: [{ kind: 'BREAK_GLASS', detail: 'it burns', actor: { name: 'grace' }, promotionRequest: { number } }],
    });
  });

  it('compares revisions, and replays a draft', async () => {
    await mutate(ada, 'policyRevise', { policyId, rules: rules(2), reason: 'two from now on' });
    const query = `{ node(id: "${policyId}") { ... on Policy { revisions(first: 1) { nodes { diff(to: 1) { path kind before after } } } } } }`;
    const [newest] = (await ask(ada, query)).node.revisions.nodes;
    expect(newest.diff).toEqual([{ path: 'approvals.leads.count', kind: 'CHANGED', before: 2, after: 1 }]);
    const on = { kind: 'CATALOG', fullName: 'prod' };
    const replay = `query($input: PolicyReplayInput!) { policyReplay(input: $input) { considered differing { outcome reasons promotionRequest { number } } } }`;
    const { policyReplay } = await ask(ada, replay, { input: { on, rules: rules(2), replaces: policyId } });
    // The one request that went the way of the policy was superseded by the one that did not: nothing was decided yet.
    expect(policyReplay).toEqual({ considered: 0, differing: [] });
  });
});
