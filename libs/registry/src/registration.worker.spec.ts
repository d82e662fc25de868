import sql from 'sql-template-tag';
import { createRegistryTest, type RegistryTest } from '../../../test/support/registry.js';
import { ModelVersions } from './model-version.service.js';
import { Registrations } from './registration.service.js';
import { VersionRecords } from './version-records.js';

describe('a registration that the worker completes', () => {
  let t: RegistryTest;
  let registrations: Registrations;
  let records: VersionRecords;

  beforeAll(async () => {
    t = await createRegistryTest({ INLINE_DIGEST_BYTES: '10', LOG_LEVEL: 'silent' });
    registrations = t.module.get(Registrations);
    records = t.module.get(VersionRecords);
  });
  afterAll(() => t.close());

  const complete = (id: string) => t.as(t.owner, () => registrations.complete(id));
  const register = (model: string, storagePath: string) =>
    t.as(t.owner, () => registrations.register({ model, source: 's', storagePath }));

  it('waits when the files are large, and may be completed twice and by two at once', async () => {
    const model = await t.model();
    const { id, status, artifactDigest } = await t.version(model.fullName);
    expect([status, artifactDigest]).toEqual(['PENDING_REGISTRATION', null]);
    await Promise.all([complete(id), complete(id)]);
    const done = await records.byId(id);
    expect(done).toMatchObject({ status: 'READY', artifactDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    await complete(id);
    expect(await records.byId(id)).toEqual(done);
    const actions = (await t.events(model.id)).map(({ action }) => action);
    expect(actions).toEqual(['model_version.registered', 'model_version.completed']);
  });

  it('may be deleted before', async () => {
    const model = await t.model();
    const { id } = await t.version(model.fullName);
    await t.as(t.owner, () => t.module.get(ModelVersions).delete(model.fullName, 1));
    await expect(complete(id)).resolves.toBeUndefined();
  });

  it('is answered as pending when it cannot be completed now, so that no client registers it again', async () => {
    const model = await t.model();
    const folder = t.folder('1/models/small/artifacts', { a: 'x' });
    await t.db.execute(sql`ALTER TABLE model_version_files RENAME TO aside`);
    const version = await register(model.fullName, folder).finally(() =>
      t.db.execute(sql`ALTER TABLE aside RENAME TO model_version_files`),
    );
    expect(version).toMatchObject({ number: 1, status: 'PENDING_REGISTRATION' });
    await complete(version.id);
    expect(await records.byId(version.id)).toMatchObject({ status: 'READY' });
    expect(await records.files(version.id)).toHaveLength(1);
  });
});
