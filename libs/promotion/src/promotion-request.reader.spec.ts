import type { Securable } from '@app/access';
import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createPromotionTest, type PromotionTest } from '../../../test/support/promotion.js';
import type { PromotionRequest } from './promotion-request.js';
import { type PromotionRequestFilter, PromotionRequestReader } from './promotion-request.reader.js';
import { RequestDetails } from './request-details.reader.js';

describe('PromotionRequestReader', () => {
  let t: PromotionTest;
  let reader: PromotionRequestReader;
  let details: RequestDetails;
  let model: Securable;
  let stranger: TestPrincipal;
  let all: PromotionRequest[];

  /** One request in each situation that a reviewer can meet. */
  beforeAll(async () => {
    t = await createPromotionTest();
    reader = t.module.get(PromotionRequestReader);
    details = t.module.get(RequestDetails);
    stranger = await t.make.user();
    model = await t.model();
    await t.policy(t.catalog, { gates: [{ key: 'sig', type: 'SIGNATURE' }] });
    const [lead, second] = t.leads;
    const ready = async () => t.runGates(await t.request(await t.trained(model)));

    const validating = await t.request(await t.trained(model));
    const blocked = await t.runGates(await t.request(await t.trained(model, {}, { MLmodel: 'flavors: {}' })));
    const open = await ready();
    const decided = await ready();
    await t.decide(lead, decided);
    const rejected = await ready();
    await t.decide(lead, rejected, 'REJECT', 'no');
    const changes = await ready();
    await t.decide(second, changes, 'REQUEST_CHANGES', 'more');
    const createdByLead = await ready();
    await t.db.execute(
      sql`UPDATE model_versions SET created_by = ${lead.id}::uuid WHERE id = ${createdByLead.versionId}::uuid`,
    );
    const trainedByLead = await ready();
    await t.db.execute(
      sql`UPDATE model_versions SET run_principal_id = ${lead.id}::uuid WHERE id = ${trainedByLead.versionId}::uuid`,
    );
    const stale = await ready();
    await t.decide(lead, stale);
    await t.db.execute(
      sql`UPDATE promotion_requests SET evidence_digest = 'sha256:newer' WHERE id = ${stale.id}::uuid`,
    );
    const own = await ready();
    await t.db.execute(sql`UPDATE promotion_requests SET requester_id = ${lead.id}::uuid WHERE id = ${own.id}::uuid`);
    all = [validating, blocked, open, decided, rejected, changes, createdByLead, trainedByLead, stale, own];
  });
  afterAll(() => t.close());

  const listed = async (who: TestPrincipal, filter: PromotionRequestFilter = {}) =>
    t.as(who, async () => (await reader.list(filter, { first: 100 })).edges.map(({ node }) => node.number));

  it.each([
    ['to reading', { readOnly: true, catalogId: null }],
    ['to another catalog', { readOnly: false, catalogId: '00000000-0000-7000-8000-00000000000a' }],
  ])('says with a token narrowed %s that nothing may be approved, as its list does', async (_what, narrowing) => {
    const [lead] = t.leads;
    const narrowed = { ...lead, narrowing };
    expect(await listed(narrowed, { awaitingViewer: true })).toEqual([]);
    const told = await t.as(narrowed, () => reader.viewerDecisionsOf(all.map(({ id }) => id)));
    expect(told.filter(({ allowed }) => allowed)).toEqual([]);
    expect(await listed(lead, { awaitingViewer: true })).not.toEqual([]);
  });

  it('lists as awaiting the viewer exactly what he may approve', async () => {
    for (const who of [...t.leads, t.scientist, t.owner, stranger]) {
      const awaiting = await listed(who, { awaitingViewer: true });
      const allowed: number[] = [];
      for (const number of await listed(who)) {
        if ((await t.as(who, () => reader.viewerDecision(number))).allowed) allowed.push(number);
      }
      expect(awaiting).toEqual(allowed);
      expect(await t.as(who, () => reader.count({ awaitingViewer: true }))).toBe(allowed.length);
    }
    const [, , open, , , changes, , , stale] = all.map(({ number }) => number);
    expect(await listed(t.leads[0], { awaitingViewer: true })).toEqual([stale, changes, open]);
  });

  it('says why the viewer may not decide', async () => {
    const reasons = async (who: TestPrincipal, request: PromotionRequest | undefined) =>
      (await t.as(who, () => reader.viewerDecision((request as PromotionRequest).number))).reasons;
    const [lead] = t.leads;
    expect(await Promise.all(all.map((request) => reasons(lead, request)))).toEqual([
      ['GATES_NOT_PASSED'],
      ['GATES_NOT_PASSED'],
      ['ALLOWED'],
      ['ALREADY_DECIDED'],
      ['NOT_PENDING', 'ALREADY_DECIDED'],
      ['ALLOWED'],
      ['VERSION_CREATOR_CANNOT_APPROVE'],
      ['RUN_AUTHOR_CANNOT_APPROVE'],
      ['ALLOWED'],
      ['REQUESTER_CANNOT_SELF_APPROVE'],
    ]);
    const decision = await t.as(t.scientist, () => reader.viewerDecision(all[2]?.number as number));
    expect(decision).toMatchObject({
      allowed: false,
      reasons: [
        'MISSING_PRIVILEGE',
        'NOT_ELIGIBLE',
        'REQUESTER_CANNOT_SELF_APPROVE',
        'VERSION_CREATOR_CANNOT_APPROVE',
        'RUN_AUTHOR_CANNOT_APPROVE',
      ],
      explanation: expect.stringContaining(`You lack APPROVE_PROMOTION on ${model.fullName}.`),
    });
  });

  it('shows a request to who holds one of four privileges on the model, and to nobody else', async () => {
    const number = all[2]?.number as number;
    const neighbour = await t.make.user();
    const elsewhere = await t.make.schema('other.place', neighbour);
    await t.make.grant(neighbour, elsewhere, 'EXECUTE', 'APPROVE_PROMOTION', 'REQUEST_PROMOTION');
    const browser = await t.make.user();
    await t.make.grant(browser, t.catalog, 'BROWSE');
    for (const who of [stranger, neighbour, browser]) {
      await expect(t.as(who, () => reader.byNumber(number))).rejects.toThrow(
        `Promotion request "${number}" does not exist, or you may not see it`,
      );
      expect(await listed(who)).toEqual([]);
      expect(await t.as(who, () => reader.count({}))).toBe(0);
      expect(await t.as(who, () => reader.byIds(all.map(({ id }) => id)))).toEqual([]);
      expect(await t.as(who, () => details.gateRunsOf(all.map(({ id }) => id)))).toEqual([]);
      await expect(t.as(who, () => details.decisions(number, { first: 1 }))).rejects.toThrow(NotFound);
      expect(await t.as(who, () => reader.progressOf(all.map(({ id }) => id)))).toEqual([]);
      await expect(t.as(who, () => reader.viewerDecision(number))).rejects.toThrow(NotFound);
    }
    for (const privilege of ['EXECUTE', 'REQUEST_PROMOTION', 'APPROVE_PROMOTION', 'READ_AUDIT'] as const) {
      const holder = await t.make.user();
      await t.make.grant(holder, t.catalog, 'USE_CATALOG', 'USE_SCHEMA');
      await t.make.grant(holder, model, privilege);
      expect(await t.as(holder, () => reader.byNumber(number))).toMatchObject({ number });
      expect(await listed(holder)).toHaveLength(all.length);
    }
    for (const absent of [0, -1, 1.5, 2 ** 40, 999_999]) {
      await expect(t.as(t.scientist, () => reader.byNumber(absent))).rejects.toThrow(NotFound);
    }
  });

  it('filters, and pages through every request once in either direction', async () => {
    const numbers = all.map(({ number }) => number);
    expect(await listed(t.scientist, { states: ['REJECTED', 'BLOCKED'] })).toEqual([numbers[4], numbers[1]]);
    expect(await listed(t.scientist, { requesterId: t.leads[0].id })).toEqual([numbers[9]]);
    expect(await listed(t.scientist, { modelFullName: model.fullName.toUpperCase() })).toHaveLength(all.length);
    expect(await listed(t.scientist, { modelFullName: 'prod.fraud.none' })).toEqual([]);

    const walk = async (size: 'first' | 'last', cursor: 'after' | 'before') => {
      const seen: number[] = [];
      let from: string | undefined;
      do {
        const page = await t.as(t.scientist, () => reader.list({}, { [size]: 3, [cursor]: from }));
        const found = page.edges.map(({ node }) => node.number);
        if (size === 'first') seen.push(...found);
        else seen.unshift(...found);
        const more = size === 'first' ? page.hasNextPage : page.hasPreviousPage;
        from = more ? page.edges.at(size === 'first' ? -1 : 0)?.cursor : undefined;
      } while (from);
      return seen;
    };
    expect(await walk('first', 'after')).toEqual([...numbers].reverse());
    expect(await walk('last', 'before')).toEqual([...numbers].reverse());
  });

  it('tells how far each rule is, who counts and who could', async () => {
    const [, , , decided, , , createdByLead] = all;
    const shown = await t.as(t.scientist, () => reader.progressOf(all.map(({ id }) => id)));
    expect(shown).toHaveLength(all.length);
    const progress = (request: PromotionRequest | undefined) =>
      shown.find(({ requestId }) => requestId === request?.id)?.rules ?? [];
    const leadIds = t.leads.map(({ id }) => id).sort();
    const [rule] = progress(decided);
    expect(rule).toMatchObject({
      name: 'two leads',
      policy: 'prod',
      need: 2,
      have: 1,
      countedIds: [t.leads[0].id],
    });
    expect(rule?.eligibleIds.sort()).toEqual(leadIds);
    const [separated] = progress(createdByLead);
    expect(separated?.eligibleIds.sort()).toEqual(leadIds.filter((id) => id !== t.leads[0].id));
  });

  it('keeps decisions with what they were made on, and the log of each gate', async () => {
    const [, , , decided, , , , , stale] = all as [PromotionRequest, ...PromotionRequest[]];
    const decisions = async (request: PromotionRequest | undefined) =>
      (await t.as(t.scientist, () => details.decisions((request as PromotionRequest).number, { first: 10 }))).edges;
    expect((await decisions(decided)).map(({ node }) => [node.principalId, node.stale])).toEqual([
      [t.leads[0].id, false],
    ]);
    expect((await decisions(stale)).map(({ node }) => node.stale)).toEqual([true]);

    const [run] = await t.as(t.scientist, () => details.gateRunsOf([(decided as PromotionRequest).id]));
    const log = await t.as(t.scientist, () => details.gateLog(run?.id as string, { first: 10 }));
    expect(log.edges.map(({ node }) => [node.line, node.text])).toEqual([
      [1, 'attempt 1 of 3'],
      [2, 'PASSED: a signature is present: inputs, outputs'],
    ]);
    expect((await t.as(stranger, () => details.gateLog(run?.id as string, { first: 10 }))).edges).toEqual([]);
  });
});
