import { NotFound } from '@app/platform';
import { ProtectedTarget, type Target } from '@app/policy';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { ModelVersions } from './model-version.service.js';
import { Targets } from './target.service.js';
import { TransitionReader } from './transition.reader.js';

const production: Target = { kind: 'STAGE', name: 'Production' };
const champion: Target = { kind: 'ALIAS', name: 'champion' };

describe('Targets', () => {
  let t: RegistryTest;
  let targets: Targets;
  let mover: TestPrincipal;
  let reader: TestPrincipal;

  beforeAll(async () => {
    t = await createRegistryTest();
    targets = t.module.get(Targets);
    [mover, reader] = [await t.make.user(), await t.make.user()];
    await t.make.grant(mover, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'SET_ALIAS');
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  afterAll(() => t.close());

  const asMover = <T>(work: () => Promise<T>) => t.as(mover, work);
  const modelWith = async (count: number) => {
    const model = await t.model();
    for (let n = 0; n < count; n += 1) await t.version(model.fullName);
    return model;
  };
  const moves = async (fullName: string) => {
    const page = await t.as(t.owner, () => t.module.get(TransitionReader).page(fullName, { first: 100 }));
    return page.edges.map(({ node }) => node).reverse();
  };
  const stagesOf = async (modelId: string) =>
    (
      await t.db.query<{ stage: string }>(
        sql`SELECT stage FROM model_versions WHERE model_id = ${modelId}::uuid ORDER BY number`,
      )
    ).map(({ stage }) => stage);
  const targetEvents = async (modelId: string) =>
    (await t.events(modelId)).filter(({ action }) => /alias|stage/.test(action));

  it('sets, moves and deletes an alias: one transition and one event each', async () => {
    const model = await modelWith(2);
    await asMover(async () => {
      await targets.setAlias(model.fullName, 'live', 1);
      await targets.setAlias(model.fullName, 'live', 1);
      await targets.setAlias(model.fullName, 'live', 2);
      expect(await targets.deleteAlias(model.fullName, 'live')).toBe(true);
      expect(await targets.deleteAlias(model.fullName, 'live')).toBe(false);
    });
    const target = { kind: 'ALIAS', name: 'live' };
    expect(await moves(model.fullName)).toMatchObject([
      { target, versionNumber: 1, replacedVersionNumber: null, actorId: mover.id },
      { target, versionNumber: 2, replacedVersionNumber: 1 },
      { target, versionNumber: null, replacedVersionNumber: 2 },
    ]);
    const name = `${model.fullName}@live`;
    expect(await targetEvents(model.id)).toMatchObject([
      { action: 'model_alias.set', objectName: name, before: null, after: { alias: 'live', version: 1 } },
      { action: 'model_alias.set', before: { version: 1 }, after: { version: 2 } },
      { action: 'model_alias.deleted', before: { alias: 'live', version: 2 }, after: null },
    ]);
  });

  it('takes an alias for the same one in every case, spelled as it was set last', async () => {
    const model = await modelWith(2);
    await asMover(async () => {
      await targets.setAlias(model.fullName, 'live', 1);
      await targets.setAlias(model.fullName, 'Live', 2);
    });
    await t.as(reader, async () => {
      const versions = t.module.get(ModelVersions);
      expect(await versions.byAlias(model.fullName, 'LIVE')).toMatchObject({ number: 2, aliases: ['Live'] });
      expect(await versions.get(model.fullName, 1)).toMatchObject({ aliases: [] });
    });
    const previous = await targets.previousHolder(model.id, { kind: 'ALIAS', name: 'lIVE' });
    expect(previous?.number).toBe(1);
    expect(await asMover(() => targets.deleteAlias(model.fullName, 'live'))).toBe(true);
    expect(await targets.holder(model.id, { kind: 'ALIAS', name: 'Live' })).toBeUndefined();
  });

  it('moves stages, and archives the others when asked to', async () => {
    const model = await modelWith(4);
    await asMover(async () => {
      await targets.transitionStage(model.fullName, 1, 'Staging', false);
      await targets.transitionStage(model.fullName, 2, 'Staging', false);
      const moved = await targets.transitionStage(model.fullName, 3, 'staging', true);
      expect(moved).toMatchObject({ number: 3, stage: 'Staging' });
    });
    expect(await stagesOf(model.id)).toEqual(['Archived', 'Archived', 'Staging', 'None']);
    expect((await moves(model.fullName)).slice(2)).toMatchObject([
      { target: { name: 'Archived' }, versionNumber: 1, fromStage: 'Staging', toStage: 'Archived' },
      { target: { name: 'Archived' }, versionNumber: 2, fromStage: 'Staging', toStage: 'Archived' },
      {
        target: { name: 'Staging' },
        versionNumber: 3,
        replacedVersionNumber: 2,
        fromStage: 'None',
        toStage: 'Staging',
      },
    ]);
    expect((await targetEvents(model.id)).slice(2)).toMatchObject([
      { objectName: `${model.fullName}/1`, before: { stage: 'Staging' }, after: { stage: 'Archived' } },
      { objectName: `${model.fullName}/2`, before: { stage: 'Staging' }, after: { stage: 'Archived' } },
      { objectName: `${model.fullName}/3`, before: { stage: 'None' }, after: { stage: 'Staging' } },
    ]);
  });

  it('refuses wrong input', async () => {
    const { fullName } = await modelWith(1);
    await asMover(async () => {
      await expect(targets.setAlias(fullName, 'latest', 1)).rejects.toThrow('alias: "latest"');
      await expect(targets.setAlias(fullName, 'v3', 1)).rejects.toThrow('alias: "v3"');
      await expect(targets.setAlias(fullName, 'live', 0)).rejects.toThrow('version: 0');
      await expect(targets.setAlias(fullName, 'live', 2)).rejects.toThrow(`Model version "${fullName}/2"`);
      await expect(targets.transitionStage(fullName, 1, 'Prod', false)).rejects.toThrow('stage: "Prod"');
      await expect(targets.transitionStage(fullName, 1, 'Archived', true)).rejects.toThrow('archive_existing_versions');
    });
    expect(await moves(fullName)).toEqual([]);
  });

  it('needs SET_ALIAS', async () => {
    const { fullName } = await modelWith(1);
    const denied = { reason: 'MISSING_PRIVILEGE' };
    await t.as(reader, async () => {
      await expect(targets.setAlias(fullName, 'live', 1)).rejects.toMatchObject(denied);
      await expect(targets.deleteAlias(fullName, 'live')).rejects.toMatchObject(denied);
      await expect(targets.transitionStage(fullName, 1, 'Staging', false)).rejects.toMatchObject(denied);
    });
    const stranger = await t.make.user();
    await expect(t.as(stranger, () => targets.deleteAlias(fullName, 'live'))).rejects.toThrow(NotFound);
  });

  it('moves only READY versions', async () => {
    const { fullName } = await modelWith(0);
    const { number } = await t.version(fullName);
    await t.db.execute(sql`UPDATE model_versions SET status = 'FAILED_REGISTRATION', status_message = 'no files'`);
    await asMover(async () => {
      await expect(targets.setAlias(fullName, 'live', number)).rejects.toThrow(
        `version: ${fullName}/1 is FAILED_REGISTRATION (no files): it must be READY`,
      );
      await expect(targets.transitionStage(fullName, number, 'Staging', false)).rejects.toMatchObject({
        reason: 'VERSION_NOT_READY',
      });
    });
  });

  it('lets many move one alias at once, one after the other', async () => {
    const model = await modelWith(4);
    await Promise.all(
      [1, 2, 3, 4, 1, 2, 3, 4].map((number) => asMover(() => targets.setAlias(model.fullName, 'live', number))),
    );
    const history = await moves(model.fullName);
    // A chain without a gap: each move replaces what the one before had set, and its time is later.
    history.forEach((move, index) => {
      expect(move.replacedVersionNumber).toBe(index === 0 ? null : history[index - 1]?.versionNumber);
      if (index > 0) expect(+move.occurredAt).toBeGreaterThan(+(history[index - 1]?.occurredAt as Date));
    });
    const holder = await targets.holder(model.id, { kind: 'ALIAS', name: 'live' });
    expect(holder?.number).toBe(history.at(-1)?.versionNumber);
    expect(await targetEvents(model.id)).toHaveLength(history.length);
  });

  it('gives auditors without EXECUTE the history, and others neither', async () => {
    const { fullName } = await modelWith(1);
    const auditor = await t.make.user();
    await t.make.grant(auditor, t.catalog, 'READ_AUDIT');
    const transitions = t.module.get(TransitionReader);
    expect((await t.as(auditor, () => transitions.page(fullName, { first: 1 }))).edges).toEqual([]);
    expect((await t.as(reader, () => transitions.page(fullName, { first: 1 }))).edges).toEqual([]);
    await expect(t.as(mover, () => transitions.page(fullName, { first: 1 }))).rejects.toMatchObject({
      reason: 'MISSING_PRIVILEGE',
    });
  });

  describe('under a policy', () => {
    let fullName: string;
    let id: string;

    beforeAll(async () => {
      ({ fullName, id } = await modelWith(3));
      await t.as(t.owner, () => targets.transitionStage(fullName, 1, 'Production', false));
      await t.as(t.owner, () => targets.setAlias(fullName, 'champion', 1));
      await t.protect({ stages: ['Production'], aliases: ['champion'] });
    });

    it.each<[string, () => Promise<unknown>]>([
      ['set a protected alias', () => targets.setAlias(fullName, 'champion', 2)],
      ['set it in another case', () => targets.setAlias(fullName, 'Champion', 2)],
      ['delete it', () => targets.deleteAlias(fullName, 'champion')],
      ['enter a protected stage', () => targets.transitionStage(fullName, 2, 'Production', false)],
      ['enter it by archiving', () => targets.transitionStage(fullName, 2, 'Production', true)],
      ['leave it', () => targets.transitionStage(fullName, 1, 'Staging', false)],
      ['delete the holder', () => t.module.get(ModelVersions).delete(fullName, 1)],
    ])('nobody can %s directly, not even the owner', async (_what, move) => {
      await expect(t.as(t.owner, move)).rejects.toThrow(ProtectedTarget);
      expect(await stagesOf(id)).toEqual(['Production', 'None', 'None']);
      expect((await targets.holder(id, champion))?.number).toBe(1);
    });

    it('what changes nothing, and what is not protected, goes on', async () => {
      await t.as(t.owner, async () => {
        await targets.setAlias(fullName, 'champion', 1);
        await targets.transitionStage(fullName, 1, 'Production', true);
        await targets.transitionStage(fullName, 3, 'Staging', true);
        await targets.setAlias(fullName, 'challenger', 3);
      });
      expect(await stagesOf(id)).toEqual(['Production', 'None', 'Staging']);
    });

    it('a promotion moves it, with its number in history and audit trail', async () => {
      const promotionRequestId = '01920000-0000-7000-8000-000000000412';
      const model = { id, fullName } as Parameters<Targets['move']>[0]['model'];
      const move = { model, version: { number: 2 }, archiveIncumbent: true, promotionRequestId, reason: 'approved' };
      await t.as(reader, async () => {
        await targets.move({ ...move, target: champion });
        await targets.move({ ...move, target: production });
      });
      expect(await stagesOf(id)).toEqual(['Archived', 'Production', 'Staging']);
      expect((await targets.holder(id, production))?.number).toBe(2);
      const history = await t.module.get(TransitionReader).ofPromotionRequests([promotionRequestId]);
      expect(history).toMatchObject([
        { target: champion, versionNumber: 2, replacedVersionNumber: 1, reason: 'approved', actorId: reader.id },
        { target: { name: 'Archived' }, versionNumber: 1, fromStage: 'Production' },
        { target: production, versionNumber: 2, replacedVersionNumber: 1, fromStage: 'None' },
      ]);
      expect((await targetEvents(id)).at(-1)).toMatchObject({ after: { promotionRequestId }, reason: 'approved' });
      await expect(
        t.as(reader, () => targets.move({ ...move, target: champion, version: { number: 9 } })),
      ).rejects.toThrow(NotFound);
    });
  });
});
