import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Securable } from '@app/access';
import { NotFound, Transaction } from '@app/platform';
import sql from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { ArtifactManifests } from './artifact-manifests.js';
import { ArtifactSeals } from './artifact-seals.js';
import { ArtifactsModule } from './artifacts.module.js';
import { Artifacts } from './artifacts.service.js';

describe('Artifacts', () => {
  let t: TestModule;
  let make: Factories;
  let artifacts: Artifacts;
  let seals: ArtifactSeals;
  let root: string;
  let owner: TestPrincipal;
  let stranger: TestPrincipal;
  let experiment: Securable;
  /** The folder of the experiment, made anew for each test's files. */
  let id: string;

  beforeAll(async () => {
    t = await createTestModule([ArtifactsModule]);
    make = new Factories(t.db);
    artifacts = t.module.get(Artifacts);
    seals = t.module.get(ArtifactSeals);
    root = path.join(t.env.DATA_DIR as string, 'artifacts');
    owner = await make.user();
    stranger = await make.user();
  });
  afterAll(() => t.close());

  beforeEach(async () => {
    experiment = await make.securable('EXPERIMENT', `e-${uuidv7()}`, owner);
    const row = await t.db.first<{ id: string }>(sql`INSERT INTO experiments (securable_id, artifact_location)
      VALUES (${experiment.id}::uuid, '-') RETURNING id::text AS id`);
    id = (row as { id: string }).id;
  });

  const write = (who: TestPrincipal, file: string, content: string) =>
    t.as(who, () => artifacts.write(`${id}/${file}`, Readable.from([content])));
  const read = (who: TestPrincipal, file: string) =>
    t.as(who, async () => text((await artifacts.open(`${id}/${file}`)).stream));
  const onDisk = (file: string) => path.join(root, id, file);
  const staged = () => fs.readdirSync(path.join(root, '.staging'));

  /** A version of a model of `modelOwner` whose files are in the folder. */
  async function register(folder: string, modelOwner: TestPrincipal) {
    const name = `c${uuidv7()}`;
    await make.schema(`${name}.s`, modelOwner);
    const model = await make.securable('REGISTERED_MODEL', `${name}.s.m`, modelOwner);
    const versionId = uuidv7();
    await t.db.execute(sql`INSERT INTO model_versions (id, model_id, number, status, source)
      VALUES (${versionId}::uuid, ${model.id}::uuid, 1, 'READY', 'x')`);
    await t.module.get(Transaction).run(() => seals.seal(`${id}/${folder}`, { modelId: model.id, versionId }));
    return { model, versionId };
  }

  it('stores, lists, overwrites and deletes what the experiment’s owner sends', async () => {
    await write(owner, 'r/artifacts/model/MLmodel', 'one');
    await write(owner, 'r/artifacts/model/MLmodel', 'second');
    await write(owner, 'r/artifacts/a b ü.txt', '');
    expect(await read(owner, 'r/artifacts/model/MLmodel')).toBe('second');
    expect(await t.as(owner, () => artifacts.list(`${id}/r/artifacts`))).toEqual([
      { name: 'a b ü.txt', isFolder: false, size: 0 },
      { name: 'model', isFolder: true, size: 0 },
    ]);
    await t.as(owner, () => artifacts.delete(`${id}/r/artifacts/model`));
    await expect(read(owner, 'r/artifacts/model/MLmodel')).rejects.toThrow(NotFound);
    expect(await t.as(owner, () => artifacts.list(`${id}/r/artifacts/model`))).toEqual([]);
    expect(staged()).toEqual([]);
    const events = await t.db.query(
      sql`SELECT action, before FROM audit_events WHERE securable_id = ${experiment.id}::uuid`,
    );
    expect(events).toEqual([{ action: 'artifact.deleted', before: { path: `${id}/r/artifacts/model` } }]);
  });

  it('records nothing for a deletion of nothing', async () => {
    await expect(t.as(owner, () => artifacts.delete(`${id}/nothing`))).rejects.toThrow(NotFound);
    expect(await t.db.query(sql`SELECT 1 FROM audit_events WHERE securable_id = ${experiment.id}::uuid`)).toEqual([]);
  });

  it('hides everything from the stranger, like what does not exist', async () => {
    await write(owner, 'r/x', 'secret');
    const hidden = `Artifact "${id}/r/x" does not exist, or you may not see it`;
    await expect(read(stranger, 'r/x')).rejects.toThrow(hidden);
    await expect(write(stranger, 'r/x', 'mine')).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => artifacts.delete(`${id}/r/x`))).rejects.toThrow(hidden);
    await expect(t.as(stranger, () => artifacts.list(`${id}/r`))).rejects.toThrow(NotFound);
    for (const nowhere of ['999999/x', 'abc/x', '.staging', `0${id}/r/x`]) {
      await expect(t.as(owner, () => artifacts.open(nowhere))).rejects.toThrow(NotFound);
      await expect(t.as(owner, () => artifacts.write(nowhere, Readable.from([])))).rejects.toThrow(NotFound);
    }
    expect(await read(owner, 'r/x')).toBe('secret');
  });

  it('lets READ read and nothing more', async () => {
    await write(owner, 'r/x', 'text');
    const reader = await make.user();
    await make.grant(reader, experiment, 'READ');
    expect(await read(reader, 'r/x')).toBe('text');
    await expect(write(reader, 'r/x', 'mine')).rejects.toMatchObject({ kind: 'PERMISSION_DENIED' });
    await expect(t.as(reader, () => artifacts.delete(`${id}/r/x`))).rejects.toMatchObject({
      kind: 'PERMISSION_DENIED',
    });
  });

  it('shows the files of a version to whom may EXECUTE its model, and no others', async () => {
    await write(owner, 'r/artifacts/model/MLmodel', 'm');
    await write(owner, 'r/artifacts/model/data/x', 'x');
    await write(owner, 'r/artifacts/model2/MLmodel', 'other');
    const modelOwner = await make.user();
    const { model } = await register('r/artifacts/model', modelOwner);
    const user = await make.user();
    await expect(read(user, 'r/artifacts/model/MLmodel')).rejects.toThrow(NotFound);
    await make.grant(user, { id: model.catalogId as string }, 'USE_CATALOG', 'USE_SCHEMA', 'EXECUTE');
    expect(await read(user, 'r/artifacts/model/MLmodel')).toBe('m');
    expect(await read(user, 'r/artifacts/model/data/x')).toBe('x');
    expect(await t.as(user, () => artifacts.list(`${id}/r/artifacts/model`))).toHaveLength(2);
    await expect(read(user, 'r/artifacts/model2/MLmodel')).rejects.toThrow(NotFound);
    await expect(t.as(user, () => artifacts.list(`${id}/r/artifacts`))).rejects.toThrow(NotFound);
    await expect(write(user, 'r/artifacts/model/MLmodel', 'evil')).rejects.toThrow(NotFound);
  });

  it('changes nothing under a sealed folder, names the version to whom may know it, and forgets the seal with it', async () => {
    await write(owner, 'r/artifacts/model/MLmodel', 'sealed');
    const { model, versionId } = await register('r/artifacts/model', owner);
    const hidden = await register('r/artifacts/model', stranger);
    const sealed = { reason: 'SEALED', message: expect.stringContaining(`the registered version ${model.fullName}/1`) };
    await expect(write(owner, 'r/artifacts/model/MLmodel', 'evil')).rejects.toMatchObject(sealed);
    await expect(write(owner, 'r/artifacts/model/new', 'evil')).rejects.toMatchObject(sealed);
    for (const target of ['r/artifacts/model/MLmodel', 'r/artifacts/model', 'r/artifacts', 'r']) {
      await expect(t.as(owner, () => artifacts.delete(`${id}/${target}`))).rejects.toMatchObject(sealed);
    }
    await write(owner, 'r/artifacts/model-2/MLmodel', 'a sibling is free');

    await seals.unseal(versionId);
    await expect(write(owner, 'r/artifacts/model/MLmodel', 'evil')).rejects.toMatchObject({
      reason: 'SEALED',
      message: expect.not.stringContaining(hidden.model.fullName),
    });
    await seals.unseal(hidden.versionId);
    await write(owner, 'r/artifacts/model/MLmodel', 'free again');
    expect(await read(owner, 'r/artifacts/model/MLmodel')).toBe('free again');
    expect(staged()).toEqual([]);
  });

  it('lets no write through while somebody seals, and none is half through when the seal is there', async () => {
    await write(owner, 'r/m/f', 'before');
    const versionId = uuidv7();
    let writes: Promise<unknown>[] = [];
    await t.module.get(Transaction).run(async () => {
      await seals.seal(`${id}/r/m`, { modelId: uuidv7(), versionId });
      writes = [1, 2, 3].map((n) => write(owner, 'r/m/f', `late ${n}`).catch((error: unknown) => error));
      // All three wait for the lock: PostgreSQL says so, no clock is needed.
      const waiting = sql`SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()`;
      while ((await t.db.query(waiting)).length < 3) await fs.promises.stat(root);
    });
    for (const result of await Promise.all(writes)) expect(result).toMatchObject({ reason: 'SEALED' });
    expect(await read(owner, 'r/m/f')).toBe('before');
    expect(staged()).toEqual([]);
  });

  it('leaves nothing of an upload that breaks off, also over a file that was there', async () => {
    await write(owner, 'r/x', 'whole');
    async function* breaking() {
      yield 'half of';
      throw new Error('the client went away');
    }
    await expect(t.as(owner, () => artifacts.write(`${id}/r/x`, Readable.from(breaking())))).rejects.toMatchObject({
      reason: 'UPLOAD_ABORTED',
    });
    expect(await read(owner, 'r/x')).toBe('whole');
    expect(staged()).toEqual([]);
  });

  it('never follows a symbolic link', async () => {
    await write(owner, 'r/inside', 'x');
    const secret = path.join(t.env.DATA_DIR as string, 'secret');
    fs.mkdirSync(secret, { recursive: true });
    fs.writeFileSync(path.join(secret, 'key'), 'top secret');
    fs.symlinkSync(secret, onDisk('r/folder'));
    fs.symlinkSync(path.join(secret, 'key'), onDisk('r/file'));
    await expect(read(owner, 'r/file')).rejects.toThrow(NotFound);
    await expect(read(owner, 'r/folder/key')).rejects.toThrow(NotFound);
    expect(await t.as(owner, () => artifacts.list(`${id}/r/folder`))).toEqual([]);
    expect(await t.as(owner, () => artifacts.list(`${id}/r`))).toEqual([{ name: 'inside', isFolder: false, size: 1 }]);
    await expect(write(owner, 'r/folder/key', 'mine')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    await expect(write(owner, 'r/folder/new/key', 'mine')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    await expect(t.as(owner, () => artifacts.delete(`${id}/r/folder/key`))).rejects.toThrow(NotFound);
    await expect(t.as(owner, () => artifacts.delete(`${id}/r/folder`))).rejects.toThrow(NotFound);
    expect((await t.module.get(ArtifactManifests).of(`${id}/r`)).files.map((file) => file.path)).toEqual(['inside']);
    expect(fs.readdirSync(secret)).toEqual(['key']);
    // Written over, the link is gone; what it pointed at is not.
    await write(owner, 'r/file', 'mine');
    expect(await read(owner, 'r/file')).toBe('mine');
    expect(fs.readFileSync(path.join(secret, 'key'), 'utf8')).toBe('top secret');
  });

  it('refuses a file where a folder is, and a folder where a file is', async () => {
    await write(owner, 'r/folder/x', 'x');
    await expect(write(owner, 'r/folder', 'x')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    await expect(write(owner, 'r/folder/x/y', 'x')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    await expect(read(owner, 'r/folder')).rejects.toThrow(NotFound);
    expect(staged()).toEqual([]);
  });
});
