import { NotFound } from '@app/platform';
import { ProtectedTarget } from '@app/policy';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { RegisteredModels } from './registered-model.service.js';
import { Targets } from './target.service.js';

describe('the end of a name', () => {
  let t: RegistryTest;
  let models: RegisteredModels;
  let reader: TestPrincipal;

  beforeAll(async () => {
    t = await createRegistryTest();
    models = t.module.get(RegisteredModels);
    reader = await t.make.user();
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
  });
  afterAll(() => t.close());

  const asOwner = <T>(work: () => Promise<T>) => t.as(t.owner, work);

  describe('rename', () => {
    it('changes the name, keeps versions and history, and frees the old name', async () => {
      const model = await t.model('prod.fraud.old');
      await t.version(model.fullName);
      const renamed = await asOwner(() => models.rename('prod.fraud.old', 'prod.fraud.New'));
      expect(renamed).toMatchObject({ id: model.id, fullName: 'prod.fraud.New', name: 'New' });
      expect((await asOwner(() => models.view('prod.fraud.new'))).latestVersions).toHaveLength(1);
      await expect(asOwner(() => models.get('prod.fraud.old'))).rejects.toThrow(NotFound);
      await asOwner(() => models.create({ fullName: 'prod.fraud.old' }));
      await expect(asOwner(() => models.rename('prod.fraud.old', 'prod.fraud.NEW'))).rejects.toThrow('already exists');
      // Another spelling of its own name is no clash.
      expect((await asOwner(() => models.rename('prod.fraud.new', 'prod.fraud.nEW'))).name).toBe('nEW');
    });

    it('needs CREATE_MODEL on the schema it goes to', async () => {
      const other = await t.make.user();
      const away = await t.make.schema('away.there', other);
      const model = await t.model();
      await expect(asOwner(() => models.rename(model.fullName, 'away.there.x'))).rejects.toThrow(NotFound);
      await t.make.grant(t.owner, { id: away.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'CREATE_MODEL');
      const moved = await asOwner(() => models.rename(model.fullName, 'away.there.x'));
      expect(moved.fullName).toBe('away.there.x');
      // Away from the schema that he owns, he still owns the model; others see nothing of it.
      await expect(t.as(reader, () => models.get('away.there.x'))).rejects.toThrow(NotFound);
    });
  });

  describe('delete', () => {
    it('takes versions, seals and files of records along, and is recorded', async () => {
      const model = await t.model();
      const version = await t.version(model.fullName);
      await asOwner(() => t.module.get(Targets).setAlias(model.fullName, 'live', 1));
      await expect(t.as(reader, () => models.delete(model.fullName))).rejects.toMatchObject({
        reason: 'MISSING_PRIVILEGE',
      });
      await asOwner(() => models.delete(model.fullName));
      await expect(asOwner(() => models.get(model.fullName))).rejects.toThrow(NotFound);
      const left = await t.db.first<{ n: number }>(sql`
        SELECT (SELECT count(*) FROM sealed_paths WHERE model_id = ${model.id}::uuid)
          + (SELECT count(*) FROM model_versions WHERE id = ${version.id}::uuid)
          + (SELECT count(*) FROM model_aliases WHERE model_id = ${model.id}::uuid) AS n`);
      expect(left?.n).toBe(0);
      expect((await t.events(model.id)).at(-1)).toMatchObject({
        action: 'registered_model.deleted',
        before: { held: [{ target: { kind: 'ALIAS', name: 'live' }, versionNumber: 1 }] },
      });
    });
  });

  describe('under a policy', () => {
    it('refuses to delete or move away a model while a protected target is held', async () => {
      const model = await t.model('prod.fraud.guarded');
      await t.version(model.fullName);
      await asOwner(() => t.module.get(Targets).setAlias(model.fullName, 'champion', 1));
      await t.make.schema('dev.fraud', t.owner);
      const outside = await t.model('dev.fraud.outside');
      await t.version(outside.fullName);
      await asOwner(() => t.module.get(Targets).setAlias(outside.fullName, 'champion', 1));

      await t.protect({ aliases: ['champion'] });
      await expect(asOwner(() => models.delete(model.fullName))).rejects.toThrow(ProtectedTarget);
      await expect(asOwner(() => models.rename(model.fullName, 'dev.fraud.guarded'))).rejects.toThrow(ProtectedTarget);
      // The other way round: nobody becomes champion in prod by arriving with the alias.
      await expect(asOwner(() => models.rename(outside.fullName, 'prod.fraud.outside'))).rejects.toThrow(
        ProtectedTarget,
      );
      expect((await asOwner(() => models.rename(model.fullName, 'prod.fraud.kept'))).fullName).toBe('prod.fraud.kept');
      expect((await asOwner(() => models.view('prod.fraud.kept'))).aliases).toHaveLength(1);
    });
  });
});
