import fs from 'node:fs';
import path from 'node:path';
import { FailedPrecondition } from '@app/platform';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { ArtifactManifests } from './artifact-manifests.js';
import { ArtifactsModule } from './artifacts.module.js';

describe('ArtifactManifests', () => {
  let t: TestModule;
  let manifests: ArtifactManifests;

  beforeAll(async () => {
    t = await createTestModule([ArtifactsModule]);
    manifests = t.module.get(ArtifactManifests);
  });
  afterAll(() => t.close());

  const onDisk = (file: string) => path.join(t.env.DATA_DIR as string, 'artifacts', file);
  const write = (file: string, content: string) => {
    fs.mkdirSync(path.dirname(onDisk(file)), { recursive: true });
    fs.writeFileSync(onDisk(file), content);
  };

  it('digests the real bytes below a folder', async () => {
    write('1/r/m/MLmodel', 'test');
    write('1/r/m/data/weights', 'x'.repeat(300_000));
    const before = await manifests.of('1/r/m');
    expect(before.files).toEqual([
      { path: 'MLmodel', size: 4, sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
      { path: 'data/weights', size: 300_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(await manifests.totalSize('1/r/m')).toEqual({ files: 2, bytes: 300_004 });
    fs.appendFileSync(onDisk('1/r/m/MLmodel'), '!');
    const after = await manifests.of('1/r/m');
    expect(after.digest).not.toBe(before.digest);
    expect(await manifests.totalSize('1/r/none')).toEqual({ files: 0, bytes: 0 });
    fs.mkdirSync(onDisk('1/r/empty/folder'), { recursive: true });
    for (const folder of ['r/none', 'r/empty', 'r/m/MLmodel']) {
      await expect(manifests.of(`1/${folder}`)).rejects.toMatchObject({ reason: 'NO_FILES' });
    }
  });

  it('reads small texts, says when there is none, and refuses large ones', async () => {
    write('1/r/MLmodel', 'flavors: ü');
    expect(await manifests.readText('1/r/MLmodel', 100)).toBe('flavors: ü');
    expect(await manifests.readText('1/r/none', 100)).toBeUndefined();
    expect(await manifests.readText('1/r', 100)).toBeUndefined();
    await expect(manifests.readText('1/r/MLmodel', 10)).rejects.toThrow(FailedPrecondition);
  });
});
