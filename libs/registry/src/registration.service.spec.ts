import { ArtifactManifests, ArtifactSeals } from '@app/artifacts';
import { NotFound } from '@app/platform';
import sql from 'sql-template-tag';
import type { TestPrincipal } from '../../../test/support/factories.js';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { ModelVersions } from './model-version.service.js';
import { Registrations } from './registration.service.js';
import { VersionRecords } from './version-records.js';

describe('Registrations', () => {
  let t: RegistryTest;
  let registrations: Registrations;
  let records: VersionRecords;
  let stranger: TestPrincipal;
  let reader: TestPrincipal;
  let registrar: TestPrincipal;

  beforeAll(async () => {
    t = await createRegistryTest();
    registrations = t.module.get(Registrations);
    records = t.module.get(VersionRecords);
    [stranger, reader, registrar] = [await t.make.user(), await t.make.user(), await t.make.user()];
    await t.make.grant(reader, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    await t.make.grant(registrar, t.catalog, 'USE_CATALOG', 'USE_SCHEMA', 'CREATE_MODEL_VERSION');
  });
  afterAll(() => t.close());

  const register = (model: string, storagePath: string, who = t.owner) =>
    t.as(who, () => registrations.register({ model, source: `mlflow-artifacts:/${storagePath}`, storagePath }));
  const messages = (versionId: string) =>
    t.db.query(sql`SELECT event FROM outbox WHERE payload->>'versionId' = ${versionId}`);

  it('makes a version READY with digest, files, signature and flavors, and seals its folder', async () => {
    const model = await t.model();
    const storagePath = t.folder('1/run-a/artifacts/model');
    const version = await t.as(registrar, () =>
      registrations.register({
        model: model.fullName,
        source: 'runs:/run-a/model',
        storagePath,
        runId: 'run-a',
        runPrincipalId: reader.id,
        description: 'first',
        tags: [{ key: 'a', value: '1' }],
      }),
    );
    const measured = await t.module.get(ArtifactManifests).of(storagePath);
    expect(version).toMatchObject({
      number: 1,
      status: 'READY',
      stage: 'None',
      source: 'runs:/run-a/model',
      runId: 'run-a',
      runPrincipalId: reader.id,
      description: 'first',
      tags: [{ key: 'a', value: '1' }],
      creatorName: registrar.name,
      artifactDigest: measured.digest,
      artifactSize: measured.size,
    });
    expect(await records.files(version.id)).toEqual(measured.files);
    expect(await records.byId(version.id)).toMatchObject({
      modelFullName: model.fullName,
      signature: { inputs: [{ name: 'amount', type: 'double' }], params: null },
      flavors: { sklearn: { sklearn_version: '1.5.0' } },
    });
    await expect(
      t.as(t.owner, () => t.module.get(ArtifactSeals).demandUnsealed(`${storagePath}/MLmodel`)),
    ).rejects.toMatchObject({ reason: 'SEALED' });
    expect(await t.events(model.id)).toMatchObject([
      { action: 'model_version.registered', objectName: `${model.fullName}/1`, after: { runId: 'run-a' } },
      { action: 'model_version.completed', after: { status: 'READY', artifactDigest: measured.digest, files: 2 } },
    ]);
    // The worker's message is there as well: a crash before the digest would have left nothing pending.
    expect(await messages(version.id)).toEqual([{ event: 'model_version.registered' }]);
  });

  it('gives twenty registrations at once the numbers 1 to 20', async () => {
    const model = await t.model();
    const versions = await Promise.all(
      Array.from({ length: 20 }, (_, n) => register(model.fullName, t.folder(`1/models/parallel-${n}/artifacts`))),
    );
    const numbers = versions.map(({ number }) => number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(versions.every(({ status }) => status === 'READY')).toBe(true);
  });

  it('never gives a number twice', async () => {
    const model = await t.model();
    await t.version(model.fullName);
    await t.version(model.fullName);
    await t.as(t.owner, () => t.module.get(ModelVersions).delete(model.fullName, 2));
    expect((await t.version(model.fullName)).number).toBe(3);
    expect(await records.byNumber(model.id, 2)).toBeUndefined();
  });

  it('needs CREATE_MODEL_VERSION', async () => {
    const { fullName } = await t.model();
    const folder = t.folder('1/models/denied/artifacts');
    await expect(register(fullName, folder, reader)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
    await expect(register(fullName, folder, stranger)).rejects.toThrow(NotFound);
    await expect(register('prod.fraud.absent', folder)).rejects.toThrow(
      'Registered model "prod.fraud.absent" does not exist, or you may not see it',
    );
    expect((await t.version(fullName)).number).toBe(1);
  });

  it.each([
    ['an empty source', { source: '' }, /^source: /],
    ['a NUL in the source', { source: 's3://a\u0000' }, /^source: .*NUL/],
    ['a long run link', { runLink: 'x'.repeat(3000) }, /^'run_link' exceeds .* it has 3000$/],
    ['a long description', { description: 'x'.repeat(100_001) }, /^'description' exceeds/],
    ['an empty tag key', { tags: [{ key: '', value: '' }] }, /^key: /],
  ])('refuses %s', async (_what, wrong, message) => {
    const { fullName } = await t.model();
    const input = { model: fullName, source: 's3://bucket/model', ...wrong };
    await expect(t.as(t.owner, () => registrations.register(input))).rejects.toThrow(message);
  });

  it('takes a source outside the store as named: READY, without a digest', async () => {
    const { fullName } = await t.model();
    const version = await t.as(t.owner, () => registrations.register({ model: fullName, source: 's3://bucket/m' }));
    expect(version).toMatchObject({ status: 'READY', artifactDigest: null, storagePath: null });
    expect(await messages(version.id)).toEqual([]);
  });

  it.each([
    ['a folder without files', {}, 'holds no files'],
    ['an MLmodel that is no YAML', { MLmodel: 'a: [' }, 'MLmodel: cannot be read'],
  ])('fails on %s, and says so', async (what, files, message) => {
    const model = await t.model();
    const folder = t.folder(`1/models/${what.replaceAll(' ', '-')}/artifacts`, files);
    const version = await register(model.fullName, folder);
    expect(version).toMatchObject({ status: 'FAILED_REGISTRATION', artifactDigest: null });
    expect(version.statusMessage).toContain(message);
    const [, failed] = await t.events(model.id);
    expect(failed).toMatchObject({ action: 'model_version.failed', reason: version.statusMessage });
  });

  it('takes files without an MLmodel: READY, without a signature', async () => {
    const { fullName } = await t.model();
    const version = await register(fullName, t.folder('1/models/onnx/artifacts', { 'model.onnx': 'x' }));
    expect(version.status).toBe('READY');
    const nothing = { signature: null, flavors: null, requirements: null };
    expect(await records.contentsOf([version.id])).toEqual([{ versionId: version.id, ...nothing }]);
  });

  it('records what the model needs, for its copies too', async () => {
    const { fullName } = await t.model();
    const files = { 'model.onnx': 'x', 'requirements.txt': 'numpy==2.1\nmlflow\n' };
    const version = await register(fullName, t.folder('1/models/needs/artifacts', files));
    const copied = await t.as(t.owner, () =>
      registrations.copy({ model: fullName, number: version.number }, { model: fullName }),
    );
    const contents = await records.contentsOf([version.id, copied.id]);
    expect(contents.map(({ requirements }) => requirements)).toEqual([
      ['mlflow', 'numpy==2.1'],
      ['mlflow', 'numpy==2.1'],
    ]);
  });

  describe('copy', () => {
    const copy = (model: string, number: number, to: string, who = t.owner) =>
      t.as(who, () => registrations.copy({ model, number }, { model: to }));

    it('shares files and digest, keeps the run, and holds the seal on its own', async () => {
      const [from, to] = [await t.model(), await t.model()];
      const original = await t.version(from.fullName);
      const made = await copy(from.fullName, 1, to.fullName);
      expect(made).toMatchObject({
        number: 1,
        status: 'READY',
        source: `models:/${from.fullName}/1`,
        storagePath: original.storagePath,
        artifactDigest: original.artifactDigest,
      });
      expect(await records.files(made.id)).toEqual(await records.files(original.id));
      await t.as(t.owner, () => t.module.get(ModelVersions).delete(from.fullName, 1));
      await expect(
        t.as(t.owner, () => t.module.get(ArtifactSeals).demandUnsealed(original.storagePath as string)),
      ).rejects.toMatchObject({ reason: 'SEALED' });
      expect((await t.events(to.id)).map(({ action }) => action)).toEqual(['model_version.registered']);
    });

    it('needs EXECUTE here and CREATE_MODEL_VERSION there', async () => {
      const [from, to] = [await t.model(), await t.model()];
      await t.version(from.fullName);
      await expect(copy(from.fullName, 1, to.fullName, reader)).rejects.toMatchObject({ reason: 'MISSING_PRIVILEGE' });
      await expect(copy(from.fullName, 1, to.fullName, registrar)).rejects.toMatchObject({
        reason: 'MISSING_PRIVILEGE',
      });
      await expect(copy(from.fullName, 1, to.fullName, stranger)).rejects.toThrow(NotFound);
      await expect(copy(from.fullName, 2, to.fullName)).rejects.toThrow(`Model version "${from.fullName}/2"`);
    });

    it('names the original and keeps where files outside the store are, and refuses what is not READY', async () => {
      const [from, to] = [await t.model(), await t.model()];
      await t.as(t.owner, () => registrations.register({ model: from.fullName, source: 's3://bucket/m' }));
      expect(await copy(from.fullName, 1, to.fullName)).toMatchObject({
        source: `models:/${from.fullName}/1`,
        outsideUri: 's3://bucket/m',
        storagePath: null,
      });
      const second = await copy(to.fullName, 1, to.fullName);
      expect(second).toMatchObject({ source: `models:/${to.fullName}/1`, outsideUri: 's3://bucket/m' });
      await register(from.fullName, '1/models/nothing/artifacts');
      await expect(copy(from.fullName, 2, to.fullName)).rejects.toMatchObject({ reason: 'VERSION_NOT_READY' });
    });
  });
});
