import type { Securable } from '@app/access';
import { type GateRun, GateRuns } from '@app/gates';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { champion, createPromotionTest, type PromotionTest, worker } from '../../../../test/support/promotion.js';
import { passed, TestValidator } from '../../../../test/support/validator.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionRequests } from '../promotion-requests.service.js';
import { GateRunReports } from './gate-run-reports.service.js';

const gates = [{ key: 'fairness', type: 'EXTERNAL', config: { validator: 'fairness' } }];

describe('GateRunReports', () => {
  let t: PromotionTest;
  let validator: TestValidator;
  let service: TestPrincipal;
  let model: Securable;
  let request: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest({ OUTBOUND_ALLOW: '127.0.0.1' });
    validator = await TestValidator.start();
    validator.answer = () => ({ status: 202 });
    await validator.register(t, await t.make.admin(), 'fairness');
    await t.policy(t.catalog, { gates });
    service = await t.make.principal('SERVICE_PRINCIPAL');
    await t.make.grant(service, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'REPORT_GATE');
    model = await t.model();
  });
  afterAll(async () => {
    await t.close();
    await validator.close();
  });

  const current = async (): Promise<GateRun> => (await t.module.get(GateRuns).ofRequests([request.id]))[0] as GateRun;
  const ask = async (opened: PromotionRequest): Promise<void> => {
    request = opened;
    const { id } = await current();
    await t.as(worker, () => t.module.get(GateRuns).run(id));
  };
  beforeEach(async () => ask(await t.request(await t.trained(model))));

  const report = async (who: TestPrincipal, body: unknown = passed, runId?: string) => {
    const id = runId ?? (await current()).id;
    return t.as(who, () => t.module.get(GateRunReports).report(id, body));
  };

  it('takes the report of a service principal with REPORT_GATE, in its own name', async () => {
    await report(service, { progress: { percent: 50, comment: 'half' } });
    expect(await report(service)).toMatchObject(passed);
    expect(await report(service)).toMatchObject(passed);
    const { id } = await current();
    const events = await t.db.query(
      sql`SELECT actor_name AS actor, reason FROM audit_events WHERE action = 'gate_run.finished' AND object_id = ${id}`,
    );
    expect(events).toEqual([{ actor: service.name, reason: passed.summary }]);
    expect(await t.runGates(request)).toMatchObject({ state: 'AWAITING_APPROVAL' });
  });

  it.each(['CATALOG', 'SCHEMA', 'REGISTERED_MODEL'] as const)('takes a grant on the %s', async (kind) => {
    const reporter = await t.make.principal('SERVICE_PRINCIPAL');
    await t.make.grant(reporter, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    const on = { CATALOG: t.catalog, SCHEMA: t.schema, REGISTERED_MODEL: model }[kind];
    await t.make.grant(reporter, on, 'REPORT_GATE');
    expect(await report(reporter)).toMatchObject(passed);
  });

  it('hides the run from strangers and from other tenants, as if it were absent', async () => {
    const neighbour = await t.make.principal('SERVICE_PRINCIPAL');
    const other = await t.make.schema(`other.s${Date.now()}`, neighbour);
    await t.make.grant(neighbour, { id: other.catalogId as string }, 'ALL_PRIVILEGES', 'MANAGE');
    const { id } = await current();
    for (const who of [neighbour, await t.make.principal('SERVICE_PRINCIPAL'), await t.make.user()]) {
      for (const asked of [id, '00000000-0000-7000-8000-00000000abcd']) {
        await expect(report(who, passed, asked)).rejects.toMatchObject({
          kind: 'NOT_FOUND',
          message: `Gate run "${asked}" does not exist, or you may not see it`,
        });
      }
    }
    expect(await current()).toMatchObject({ status: 'RUNNING' });
  });

  it('refuses whoever sees the request and lacks REPORT_GATE', async () => {
    const reader = await t.make.principal('SERVICE_PRINCIPAL');
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    for (const who of [reader, t.leads[0]]) {
      await expect(report(who)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    }
  });

  it('refuses people, owners of the model among them', async () => {
    await t.make.grant(t.owner, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
    await expect(report(t.owner)).rejects.toMatchObject({ kind: 'PERMISSION_DENIED', reason: 'NOT_A_SERVICE' });
    expect(await current()).toMatchObject({ status: 'RUNNING' });
  });

  it('refuses who opened the request and who made the version', async () => {
    const version = await t.trained(model);
    const pipeline = await t.make.principal('SERVICE_PRINCIPAL');
    await t.make.grant(pipeline, t.catalog, 'ALL_PRIVILEGES');
    const input = { model: model.fullName, version: version.number, target: champion, justification: 'ours' };
    await ask(await t.as(pipeline, () => t.module.get(PromotionRequests).create(input)));
    const refusal = await report(pipeline).catch((error) => error);
    expect(refusal).toMatchObject({ reason: 'REQUESTER_CANNOT_REPORT', refusal: { rule: 'REQUESTER_CANNOT_REPORT' } });

    await t.db.execute(sql`UPDATE model_versions SET created_by = ${service.id}::uuid WHERE id = ${version.id}::uuid`);
    await expect(report(service)).rejects.toMatchObject({ reason: 'MAKER_CANNOT_REPORT' });
    await t.db.execute(sql`UPDATE promotion_requests SET effective_policy =
      jsonb_set(effective_policy, '{separationOfDuties}', '{"requester": false, "versionCreator": false, "runUser": false}')
      WHERE id = ${request.id}::uuid`);
    await expect(report(pipeline)).rejects.toMatchObject({ reason: 'REQUESTER_CANNOT_REPORT' });
    expect(await report(service)).toMatchObject(passed);
  });

  it('takes no report of a gate that no validator was asked about', async () => {
    request = await t.request(await t.trained(model));
    await expect(report(service)).rejects.toMatchObject({ reason: 'NOTHING_TO_REPORT' });
  });
});
