import type { Securable } from '@app/access';
import { GateRuns } from '@app/gates';
import { NotFound } from '@app/platform';
import type { NamedTarget, PromotionKind } from '@app/policy';
import { Targets } from '@app/registry';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../../test/support/factories.js';
import { champion, createPromotionTest, type PromotionTest } from '../../../../test/support/promotion.js';
import { PromotionRequestReader } from '../promotion-request.reader.js';
import { PromotionRequests } from '../promotion-requests.service.js';
import { Preflights } from './preflight.service.js';

describe('a preflight', () => {
  let t: PromotionTest;
  let model: Securable;

  beforeAll(async () => {
    t = await createPromotionTest();
    const onCatalog = { gates: [{ key: 'sig', type: 'SIGNATURE' }], waitSeconds: 5 };
    await t.policy(t.catalog, { ...onCatalog, protects: { aliases: ['champion'], stages: ['Production'] } });
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    model = await t.model();
  });

  const preflight = (
    version: number | null,
    { who = t.scientist, target = champion as NamedTarget, kind = 'PROMOTION' as PromotionKind } = {},
  ) => t.as(who, () => t.module.get(Preflights).of({ model: model.fullName, version, target, kind }));
  const codes = async (...asked: Parameters<typeof preflight>) =>
    (await preflight(...asked)).obstacles.map(({ code }) => code);
  const counts = () =>
    t.db.first(sql`SELECT (SELECT count(*) FROM promotion_requests) AS requests, (SELECT count(*) FROM gate_runs) AS runs,
      (SELECT count(*) FROM audit_events) AS events, (SELECT count(*) FROM outbox) AS messages`);

  it.each([
    ['the main story', { approvals: [] }],
    ['a rule that nobody can fill', { approvals: [{ name: 'board', count: 2, principalIds: [] as string[] }] }],
    ['a rule of the requester himself', { approvals: [{ name: 'self', count: 1, principalIds: [] as string[] }] }],
  ])('equals what the request then shows: %s', async (_story, rules) => {
    const [rule] = rules.approvals ?? [];
    if (rule?.name === 'board') rule.principalIds = [t.governor.id, t.leads[0].id];
    if (rule?.name === 'self') rule.principalIds = [t.scientist.id];
    await t.policy(model, { ...rules, gates: [{ key: 'more', type: 'ARTIFACT_INTEGRITY', required: false }] }, 'model');
    const version = await t.trained(model);
    const before = await counts();
    const shown = await preflight(version.number);
    expect(await counts()).toEqual(before);
    expect(shown.obstacles).toEqual([]);

    const request = await t.request(version);
    const runs = await t.as(t.scientist, () => t.module.get(GateRuns).ofRequests([request.id]));
    const ofGate = ({
      key,
      type,
      required,
      config,
    }: {
      key: string;
      type: string;
      required: boolean;
      config: unknown;
    }) => ({
      key,
      type,
      required,
      config,
    });
    expect(shown.policy?.gates.map(ofGate)).toEqual(runs.map(ofGate));
    expect(shown.policy).toEqual(request.effectivePolicy);
    const reader = t.module.get(PromotionRequestReader);
    const [progress] = await t.as(t.scientist, () => reader.progressOf([request.id]));
    expect(shown.approvals).toEqual(progress?.rules);
    expect(shown.incumbent?.number ?? null).toBe(request.incumbentVersionNumber);
    const warned = [
      ...(request.stateReason as string).matchAll(/rule "([^"]+)" needs (\d+) to approve, and only (\d+)/g),
    ];
    expect(shown.unfillable).toEqual(
      warned.map(([, name, need, most]) => ({ rule: name, need: Number(need), most: Number(most) })),
    );
    expect(shown.unfillable.length).toBe(rule ? 1 : 0);
  });

  it('names everything that stands in the way, as opening would', async () => {
    const version = await t.trained(model);
    expect(await codes(version.number, { who: t.leads[0] })).toEqual(['MISSING_PRIVILEGE']);
    expect(await codes(version.number, { target: { kind: 'ALIAS', name: 'free' } })).toEqual(['TARGET_NOT_PROTECTED']);
    const unready = await t.trained(model);
    await t.db.execute(sql`UPDATE model_versions SET status = 'PENDING_REGISTRATION' WHERE id = ${unready.id}::uuid`);
    expect(await codes(unready.number, { who: t.leads[0] })).toEqual(['MISSING_PRIVILEGE', 'VERSION_NOT_READY']);
    await t.request(version);
    expect(await codes(version.number)).toEqual(['REQUEST_ALREADY_OPEN']);
    await t.db.execute(
      sql`INSERT INTO model_aliases (model_id, alias, version_id) VALUES (${model.id}::uuid, 'champion', ${version.id}::uuid)`,
    );
    expect(await codes(version.number)).toEqual(['ALREADY_HOLDS_TARGET', 'REQUEST_ALREADY_OPEN']);
    await expect(t.request(version)).rejects.toMatchObject({ reason: 'ALREADY_HOLDS_TARGET' });
  });

  it('finds the version of a rollback', async () => {
    await expect(preflight(null, { kind: 'ROLLBACK' })).rejects.toMatchObject({ reason: 'NOTHING_TO_ROLL_BACK_TO' });
    const alias = { kind: 'ALIAS', name: 'stable' } as const;
    for (let number = 1; number <= 3; number++) {
      await t.trained(model);
      await t.as(t.owner, () => t.module.get(Targets).setAlias(model.fullName, 'stable', number));
    }
    await t.policy(model, { protects: { aliases: ['stable'] } }, 'late');
    const shown = await preflight(null, { kind: 'ROLLBACK', target: alias });
    expect(shown).toMatchObject({ version: { number: 2 }, incumbent: { number: 3 }, obstacles: [] });
    expect(shown.policy?.gates.map(({ key }) => key)).toEqual(['integrity']);
    const request = await t.as(t.scientist, () =>
      t.module.get(PromotionRequests).rollback({ model: model.fullName, target: alias, justification: 'back' }),
    );
    expect(request.effectivePolicy).toEqual(shown.policy);
    expect(await codes(1, { kind: 'ROLLBACK', target: alias })).toEqual(['NOT_THE_PREVIOUS_HOLDER']);
  });

  it('is for those who may see the requests of the model', async () => {
    const version = await t.trained(model);
    const browser: TestPrincipal = await t.make.user();
    await t.make.grant(browser, t.catalog, 'BROWSE');
    await expect(preflight(version.number, { who: await t.make.user() })).rejects.toThrow(NotFound);
    await expect(preflight(version.number, { who: browser })).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await expect(preflight(99)).rejects.toThrow(NotFound);
    await expect(preflight(null)).rejects.toThrow('version: is left out');
    await expect(preflight(version.number, { kind: 'BREAK_GLASS' })).rejects.toThrow('kind: BREAK_GLASS');
  });
});
