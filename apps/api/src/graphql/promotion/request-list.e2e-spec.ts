import { builtInPrincipals } from '@app/access';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { graphql } from '../../../../../test/support/graphql.js';
import { countStatements } from '../../../../../test/support/statements.js';

const list = `query($first: Int!) { promotionRequests(first: $first, filter: { awaitingViewer: true }) { totalCount nodes {
  number state requester { name } version { number } incumbent { number } unresolvedDiscussions
  gates { key status waivers { state } } viewerDecision { allowed explanation }
  approvals { name have need counted { name } eligible { name } } } } }`;

/** The inbox, as the console asks for it: what is shown of each request is read for all of them together. */
describe('a list of promotion requests', () => {
  let t: TestApp;
  let lead: TestPrincipal;

  beforeAll(async () => {
    t = await createTestApp();
    lead = await t.make.user();
    const other = await t.make.user();
    const schema = await t.make.schema('prod.fraud', await t.make.user());
    const leads = await t.make.group([lead, other]);
    await t.make.grant(
      leads,
      { id: schema.catalogId as string },
      'USE_CATALOG',
      'USE_SCHEMA',
      'EXECUTE',
      'APPROVE_PROMOTION',
    );
    const model = await t.make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', other);
    const rule = { name: 'two', policy: 'prod', count: 2, dryRun: false, principalIds: [leads.id] };
    const policy = {
      policies: [],
      gates: [],
      approvals: [rule],
      separationOfDuties: { requester: true, versionCreator: true, runUser: true },
      dismissStaleDecisions: true,
    };
    await t.db.execute(sql`
      INSERT INTO model_versions (id, model_id, number, status, stage, source)
      SELECT gen_random_uuid(), ${model.id}::uuid, n, 'READY', 'None', 's3://b/' || n FROM generate_series(1, 50) n`);
    await t.db.execute(sql`
      INSERT INTO promotion_requests (id, kind, model_id, model_full_name, version_id, version_number, target_kind, target_name,
        state, requester_id, justification, artifact_digest, effective_policy, evidence_digest)
      SELECT gen_random_uuid(), 'PROMOTION', v.model_id, 'prod.fraud.scorer', v.id, v.number, 'ALIAS', 'champion',
        'AWAITING_APPROVAL', ${builtInPrincipals.gates}::uuid, 'better', 'sha256:1', ${JSON.stringify(policy)}::jsonb, 'sha256:2'
      FROM model_versions v`);
    await t.db.execute(sql`
      INSERT INTO decisions (id, request_id, principal_id, verdict, evidence_digest)
      SELECT gen_random_uuid(), id, ${other.id}::uuid, 'APPROVE', 'sha256:2' FROM promotion_requests`);
  });
  afterAll(() => t.close());

  const statementsFor = async (first: number) => {
    const statements = countStatements(t.app);
    const { data, errors } = await graphql(t, lead.token, list, { first });
    expect(errors).toBeUndefined();
    expect(data.promotionRequests.nodes).toHaveLength(first);
    for (const { viewerDecision, approvals } of data.promotionRequests.nodes) {
      expect(viewerDecision).toMatchObject({ allowed: true });
      expect(approvals).toMatchObject([{ have: 1, need: 2, eligible: [{}, {}] }]);
    }
    return statements.stop();
  };

  it('takes as many statements for fifty as for two', async () => {
    await statementsFor(2);
    const [few, many] = [await statementsFor(2), await statementsFor(50)];
    expect(many.length - few.length).toBe(0);
    expect(many.length).toBeLessThan(30);
  });
});
