import { NotFound } from '@app/platform';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { ModelRecords } from './model-records.js';
import { RegisteredModels } from './registered-model.service.js';
import { Tags } from './tag.service.js';
import { Targets } from './target.service.js';

describe('RegisteredModels', () => {
  let t: RegistryTest;
  let models: RegisteredModels;
  let stranger: TestPrincipal;
  let reader: TestPrincipal;
  let browser: TestPrincipal;

  beforeAll(async () => {
    t = await createRegistryTest();
    models = t.module.get(RegisteredModels);
    stranger = await t.make.user();
    reader = await t.make.user();
    browser = await t.make.user();
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    await t.make.grant(browser, t.catalog, 'BROWSE');
  });
  afterAll(() => t.close());

  const asOwner = <T>(work: () => Promise<T>) => t.as(t.owner, work);
  const create = (fullName: string, who = t.owner) => t.as(who, () => models.create({ fullName }));

  describe('create', () => {
    it('makes the creator the owner, and writes one event', async () => {
      const creator = await t.make.user();
      await t.make.grant(creator, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'CREATE_MODEL');
      const tags = [{ key: 'team', value: 'fraud' }];
      const model = await t.as(creator, () =>
        models.create({ fullName: 'prod.fraud.first', description: 'scores', tags }),
      );
      expect(model).toMatchObject({ fullName: 'prod.fraud.first', ownerId: creator.id, schemaId: t.schema.id });
      expect(await t.events(model.id)).toMatchObject([
        { action: 'registered_model.created', objectName: 'prod.fraud.first', after: { description: 'scores', tags } },
      ]);
      expect(await t.as(creator, () => models.view('prod.fraud.first'))).toMatchObject({ tags, latestVersions: [] });
    });

    it('refuses a taken name in any case and any normal form', async () => {
      await create('prod.fraud.Caf\u00e9');
      await expect(create('PROD.fraud.cafe\u0301')).rejects.toThrow('already exists');
    });

    it('writes the schema as the schema is written, and the name as it is given', async () => {
      const made = await asOwner(() => models.create({ fullName: 'PROD.Fraud.Mixed' }));
      expect(made).toMatchObject({ fullName: 'prod.fraud.Mixed', name: 'Mixed' });
      const renamed = await asOwner(() => models.rename('prod.fraud.mixed', 'Prod.FRAUD.Blend'));
      expect(renamed).toMatchObject({ fullName: 'prod.fraud.Blend', name: 'Blend' });
    });

    it('gives the name to one of two at once', async () => {
      const results = await Promise.allSettled([create('prod.fraud.race'), create('prod.fraud.race')]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const rejected = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(rejected.reason).toMatchObject({ kind: 'ALREADY_EXISTS' });
    });

    it('tells the reader that he lacks CREATE_MODEL, and the stranger nothing', async () => {
      await expect(create('prod.fraud.new', reader)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
      await expect(create('prod.fraud.new', stranger)).rejects.toThrow('Schema "prod.fraud" does not exist');
      await expect(create('prod.none.new', stranger)).rejects.toThrow('Schema "prod.none" does not exist');
    });

    it('tells whoever sees the model that it is there, and nobody else', async () => {
      await t.model('prod.fraud.there');
      await expect(create('prod.fraud.there', reader)).rejects.toMatchObject({ kind: 'ALREADY_EXISTS' });
      await expect(create('prod.fraud.there', stranger)).rejects.toThrow('Schema "prod.fraud" does not exist');
    });

    it.each(['fraud.x', 'prod.fraud', 'prod.fraud.a.b', 'prod.fraud.', 'prod.fraud.a/b', 'prod.fraud.a:b'])(
      'refuses the name "%s", and writes nothing',
      async (fullName) => {
        await expect(create(fullName)).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT', path: ['fullName'] });
      },
    );

    it('refuses what cannot be stored, and writes nothing', async () => {
      const description = 'a\u0000b';
      await expect(asOwner(() => models.create({ fullName: 'prod.fraud.nul', description }))).rejects.toThrow(
        'description: contains the character NUL',
      );
      await expect(asOwner(() => models.get('prod.fraud.nul'))).rejects.toThrow(NotFound);
    });
  });

  describe('reading', () => {
    it('shows name and description to BROWSE, and nothing about versions', async () => {
      const model = await t.model();
      expect(await t.as(browser, () => models.get(model.fullName))).toMatchObject({ id: model.id });
      await expect(t.as(browser, () => models.view(model.fullName))).rejects.toMatchObject({
        reason: 'MISSING_PRIVILEGE',
      });
      await expect(t.as(stranger, () => models.get(model.fullName))).rejects.toThrow(NotFound);
      await expect(t.as(stranger, () => models.view(model.fullName))).rejects.toThrow(NotFound);
    });

    it('answers with tags, aliases and the newest version of each stage', async () => {
      const { fullName } = await t.model();
      for (let n = 1; n <= 4; n += 1) await t.version(fullName);
      await asOwner(async () => {
        await t.module.get(Tags).setOnModel(fullName, { key: 'team', value: 'fraud' });
        await t.module.get(Targets).setAlias(fullName, 'live', 2);
        await t.module.get(Targets).transitionStage(fullName, 1, 'Staging', false);
        await t.module.get(Targets).transitionStage(fullName, 2, 'Staging', false);
      });
      const view = await t.as(reader, () => models.view(fullName.toUpperCase()));
      expect(view.tags).toEqual([{ key: 'team', value: 'fraud' }]);
      expect(view.aliases).toEqual([{ alias: 'live', versionNumber: 2 }]);
      expect(view.latestVersions.map(({ number, stage }) => [number, stage])).toEqual([
        [2, 'Staging'],
        [4, 'None'],
      ]);
      expect(view.latestVersions[0]).toMatchObject({ aliases: ['live'], creatorName: t.owner.name });
      expect(view.latestVersions[0]?.createdAt).toBeInstanceOf(Date);
    });

    it('lists what the caller may know of, filtered and in order, page by page', async () => {
      const schema = await t.make.schema('prod.lists', t.owner);
      for (const name of ['alpha', 'beta', 'gamma']) await t.model(`prod.lists.${name}`);
      await asOwner(() => t.module.get(Tags).setOnModel('prod.lists.beta', { key: 'tier', value: '1' }));
      const names = async (who: TestPrincipal, filter: Parameters<RegisteredModels['list']>[0], first = 10) => {
        const order = { field: 'FULL_NAME', direction: 'ASC' } as const;
        const page = await t.as(who, () => models.list({ schema: schema.fullName, ...filter }, order, { first }));
        return page.edges.map(({ node }) => node.name);
      };
      expect(await names(t.owner, {})).toEqual(['alpha', 'beta', 'gamma']);
      expect(await names(browser, { nameContains: 'MM' })).toEqual(['gamma']);
      expect(await names(reader, { namePrefix: 'prod.lists.b' })).toEqual(['beta']);
      expect(await names(reader, { tags: [{ key: 'tier' }] })).toEqual(['beta']);
      expect(await names(reader, { tags: [{ key: 'tier', value: '2' }] })).toEqual([]);
      expect(await names(reader, { ownerId: t.owner.id, catalog: 'PROD' }, 2)).toEqual(['alpha', 'beta']);
      expect(await names(reader, { catalog: 'other' })).toEqual([]);
      expect(await names(stranger, {})).toEqual([]);
      expect(await t.as(stranger, () => models.count({ schema: schema.fullName }))).toBe(0);
      expect(await t.as(reader, () => models.count({ schema: schema.fullName }))).toBe(3);
    });

    it('gives the batched reads of many models', async () => {
      const [one, two] = [await t.model(), await t.model()];
      await t.version(one.fullName);
      await t.version(two.fullName);
      await asOwner(() => t.module.get(Targets).setAlias(two.fullName, 'live', 1));
      const records = t.module.get(ModelRecords);
      const latest = await records.latestVersionsOf([one.id, two.id]);
      expect(latest.map(({ modelId }) => modelId).sort()).toEqual([one.id, two.id].sort());
      expect(await records.aliasesOf([one.id, two.id])).toMatchObject([
        { modelId: two.id, alias: 'live', versionNumber: 1, setBy: t.owner.id },
      ]);
      expect(await records.tagsOf([one.id])).toEqual([]);
    });
  });

  describe('update and tags', () => {
    it('lets the owner change the description, once', async () => {
      const model = await t.model();
      await asOwner(() => models.updateDescription(model.fullName, 'new'));
      await asOwner(() => models.updateDescription(model.fullName, 'new'));
      expect((await t.events(model.id)).map(({ action }) => action)).toEqual(['registered_model.updated']);
      await expect(t.as(reader, () => models.updateDescription(model.fullName, 'x'))).rejects.toMatchObject({
        reason: 'MISSING_PRIVILEGE',
      });
      await expect(t.as(stranger, () => models.updateDescription(model.fullName, 'x'))).rejects.toThrow(NotFound);
    });

    it('lets a tagger tag who may not read, and records each change once', async () => {
      const model = await t.model();
      const tagger = await t.make.user();
      await t.make.grant(tagger, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'APPLY_TAG');
      const tags = t.module.get(Tags);
      await t.as(tagger, async () => {
        await tags.setOnModel(model.fullName, { key: 'k', value: '1' });
        await tags.setOnModel(model.fullName, { key: 'k', value: '1' });
        await tags.setOnModel(model.fullName, { key: 'k', value: '2' });
        await tags.deleteFromModel(model.fullName, 'k');
        await tags.deleteFromModel(model.fullName, 'k');
      });
      expect(await t.events(model.id)).toMatchObject([
        { action: 'registered_model.tag_set', before: null, after: { key: 'k', value: '1' } },
        { action: 'registered_model.tag_set', before: { value: '1' }, after: { value: '2' } },
        { action: 'registered_model.tag_deleted', before: { key: 'k', value: '2' } },
      ]);
      await expect(t.as(reader, () => tags.setOnModel(model.fullName, { key: 'k', value: '' }))).rejects.toMatchObject({
        reason: 'MISSING_PRIVILEGE',
      });
      await expect(t.as(stranger, () => tags.deleteFromModel(model.fullName, 'k'))).rejects.toThrow(NotFound);
    });
  });
});
