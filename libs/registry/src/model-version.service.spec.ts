import { NotFound } from '@app/platform';
import { ProtectedTarget } from '@app/policy';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { downloadUri } from './model-version.js';
import { ModelVersions } from './model-version.service.js';
import { Registrations } from './registration.service.js';
import { Tags } from './tag.service.js';
import { Targets } from './target.service.js';
import { TransitionReader } from './transition.reader.js';
import { VersionRecords } from './version-records.js';

describe('ModelVersions', () => {
  let t: RegistryTest;
  let versions: ModelVersions;
  let stranger: TestPrincipal;
  let reader: TestPrincipal;
  let neighbour: TestPrincipal;

  beforeAll(async () => {
    t = await createRegistryTest();
    versions = t.module.get(ModelVersions);
    [stranger, reader, neighbour] = [await t.make.user(), await t.make.user(), await t.make.user()];
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    const elsewhere = await t.make.schema('other.place', neighbour);
    await t.make.grant(neighbour, elsewhere, 'EXECUTE');
  });
  afterAll(() => t.close());

  const asOwner = <T>(work: () => Promise<T>) => t.as(t.owner, work);
  const modelWith = async (count: number) => {
    const model = await t.model();
    for (let n = 0; n < count; n += 1) await t.version(model.fullName);
    return model;
  };

  it('finds a version by number, alias, stage and as the newest', async () => {
    const { fullName } = await modelWith(3);
    await asOwner(() => t.module.get(Targets).setAlias(fullName, 'live', 2));
    await asOwner(() => t.module.get(Targets).transitionStage(fullName, 1, 'production', false));
    await t.as(reader, async () => {
      expect(await versions.get(fullName.toUpperCase(), 2)).toMatchObject({ number: 2, aliases: ['live'], tags: [] });
      expect(await versions.byAlias(fullName, 'live')).toMatchObject({ number: 2 });
      expect(await versions.byAlias(fullName, 'nobody')).toBeUndefined();
      expect(await versions.newest(fullName)).toMatchObject({ number: 3 });
      expect((await versions.latestByStage(fullName)).map(({ number }) => number)).toEqual([1, 3]);
      expect((await versions.latestByStage(fullName, ['Production'])).map(({ number }) => number)).toEqual([1]);
      await expect(versions.get(fullName, 4)).rejects.toThrow(`Model version "${fullName}/4"`);
    });
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])('refuses the number %s', async (number) => {
    const { fullName } = await modelWith(0);
    await expect(asOwner(() => versions.get(fullName, number))).rejects.toMatchObject({
      kind: 'INVALID_ARGUMENT',
      path: ['version'],
    });
  });

  it('shows nothing to the stranger and to the wrong tenant, in any way of asking', async () => {
    const { fullName } = await modelWith(1);
    for (const who of [stranger, neighbour]) {
      const order = { field: 'NUMBER', direction: 'ASC' } as const;
      const answers = await t.as(who, () =>
        Promise.allSettled([
          versions.get(fullName, 1),
          versions.byAlias(fullName, 'live'),
          versions.newest(fullName),
          versions.latestByStage(fullName),
          versions.list(fullName, { order, args: { first: 10 } }),
          versions.count(fullName),
          versions.delete(fullName, 1),
          versions.updateDescription(fullName, 1, 'x'),
          t.module.get(Tags).setOnVersion(fullName, 1, { key: 'a', value: 'b' }),
          t.module.get(Targets).setAlias(fullName, 'live', 1),
          t.module.get(TransitionReader).page(fullName, { first: 10 }),
        ]),
      );
      for (const answer of answers) {
        expect(answer).toMatchObject({
          status: 'rejected',
          reason: { message: `Registered model "${fullName}" does not exist, or you may not see it` },
        });
      }
      const search = { conditions: [], order: [], pageSize: 100 };
      expect((await t.as(who, () => versions.search(search))).edges).toEqual([]);
    }
  });

  it('lists versions in order and page by page, in both directions', async () => {
    const { fullName } = await modelWith(4);
    await asOwner(() => t.module.get(Targets).transitionStage(fullName, 2, 'Staging', false));
    const order = { field: 'NUMBER', direction: 'DESC' } as const;
    await t.as(reader, async () => {
      const first = await versions.list(fullName, { order, args: { first: 3 } });
      expect(first.edges.map(({ node }) => node.number)).toEqual([4, 3, 2]);
      const rest = await versions.list(fullName, {
        order,
        args: { first: 3, after: first.edges.at(-1)?.cursor as string },
      });
      expect(rest.edges.map(({ node }) => node.number)).toEqual([1]);
      const before = await versions.list(fullName, {
        order,
        args: { last: 1, before: rest.edges[0]?.cursor as string },
      });
      expect(before.edges.map(({ node }) => node.number)).toEqual([2]);
      const staged = await versions.list(fullName, { stage: 'Staging', order, args: { first: 3 } });
      expect(staged.edges.map(({ node }) => node.number)).toEqual([2]);
      expect([await versions.count(fullName), await versions.count(fullName, 'Staging')]).toEqual([4, 1]);
      const oldest = { field: 'CREATED_AT', direction: 'ASC' } as const;
      const byTime = await versions.list(fullName, { order: oldest, args: { first: 4 } });
      expect(byTime.edges.map(({ node }) => node.number)).toEqual([1, 2, 3, 4]);
      await expect(
        versions.list(fullName, { order: oldest, args: { first: 4, after: first.edges[0]?.cursor as string } }),
      ).rejects.toThrow('the cursor belongs to the order');
    });
  });

  it('lets the owner change the description, once', async () => {
    const model = await modelWith(1);
    await asOwner(() => versions.updateDescription(model.fullName, 1, 'good'));
    expect((await asOwner(() => versions.updateDescription(model.fullName, 1, 'good'))).description).toBe('good');
    await expect(t.as(reader, () => versions.updateDescription(model.fullName, 1, 'bad'))).rejects.toMatchObject({
      reason: 'MISSING_PRIVILEGE',
    });
    const updates = (await t.events(model.id)).filter(({ action }) => action === 'model_version.updated');
    expect(updates).toMatchObject([{ before: { description: null }, after: { description: 'good' } }]);
  });

  it('sets and deletes tags of a version', async () => {
    const model = await modelWith(1);
    const tags = t.module.get(Tags);
    await asOwner(() => tags.setOnVersion(model.fullName, 1, { key: 'a', value: '1' }));
    expect((await t.as(reader, () => versions.get(model.fullName, 1))).tags).toEqual([{ key: 'a', value: '1' }]);
    const [{ id }] = [await asOwner(() => versions.get(model.fullName, 1))];
    expect(await t.module.get(VersionRecords).tagsOf([id])).toEqual([{ versionId: id, key: 'a', value: '1' }]);
    await asOwner(() => tags.deleteFromVersion(model.fullName, 1, 'a'));
    await expect(asOwner(() => tags.setOnVersion(model.fullName, 2, { key: 'a', value: '1' }))).rejects.toThrow(
      NotFound,
    );
    const actions = (await t.events(model.id)).map(({ action }) => action).slice(2);
    expect(actions).toEqual(['model_version.tag_set', 'model_version.tag_deleted']);
  });

  it('names the artifact proxy for files of ours, and the source for others', async () => {
    const { fullName } = await modelWith(1);
    const ours = await asOwner(() => versions.get(fullName, 1));
    expect(downloadUri(ours)).toBe(`mlflow-artifacts:/${ours.storagePath}`);
    const outside = await asOwner(() =>
      t.module.get(Registrations).register({ model: fullName, source: 's3://bucket/m' }),
    );
    expect(downloadUri(outside)).toBe('s3://bucket/m');
  });

  describe('delete', () => {
    it('removes a version with its aliases, and writes the end of what it held', async () => {
      const model = await modelWith(2);
      const targets = t.module.get(Targets);
      await asOwner(() => targets.setAlias(model.fullName, 'live', 1));
      await asOwner(() => targets.transitionStage(model.fullName, 1, 'Staging', false));
      await expect(t.as(reader, () => versions.delete(model.fullName, 1))).rejects.toMatchObject({
        reason: 'MISSING_PRIVILEGE',
      });
      await asOwner(() => versions.delete(model.fullName, 1));
      expect(await asOwner(() => versions.byAlias(model.fullName, 'live'))).toBeUndefined();
      await expect(asOwner(() => versions.delete(model.fullName, 1))).rejects.toThrow(NotFound);
      expect((await t.events(model.id)).at(-1)).toMatchObject({
        action: 'model_version.deleted',
        objectName: `${model.fullName}/1`,
        before: { aliases: ['live'], stage: 'Staging' },
      });
      const { edges } = await asOwner(() => t.module.get(TransitionReader).page(model.fullName, { first: 2 }));
      expect(edges.map(({ node }) => node)).toMatchObject([
        { target: { kind: 'STAGE', name: 'Staging' }, versionNumber: null, replacedVersionNumber: 1, toStage: null },
        { target: { kind: 'ALIAS', name: 'live' }, versionNumber: null, replacedVersionNumber: 1 },
      ]);
    });

    it('is refused while a protected target points at the version', async () => {
      const model = await modelWith(2);
      await asOwner(() => t.module.get(Targets).transitionStage(model.fullName, 1, 'Production', false));
      await t.protect({ stages: ['Production'] });
      await expect(asOwner(() => versions.delete(model.fullName, 1))).rejects.toThrow(ProtectedTarget);
      await asOwner(() => versions.delete(model.fullName, 2));
      expect(await asOwner(() => versions.count(model.fullName))).toBe(1);
    });
  });
});
