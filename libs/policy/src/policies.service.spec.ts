import { METASTORE_ID, PermissionDenied, type Securable } from '@app/access';
import { AlreadyExists, Conflict, InvalidArgument, NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { Policies } from './policies.service.js';
import { ProtectedTarget } from './policy.errors.js';
import { PolicyModule } from './policy.module.js';
import { PolicyReader } from './policy.reader.js';
import type { Target } from './target.js';

const champion = { kind: 'ALIAS', name: 'champion' } as const;
const rules = { protects: { aliases: ['champion'], stages: ['Production'] } };

describe('Policies', () => {
  let t: TestModule;
  let policies: Policies;
  let reader: PolicyReader;
  let governor: TestPrincipal;
  let onlooker: TestPrincipal;
  let stranger: TestPrincipal;
  let model: Securable;
  let made = 0;

  beforeAll(async () => {
    t = await createTestModule([PolicyModule], { PUBLIC_URL: 'http://models.example' });
    const make = new Factories(t.db);
    policies = t.module.get(Policies);
    reader = t.module.get(PolicyReader);
    [governor, onlooker, stranger] = [await make.user('governor'), await make.user(), await make.user()];
    const owner = await make.user();
    const schema = await make.schema('prod.fraud', owner);
    model = await make.securable('REGISTERED_MODEL', 'prod.fraud.scorer', owner);
    await make.grant(governor, { id: schema.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'MANAGE_POLICY');
    await make.grant(governor, { id: METASTORE_ID }, 'MANAGE_POLICY');
    await make.grant(onlooker, { id: schema.catalogId as string }, 'BROWSE');
  });
  afterAll(() => t.close());
  afterEach(() => t.db.execute(sql`UPDATE policies SET retired_at = now()`));

  const create = (
    on: Parameters<Policies['create']>[0]['on'],
    given: unknown = rules,
    name = `p${++made}`,
    who = governor,
  ) => t.as(who, () => policies.create({ on, name, rules: given, reason: 'because' }));
  const onCatalog = { kind: 'CATALOG', fullName: 'prod' } as const;
  const onModel = { kind: 'REGISTERED_MODEL', fullName: 'prod.fraud.scorer' } as const;
  const events = (id: string) =>
    t.db.query(
      sql`SELECT action, actor_name AS actor, reason FROM audit_events WHERE object_id = ${id} ORDER BY occurred_at, id`,
    );

  it('finds what protects a target from the metastore down to the model, and leaves out dry runs', async () => {
    await create(onModel, rules, 'm');
    await create({ kind: 'METASTORE', fullName: '' }, { protects: { aliases: ['champ*'] } }, 'all');
    await create(onCatalog, { ...rules, dryRun: true }, 'dry');
    await create(onCatalog, { protects: { aliases: ['other'] } }, 'other');
    const names = async (target: Target) => ({
      matching: (await policies.matching(model, [target])).map(({ name, on }) => `${name} on ${on}`),
      protecting: (await policies.protecting(model, target)).map(({ name }) => name),
    });
    expect(await names(champion)).toEqual({
      matching: ['all on the metastore', 'dry on catalog prod', 'm on model prod.fraud.scorer'],
      protecting: ['all', 'm'],
    });
    expect(await names({ kind: 'STAGE', name: 'Production' })).toEqual({
      matching: ['dry on catalog prod', 'm on model prod.fraud.scorer'],
      protecting: ['m'],
    });
    expect(await names({ kind: 'ALIAS', name: 'blue' })).toEqual({ matching: [], protecting: [] });
  });

  it('refuses a direct move with what to do instead', async () => {
    await expect(
      policies.requireUnprotected(model, champion, { target: champion, version: 1 }),
    ).resolves.toBeUndefined();
    await create(onCatalog, rules, 'gate keeper');
    const refused = policies.requireUnprotected(model, champion, { target: champion, version: 1 });
    await expect(refused).rejects.toThrow(ProtectedTarget);
    await expect(refused).rejects.toMatchObject({
      kind: 'PERMISSION_DENIED',
      reason: 'PROTECTED_TARGET',
      details: {
        policies: [{ name: 'gate keeper', revision: 1, on: 'catalog prod' }],
        target: champion,
        model: 'prod.fraud.scorer',
      },
      message:
        'alias "champion" of prod.fraud.scorer is protected by policy "gate keeper" (revision 1) on catalog prod: open a promotion request instead, ' +
        'at http://models.example/approvals/new?model=prod.fraud.scorer&version=1&alias=champion or with the mutation promotionRequestCreate(input: { model: "prod.fraud.scorer", version: 1, target: { kind: ALIAS, name: "champion" }, justification: "…" }) at http://models.example/graphql',
    });
  });

  it('keeps every revision, and records who made it and why', async () => {
    const policy = await create(onCatalog);
    const stricter = { ...rules, waitSeconds: 60 };
    const revised = await t.as(governor, () =>
      policies.revise({ id: policy.id, rules: stricter, reason: 'incident 7', expectedRevision: 1 }),
    );
    expect(revised).toMatchObject({ currentRevision: 2, rules: { waitSeconds: 60 } });
    const { edges } = await t.as(governor, () => reader.revisions(policy.id, { first: 10 }));
    expect(edges.map(({ node }) => [node.revision, node.reason, node.rules.waitSeconds, node.createdBy])).toEqual([
      [2, 'incident 7', 60, governor.id],
      [1, 'because', 0, governor.id],
    ]);
    expect(await events(policy.id)).toEqual([
      { action: 'policy.created', actor: 'governor', reason: 'because' },
      { action: 'policy.revised', actor: 'governor', reason: 'incident 7' },
    ]);
    await expect(
      t.db.execute(sql`UPDATE policy_revisions SET reason = 'none' WHERE policy_id = ${policy.id}::uuid`),
    ).rejects.toThrow('append-only');
  });

  it.each(['', '  ', 'x'.repeat(5001)])('refuses a change without a reason, or with an endless one', async (reason) => {
    const { id } = await create(onCatalog);
    const asGovernor = (work: () => Promise<unknown>) => t.as(governor, work);
    await expect(asGovernor(() => policies.revise({ id, rules, reason }))).rejects.toThrow('reason: has');
    await expect(asGovernor(() => policies.retire({ id, reason }))).rejects.toThrow('reason: has');
    expect(await events(id)).toHaveLength(1);
  });

  it('refuses a revision of what somebody else has changed', async () => {
    const policy = await create(onCatalog);
    const revise = (expectedRevision: number | null) =>
      t.as(governor, () => policies.revise({ id: policy.id, rules, reason: 'x', expectedRevision }));
    const answers = await Promise.allSettled([revise(1), revise(1)]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(revise(1)).rejects.toThrow(Conflict);
    expect(await revise(null)).toMatchObject({ currentRevision: 3 });
  });

  it('protects nothing more when it is retired, and cannot be revised then', async () => {
    const policy = await create(onModel);
    await t.as(governor, () => policies.retire({ id: policy.id, reason: 'over' }));
    expect(await policies.protecting(model, champion)).toEqual([]);
    await expect(t.as(governor, () => policies.revise({ id: policy.id, rules, reason: 'x' }))).rejects.toMatchObject({
      reason: 'POLICY_RETIRED',
    });
    expect((await events(policy.id)).at(-1)).toMatchObject({ action: 'policy.retired', reason: 'over' });
  });

  it('refuses names that are taken, and principals that do not exist', async () => {
    await create(onCatalog, rules, 'Taken');
    await expect(create(onCatalog, rules, 'taken')).rejects.toThrow(AlreadyExists);
    await create(onModel, rules, 'taken');
    const nobody = '00000000-0000-7000-8000-00000000ffff';
    const approvals = [{ name: 'x', count: 1, principalIds: [governor.id, nobody] }];
    const refused = create(onCatalog, { ...rules, approvals }, 'unwritten');
    await expect(refused).rejects.toThrow(InvalidArgument);
    await expect(refused).rejects.toMatchObject({ path: ['rules', 'approvals', '0', 'principalIds', '1'] });
    expect(await t.db.query(sql`SELECT 1 FROM policies WHERE name = 'unwritten'`)).toEqual([]);
  });

  it('asks for MANAGE_POLICY to change, and for sight of the securable to read', async () => {
    const policy = await create(onCatalog);
    await expect(create(onCatalog, rules, 'mine', onlooker)).rejects.toThrow(PermissionDenied);
    await expect(create(onCatalog, rules, 'mine', stranger)).rejects.toThrow(NotFound);
    await expect(t.as(onlooker, () => policies.revise({ id: policy.id, rules, reason: 'x' }))).rejects.toThrow(
      PermissionDenied,
    );
    await expect(t.as(onlooker, () => policies.retire({ id: policy.id, reason: 'x' }))).rejects.toThrow(
      PermissionDenied,
    );

    expect(await t.as(onlooker, () => reader.get(policy.id))).toMatchObject({ name: policy.name });
    const page = await t.as(onlooker, () => reader.on(onCatalog, { first: 100 }));
    expect(page.edges.map(({ node }) => node.id)).toContain(policy.id);

    const absent = '00000000-0000-7000-8000-00000000ffff';
    for (const ask of [
      (id: string): Promise<unknown> => reader.get(id),
      (id: string): Promise<unknown> => reader.revisions(id, { first: 1 }),
      (id: string): Promise<unknown> => policies.retire({ id, reason: 'x' }),
    ]) {
      for (const id of [policy.id, absent]) {
        await expect(t.as(stranger, () => ask(id))).rejects.toThrow(
          `Policy "${id}" does not exist, or you may not see it`,
        );
      }
    }
    await expect(t.as(stranger, () => reader.on(onCatalog, { first: 1 }))).rejects.toThrow(NotFound);
  });
});
