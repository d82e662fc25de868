import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { Transaction } from '@app/platform';
import { v7 as uuidv7 } from 'uuid';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { type S3Server, startS3Server } from '../../../test/support/s3-server.js';
import { ArtifactStore } from './artifact-store.js';
import { ArtifactsModule } from './artifacts.module.js';

/** What holds of every store, whatever it is made of. */
describe.each(['LOCAL', 'S3'])('the artifact store %s', (kind) => {
  let t: TestModule;
  let s3: S3Server | undefined;
  let store: ArtifactStore;
  /** A folder of each test's own. */
  let root: string;

  beforeAll(async () => {
    if (kind === 'S3') s3 = await startS3Server();
    t = await createTestModule([ArtifactsModule], s3?.settings);
    store = t.module.get(ArtifactStore);
  });
  afterAll(async () => {
    await t?.close();
    await s3?.close();
  });
  let folders = 0;
  beforeEach(() => {
    folders += 1;
    root = `${folders}/run/artifacts`;
  });

  const inTransaction = <T>(work: () => Promise<T>) => t.module.get(Transaction).run(work);
  const place = async (file: string, content: string | Buffer) => {
    const staged = await store.stage(Readable.from([content]), `${root}/${file}`);
    const replaced = await inTransaction(() => store.place(staged, `${root}/${file}`));
    if (replaced) await store.discard(replaced);
  };
  const read = async (file: string, range?: { start: number; end: number }) => {
    const opened = await store.open(`${root}/${file}`);
    return opened && text(opened.read(range));
  };
  const walk = async (folder: string) => {
    const files: { path: string; size: number }[] = [];
    for await (const { path, size } of store.walk(folder)) files.push({ path, size });
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  };

  it('keeps what is placed, and shows nothing of what is only staged', async () => {
    const staged = await store.stage(Readable.from(['wait']), `${root}/f`);
    expect(await read('f')).toBeUndefined();
    expect(await store.list(root)).toEqual([]);
    await inTransaction(() => store.place(staged, `${root}/f`));
    expect(await read('f')).toBe('wait');
    expect(await walk(root)).toEqual([{ path: 'f', size: 4 }]);
  });

  it('tells the size of a file, and can be closed unread', async () => {
    await place('f', 'unread');
    const opened = await store.open(`${root}/f`);
    expect(opened?.size).toBe(6);
    await opened?.close();
  });

  it('replaces a file in one step, and gives parts of it', async () => {
    await place('f', 'first');
    await place('f', '0123456789');
    expect(await read('f')).toBe('0123456789');
    expect(await read('f', { start: 2, end: 4 })).toBe('234');
    expect(await read('f', { start: 9, end: 9 })).toBe('9');
    await place('empty', '');
    expect(await read('empty')).toBe('');
  });

  it('takes files of many parts, byte for byte', async () => {
    const large = Buffer.alloc(2 ** 25 + 12_345, uuidv7());
    await place('large', large);
    const opened = await store.open(`${root}/large`);
    expect(opened?.size).toBe(large.length);
    expect((await buffer((opened as NonNullable<typeof opened>).read())).equals(large)).toBe(true);
  });

  it('lists a folder, and walks all below it', async () => {
    await place('model/MLmodel', 'm');
    await place('model/data/ü 日本/x', '22');
    await place('model-2/MLmodel', 'other');
    await place('a', '333');
    expect(await store.list(root)).toEqual([
      { name: 'a', isFolder: false, size: 3 },
      { name: 'model', isFolder: true, size: 0 },
      { name: 'model-2', isFolder: true, size: 0 },
    ]);
    expect(await store.list(`${root}/model/data`)).toEqual([{ name: 'ü 日本', isFolder: true, size: 0 }]);
    expect(await store.list(`${root}/a`)).toEqual([]);
    expect(await store.list(`${root}/none`)).toEqual([]);
    expect(await walk(`${root}/model`)).toEqual([
      { path: 'MLmodel', size: 1 },
      { path: 'data/ü 日本/x', size: 2 },
    ]);
    expect(await store.open(`${root}/model`)).toBeUndefined();
  });

  it('takes a folder away with all in it, and nothing beside it', async () => {
    await place('d/x', 'x');
    await place('d/e/y', 'y');
    await place('d-2', 'z');
    const away = await inTransaction(() => store.takeAway(`${root}/d`));
    expect(await store.list(root)).toEqual([{ name: 'd-2', isFolder: false, size: 1 }]);
    await store.discard(away as NonNullable<typeof away>);
    expect(await inTransaction(() => store.takeAway(`${root}/d`))).toBeUndefined();
    await place('d', 'a file now');
    expect(await read('d')).toBe('a file now');
  });

  it('has no file where a folder is, and no folder where a file is', async () => {
    await place('folder/x', 'x');
    await expect(place('folder', 'x')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    await expect(place('folder/x/y', 'x')).rejects.toMatchObject({ kind: 'INVALID_ARGUMENT' });
    expect(await read('folder/x')).toBe('x');
  });

  it('leaves nothing of an upload that breaks off, however late', async () => {
    for (const sound of [3, 2 ** 24 + 5]) {
      async function* breaking() {
        yield Buffer.alloc(sound);
        throw new Error('the client went away');
      }
      const stage = store.stage(Readable.from(breaking()), `${root}/broken`);
      await expect(stage).rejects.toMatchObject({ reason: 'UPLOAD_ABORTED' });
    }
    expect(await store.open(`${root}/broken`)).toBeUndefined();
    expect(s3?.pendingUploads() ?? []).toEqual([]);
  });

  it('forgets a staged upload that is discarded, and leaves alone what was placed', async () => {
    const staged = await store.stage(Readable.from(['x']), `${root}/f`);
    await store.discard(staged);
    await store.discard(staged);
    await expect(inTransaction(() => store.place(staged, `${root}/f`))).rejects.toThrow();
    await place('g', 'kept');
    await store.sweep();
    expect(await read('g')).toBe('kept');
  });

  it('lets one of many uploads to one path win, whole', async () => {
    const contents = Array.from({ length: 6 }, (_, n) => String(n).repeat(1000));
    await Promise.all(contents.map((content) => place('raced', content)));
    expect(contents).toContain(await read('raced'));
    expect((await walk(root)).length).toBe(1);
  });
});
