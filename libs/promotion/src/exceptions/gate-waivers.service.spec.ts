import type { Securable } from '@app/access';
import { GateRuns } from '@app/gates';
import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionRequests } from '../promotion-requests.service.js';
import { GateWaivers } from './gate-waivers.service.js';

const metric = (key: string) => ({ key, type: 'METRIC_THRESHOLD', config: { metric: key, min: 0.8 } });

describe('GateWaivers', () => {
  let t: PromotionTest;
  let model: Securable;
  let risk: TestPrincipal;
  let second: TestPrincipal;
  let blocked: PromotionRequest;

  beforeAll(async () => {
    t = await createPromotionTest();
    await t.policy(t.catalog, { gates: [metric('auc'), metric('f1')] });
    [risk, second] = [await t.make.user('risk'), await t.make.user('second')];
    for (const who of [risk, second]) {
      await t.make.grant(who, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'WAIVE_GATE');
    }
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
    blocked = await t.runGates(await t.request(await t.trained(model, { auc: 0.7, f1: 0.9 })));
    expect(blocked.state).toBe('BLOCKED');
  });

  const propose = (who: TestPrincipal, gate = 'prod/auc', request = blocked) =>
    t.as(who, () =>
      t.module.get(GateWaivers).propose({ number: request.number, gate, reason: 'the holdout is stale' }),
    );
  const confirm = (who: TestPrincipal, id: string) => t.as(who, () => t.module.get(GateWaivers).confirm({ id }));
  const decline = (who: TestPrincipal, id: string) =>
    t.as(who, () => t.module.get(GateWaivers).decline({ id, comment: 'not enough' }));
  const statuses = async () => {
    const runs = await t.as(t.scientist, () => t.module.get(GateRuns).ofRequests([blocked.id]));
    return Object.fromEntries(runs.map(({ key, status }) => [key, status]));
  };

  it('moves the request on when a second person confirms, and shows it as evidence', async () => {
    const waiver = await propose(risk);
    expect(await t.again(blocked)).toEqual(blocked);
    const waived = await confirm(second, waiver.id);
    expect(waived.state).toBe('AWAITING_APPROVAL');
    expect(waived.evidenceDigest).not.toBe(blocked.evidenceDigest);
    expect(waived.evidence).toMatchObject({
      gates: [
        {
          key: 'prod/auc',
          status: 'WAIVED',
          summary: expect.stringContaining(
            'waived by risk, confirmed by second: the holdout is stale (it was FAILED: auc is 0.7',
          ),
        },
        { key: 'prod/f1', status: 'PASSED' },
      ],
    });
    for (const lead of t.leads.slice(0, 2)) await t.decide(lead, blocked);
    expect((await t.again(blocked)).state).toBe('APPLIED');
    const actions = (await t.events(model.id)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['gate_waiver.proposed', 'gate_waiver.confirmed']));
  });

  it('waits for every gate that stands in the way', async () => {
    const both = await t.runGates(await t.request(await t.trained(model, { auc: 0.7 })));
    const first = await propose(risk, 'prod/auc', both);
    const state = await confirm(second, first.id);
    expect(state).toMatchObject({ state: 'BLOCKED', stateReason: expect.stringContaining('gate "prod/f1" ERRORED') });
    const other = await propose(second, 'prod/f1', both);
    expect((await confirm(risk, other.id)).state).toBe('AWAITING_APPROVAL');
  });

  it('is never confirmed by the proposer, by the requester or by a service, whatever they hold', async () => {
    const { id } = await propose(risk);
    await expect(confirm(risk, id)).rejects.toMatchObject({ reason: 'PROPOSER_CANNOT_CONFIRM' });
    await t.make.grant(t.scientist, t.catalog, 'WAIVE_GATE');
    await expect(confirm(t.scientist, id)).rejects.toMatchObject({ reason: 'REQUESTER_CANNOT_CONFIRM' });
    const service = await t.make.principal('SERVICE_PRINCIPAL');
    await t.make.grant(service, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'WAIVE_GATE');
    await expect(confirm(service, id)).rejects.toMatchObject({ reason: 'NOT_A_PERSON' });
    expect(await statuses()).toEqual({ 'prod/auc': 'FAILED', 'prod/f1': 'PASSED' });
    // Nor would the database take it.
    const forge = sql`UPDATE gate_waivers SET state = 'CONFIRMED', decided_by = proposed_by, decided_at = now() WHERE id = ${id}::uuid`;
    await expect(t.db.execute(forge)).rejects.toThrow('gate_waivers_two_people');
  });

  it('takes one answer: two who confirm at once, or one who comes late', async () => {
    const third = await t.make.user();
    await t.make.grant(third, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE', 'WAIVE_GATE');
    const { id } = await propose(risk);
    const answers = await Promise.allSettled([confirm(second, id), confirm(third, id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(decline(second, id)).rejects.toMatchObject({ reason: 'WAIVER_DECIDED' });
  });

  it('is declined, or taken back by its proposer, and may be proposed again', async () => {
    const first = await propose(risk);
    await expect(propose(second)).rejects.toMatchObject({ reason: 'WAIVER_PROPOSED' });
    expect(await decline(risk, first.id)).toMatchObject({ state: 'DECLINED', comment: 'not enough' });
    await expect(confirm(second, first.id)).rejects.toMatchObject({ reason: 'WAIVER_DECIDED' });
    const again = await propose(second);
    await expect(decline(t.leads[0], again.id)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    expect((await confirm(risk, again.id)).state).toBe('AWAITING_APPROVAL');
  });

  it('is void when the gates run again, and when the request is closed', async () => {
    const old = await propose(risk);
    const requests = t.module.get(PromotionRequests);
    await t.runGates(await t.as(t.scientist, () => requests.rerunGates({ number: blocked.number })));
    await expect(confirm(second, old.id)).rejects.toMatchObject({ reason: 'GATE_NOT_BLOCKING' });
    const { id } = await propose(risk);
    await t.as(t.scientist, () => requests.cancel({ number: blocked.number }));
    await expect(confirm(second, id)).rejects.toMatchObject({ reason: 'REQUEST_CLOSED' });
  });

  it('is refused: passed and unknown gates, the stranger, the reader, the absent', async () => {
    await expect(propose(risk, 'prod/f1')).rejects.toThrow('these gates do: prod/auc');
    await expect(propose(risk, 'none')).rejects.toMatchObject({ reason: 'GATE_NOT_BLOCKING' });
    const stranger = await t.make.user();
    await expect(propose(stranger)).rejects.toThrow(NotFound);
    await expect(propose(t.leads[0])).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    const { id } = await propose(risk);
    const absent = '01900000-0000-7000-8000-000000000000';
    await expect(confirm(stranger, id)).rejects.toThrow(`Waiver "${id}" does not exist, or you may not see it`);
    await expect(confirm(risk, absent)).rejects.toThrow(`Waiver "${absent}" does not exist, or you may not see it`);
    await expect(confirm(t.leads[0], id)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
  });
});
