import { ArtifactSeals } from '@app/artifacts';
import { Transaction } from '@app/platform';
import { v7 as uuidv7 } from 'uuid';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';
import { type S3Server, startS3Server } from '../../../../../test/support/s3-server.js';

interface Credential {
  url: string;
  part_number: number;
  headers: Record<string, string>;
}

describe('transfers between clients and the bucket', () => {
  let s3: S3Server;
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let reader: TestPrincipal;
  let id: string;
  let run: string;

  beforeAll(async () => {
    s3 = await startS3Server();
    t = await createTestApp({ ...s3.settings, ARTIFACT_TRANSFER: 'PRESIGNED', ARTIFACT_LIMIT_BYTES: '20000000' });
    ada = await t.make.user('ada');
    stranger = await t.make.user();
    reader = await t.make.user();
    const post = async (path: string, body: object) =>
      (await t.call('POST', `/api/2.0/mlflow/${path}`, { token: ada.token, body })).body;
    id = (await post('experiments/create', { name: 'churn' })).experiment_id;
    run = (await post('runs/create', { experiment_id: id })).run.info.run_id;
    const experiment = await t.db.prisma.experiment.findFirst({ where: { id: BigInt(id) } });
    await t.make.grant(reader, { id: experiment?.securableId as string }, 'READ');
  });
  afterAll(async () => {
    await t.close();
    await s3.close();
  });
  afterEach(() => expect(s3.pendingUploads()).toEqual([]));

  const folder = () => `${id}/${run}/artifacts/model`;
  const call = (step: string, body: object, who = ada, at = folder()) =>
    t.call('POST', `/api/2.0/mlflow-artifacts/mpu/${step}/${at}`, { token: who.token, body });
  const get = (file: string, who = ada) =>
    t.call('GET', `/api/2.0/mlflow-artifacts/artifacts/${folder()}/${file}`, { token: who.token });
  const presigned = (file: string, who = ada) =>
    t.call('GET', `/api/2.0/mlflow-artifacts/presigned/${folder()}/${file}`, { token: who.token });

  /** As MLflow's client does it: the file's path is that on the user's machine. */
  async function begin(file: string, parts: string[], path = `/home/ada/${file}`) {
    const { status, body } = await call('create', { path, num_parts: parts.length });
    expect(status).toBe(200);
    const credentials = body.credentials as Credential[];
    expect(credentials.map(({ part_number }) => part_number)).toEqual(parts.map((_, index) => index + 1));
    const sent = await Promise.all(
      credentials.map(async ({ url, part_number, headers }, index) => {
        const answer = await fetch(url, { method: 'PUT', body: parts[index] as string, headers });
        expect(answer.status).toBe(200);
        return { part_number, etag: answer.headers.get('etag'), url };
      }),
    );
    return { urls: credentials.map(({ url }) => url), done: { path, upload_id: body.upload_id, parts: sent } };
  }

  it('take an upload in parts, which is seen when it is complete, and complete when said twice', async () => {
    const { done, urls } = await begin('weights', ['first ', 'second ', 'third']);
    expect((await get('weights')).status).toBe(404);
    expect(await call('complete', done)).toMatchObject({ status: 200, body: {} });
    expect(await call('complete', done)).toMatchObject({ status: 200, body: {} });
    expect((await get('weights')).body).toBe('first second third');
    // What the client still holds is worth nothing: neither the URLs nor the upload.
    expect((await fetch(urls[0] as string, { method: 'PUT', body: 'evil' })).status).toBe(404);
    expect((await call('abort', done)).status).toBe(200);
    expect((await get('weights')).body).toBe('first second third');
  });

  it('replace a file, and take names of Windows', async () => {
    const { done } = await begin('weights', ['new'], 'C:\\models\\weights');
    expect((await call('complete', done)).status).toBe(200);
    expect((await get('weights')).body).toBe('new');
  });

  it('forget an upload that is aborted', async () => {
    const { done } = await begin('aborted', ['x']);
    expect(await call('abort', done)).toMatchObject({ status: 200, body: {} });
    expect((await call('complete', done)).status).toBe(404);
    expect((await get('aborted')).status).toBe(404);
  });

  it('are of those alone who may change the experiment, for the path that was named', async () => {
    const { done } = await begin('mine', ['x']);
    for (const step of ['create', 'complete', 'abort']) {
      expect((await call(step, done, stranger)).status).toBe(404);
      expect((await call(step, done, reader)).status).toBe(403);
    }
    expect((await call('complete', { ...done, path: 'other' })).status).toBe(404);
    expect((await call('abort', { ...done, upload_id: 'none' })).status).toBe(404);
    expect((await call('create', { path: 'x' }, ada, `${id}/../0`)).status).toBe(404);
    expect((await call('create', { path: '..' })).status).toBe(400);
    expect((await call('create', { path: 'x', num_parts: 10_001 })).status).toBe(400);
    expect((await call('abort', done)).status).toBe(200);
  });

  it('are refused when they are larger than a file may be', async () => {
    const { done } = await begin('huge', ['x'.repeat(15_000_000), 'y'.repeat(15_000_000)]);
    expect(await call('complete', done)).toMatchObject({ status: 413 });
    expect((await get('huge')).status).toBe(404);
  });

  it('give a file to whom may see it, by a URL that is for this file and a while', async () => {
    const { body, status } = await presigned('weights');
    expect([status, body.file_size, body.headers]).toEqual([200, 3, {}]);
    const answer = await fetch(body.url, { headers: { range: 'bytes=1-2' } });
    expect([answer.status, await answer.text()]).toEqual([206, 'ew']);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=weights');
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    const url = new URL(body.url);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('3600');
    url.pathname += '0';
    expect((await fetch(url)).status).toBe(403);
    expect((await presigned('weights', reader)).status).toBe(200);
    expect((await presigned('weights', stranger)).status).toBe(404);
    expect((await presigned('none')).status).toBe(404);
  });

  it('give a file of a run for as long as is asked, but no longer than is configured', async () => {
    const ask = (expiration: number | undefined, who = ada) =>
      t.call('POST', '/api/2.0/mlflow/artifacts/presigned-download-url', {
        token: who.token,
        body: { run_id: run, path: 'model/weights', expiration },
      });
    const { body } = await ask(1);
    expect(body).toMatchObject({ file_size: 3, presigned_url: expect.stringContaining('X-Amz-Expires=1&') });
    expect((await fetch(body.presigned_url)).status).toBe(200);
    expect((await ask(3601)).body.message).toContain('expiration: 3601 is not between 1 and 3600');
    expect((await ask(undefined, reader)).status).toBe(200);
    expect((await ask(undefined, stranger)).status).toBe(404);
  });

  it('cannot change what was sealed while they were on their way', async () => {
    const late = await begin('weights', ['evil']);
    const versionId = uuidv7();
    const seals = t.app.get(ArtifactSeals, { strict: false });
    await t.app.get(Transaction, { strict: false }).run(() => seals.seal(folder(), { modelId: uuidv7(), versionId }));
    const refused = await call('complete', late.done);
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('cannot be changed')]);
    expect((await call('create', { path: 'weights' })).status).toBe(400);
    expect((await fetch(late.urls[0] as string, { method: 'PUT', body: 'evil' })).status).toBe(404);
    expect((await get('weights')).body).toBe('new');
    expect(s3.keys()).toHaveLength(1);
  });

  it('are announced to clients', async () => {
    const { body } = await t.call('GET', '/api/3.0/mlflow/server-info', { token: ada.token });
    expect(body).toMatchObject({ multipart_uploads_enabled: true, multipart_downloads_enabled: true });
  });
});
