import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Transaction } from '@app/platform';
import sql from 'sql-template-tag';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { type S3Server, startS3Server } from '../../../test/support/s3-server.js';
import { ArtifactManifests } from './artifact-manifests.js';
import { ArtifactStore } from './artifact-store.js';
import { ArtifactsModule } from './artifacts.module.js';

/** Of more than one part. */
const large = Buffer.alloc(20 * 2 ** 20 + 7, 'imprimatur');
const unavailable = { kind: 'UNAVAILABLE', reason: 'ARTIFACT_STORE_UNAVAILABLE' };

describe('the artifact store on S3', () => {
  let t: TestModule;
  let s3: S3Server;
  let store: ArtifactStore;

  beforeAll(async () => {
    s3 = await startS3Server();
    t = await createTestModule([ArtifactsModule], {
      ...s3.settings,
      S3_PREFIX: 'team/',
      ARTIFACT_TRANSFER: 'PRESIGNED',
      LOG_LEVEL: 'silent',
    });
    store = t.module.get(ArtifactStore);
  });
  afterAll(async () => {
    await t.close();
    await s3.close();
  });
  afterEach(async () => {
    s3.fault = () => undefined;
    const away = await t.module.get(Transaction).run(() => store.takeAway('1'));
    if (away) await store.discard(away);
    await store.sweep();
    expect(await left()).toEqual({ keys: [], uploads: [], rows: 0 });
  });

  const stage = (bytes: Buffer) => store.stage(Readable.from([bytes]), '1/f');
  const place = async (bytes: Buffer) => {
    const staged = await stage(bytes);
    const replaced = await t.module.get(Transaction).run(() => store.place(staged, '1/f'));
    if (replaced) await store.discard(replaced);
  };
  const read = async () => {
    const opened = await store.open('1/f');
    return opened && buffer(opened.read());
  };
  const left = async () => ({
    keys: s3.keys(),
    uploads: s3.pendingUploads(),
    rows: (await t.db.query(sql`SELECT 1 FROM artifact_objects`)).length,
  });
  const isPart = (request: { method?: string; url?: string }) =>
    request.method === 'PUT' && request.url?.includes('partNumber=');

  it('computes the digest of what passes through, and keeps no object that was replaced', async () => {
    await place(Buffer.from('first'));
    await place(large);
    expect(s3.keys()).toEqual([expect.stringMatching(/^team\/1\/[0-9a-f-]{36}$/)]);
    const sha256 = createHash('sha256').update(large).digest('hex');
    const [row] = await t.db.query(sql`SELECT size::int4 AS size, sha256 FROM artifact_objects`);
    expect(row).toEqual({ size: large.length, sha256 });
  });

  it('knows the digests of a folder without reading it, and finds what was changed in the bucket', async () => {
    await place(Buffer.from('as it came'));
    const manifests = t.module.get(ArtifactManifests);
    const reads = s3.requests.length;
    const uploaded = await manifests.asUploaded('1');
    expect(s3.requests).toHaveLength(reads);
    expect(await manifests.of('1')).toEqual(uploaded);
    fs.writeFileSync(s3.fileOf(s3.keys()[0] as string), 'a5 it came');
    expect((await manifests.of('1')).digest).not.toBe(uploaded.digest);
    expect(await manifests.asUploaded('1')).toEqual(uploaded);
  });

  it('makes a call again that the bucket could not answer', async () => {
    let failures = 2;
    s3.fault = (request) => (isPart(request) && failures-- > 0 ? { status: 503 } : undefined);
    await place(large);
    expect((await read())?.equals(large)).toBe(true);
  });

  it('gives an upload up when the bucket cannot answer, and leaves nothing of it', async () => {
    s3.fault = (request) => (isPart(request) || request.method === 'DELETE' ? { status: 503 } : undefined);
    await expect(stage(large)).rejects.toMatchObject(unavailable);
    expect(await read()).toBeUndefined();
    // Not even the removal was answered: the sweep does it as soon as the bucket is back.
    s3.fault = () => undefined;
    await store.sweep();
    expect(await left()).toEqual({ keys: [], uploads: [], rows: 0 });
  });

  it('gives an upload up when the bucket is silent', async () => {
    const settings = { ...s3.settings, S3_TIMEOUT_SECONDS: '3', DATABASE_URL: t.env.DATABASE_URL ?? '' };
    const impatient = await createTestModule([ArtifactsModule], settings);
    s3.fault = (request) => (isPart(request) ? 'silence' : undefined);
    const upload = impatient.module.get(ArtifactStore).stage(Readable.from([large]), '1/f');
    await expect(upload).rejects.toMatchObject(unavailable);
    await impatient.close();
  });

  it('goes on with a download where the bucket broke off', async () => {
    await place(large);
    let cuts = 3;
    s3.fault = ({ method }) => (method === 'GET' && cuts-- > 0 ? { cutAfter: 1_000_000 } : undefined);
    expect((await read())?.equals(large)).toBe(true);
    expect(cuts).toBeLessThan(0);
  });

  it('gives a download up that breaks off again and again', async () => {
    await place(large);
    s3.fault = ({ method }) => (method === 'GET' ? { cutAfter: 100_000 } : undefined);
    await expect(read()).rejects.toMatchObject(unavailable);
  });

  it('removes what a process left that was killed, and nothing that is under way', async () => {
    const direct = store.direct as NonNullable<typeof store.direct>;
    const { id } = await direct.begin('1/f', 2);
    await stage(large);
    await stage(large);
    await store.sweep();
    expect(await left()).toMatchObject({ keys: [expect.anything(), expect.anything()], uploads: [expect.anything()] });
    await t.db.execute(sql`UPDATE artifact_objects SET expires_at = now() - interval '1 minute'`);
    const again = await createTestModule([ArtifactsModule], { ...s3.settings, DATABASE_URL: t.env.DATABASE_URL ?? '' });
    await again.close();
    expect(await left()).toEqual({ keys: [], uploads: [], rows: 0 });
    await expect(direct.finish(id, '1/f', [{ number: 1, etag: 'x' }])).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  });

  it('does not start with a bucket that it cannot use', async () => {
    const start = (settings: Record<string, string>) =>
      createTestModule([ArtifactsModule], { ...s3.settings, ...settings });
    await expect(start({ S3_BUCKET: 'nowhere' })).rejects.toThrow(/the bucket "nowhere" \(S3_BUCKET\) .*NoSuchBucket/);
    const key = process.env.AWS_SECRET_ACCESS_KEY;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    await expect(start({})).rejects.toThrow(/SignatureDoesNotMatch/);
    process.env.AWS_SECRET_ACCESS_KEY = key;
    await expect(start({ S3_ENDPOINT: 'http://127.0.0.1:1' })).rejects.toThrow(/ECONNREFUSED/);
  });
});
