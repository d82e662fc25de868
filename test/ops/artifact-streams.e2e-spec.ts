import fs from 'node:fs';
import http, { type ClientRequest } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { createTestApp, type TestApp } from '../support/app.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';
import { ServiceProcess } from './service-process.js';

const MiB = 2 ** 20;
const small = 8 * MiB;
const large = 192 * MiB;

/** Elsewhere nobody counts the peak. */
const onLinux = process.platform === 'linux' ? it : it.skip;

/** The API as a process of its own, on the database and the store of an app that is not asked. */
describe.each(['LOCAL', 'S3'])('artifacts on their way through the API, in the store %s', (kind) => {
  let s3: S3Server | undefined;
  let t: TestApp;
  let api: ServiceProcess;
  let url: string;
  let token: string;
  let folder: string;

  beforeAll(async () => {
    if (kind === 'S3') s3 = await startS3Server();
    t = await createTestApp(s3?.settings);
    ({ token } = await t.make.user());
    const post = async (call: string, body: object) =>
      (await t.call('POST', `/api/2.0/mlflow/${call}`, { token, body })).body;
    const { experiment_id } = await post('experiments/create', { name: 'streams' });
    const { run } = await post('runs/create', { experiment_id });
    folder = `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run.info.run_id}/artifacts`;
    await start();
  });
  afterAll(async () => {
    await api.end();
    await t.close();
    await s3?.close();
  });

  async function start(): Promise<void> {
    const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
    api = new ServiceProcess(['dist/apps/api/src/main.js'], { ...t.env, ...(s3 && keys), LOG_LEVEL: 'info' });
    url = await api.printed(/"url":"(http:[^"]+)"/);
  }

  const headers = () => ({ authorization: `Bearer ${token}` });

  async function put(file: string, bytes: number): Promise<void> {
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const body = Readable.from(Array.from({ length: bytes / chunk.length }, () => chunk));
    const init = { method: 'PUT', headers: headers(), body: Readable.toWeb(body), duplex: 'half' };
    expect((await fetch(`${url}${folder}/${file}`, init as RequestInit)).status).toBe(200);
  }

  async function get(file: string): Promise<number> {
    const { body } = await fetch(`${url}${folder}/${file}`, { headers: headers() });
    let bytes = 0;
    await pipeline(Readable.fromWeb(body as never), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) bytes += chunk.length;
    });
    return bytes;
  }

  /** The most memory that the process has had: the kernel counts, nobody has to look at the right moment. */
  const peakMiB = (): number => {
    const status = fs.readFileSync(`/proc/${api.child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  };

  /** Uploads and removals that are not at their end. */
  async function left(): Promise<number> {
    if (!s3) return fs.readdirSync(path.join(t.env.DATA_DIR as string, 'artifacts/.staging')).length;
    const rows = await t.db.query(sql`SELECT 1 FROM artifact_objects WHERE path IS NULL`);
    return rows.length + s3.pendingUploads().length;
  }

  const isKnown = async () =>
    (await t.db.query(sql`SELECT 1 FROM artifact_objects WHERE upload_id IS NOT NULL`)).length > 0;

  /** An upload that has begun to arrive, of which the rest does not. */
  async function halfAnUpload(file: string): Promise<ClientRequest> {
    const request = http.request(`${url}${folder}/${file}`, {
      method: 'PUT',
      headers: { ...headers(), 'content-length': large },
    });
    request.on('error', () => undefined);
    // More than one part of an upload to S3, which is there and known to be there.
    request.write(Buffer.alloc(24 * MiB));
    while (!(s3 ? await isKnown() : await left())) await sleep(20);
    return request;
  }

  onLinux('takes and gives a large file with no more memory than a small one needs', async () => {
    await put('small', small);
    expect(await get('small')).toBe(small);
    const before = peakMiB();
    await put('large', large);
    expect(await get('large')).toBe(large);
    // Buffers are bounded; what is left is the garbage of a busy process, far below the size of the file.
    expect(peakMiB() - before).toBeLessThan(96);
  });

  it('leaves nothing of an upload whose client is gone', async () => {
    const request = await halfAnUpload('gone');
    request.destroy();
    while ((await left()) > 0) await sleep(20);
    expect((await fetch(`${url}${folder}/gone`, { headers: headers() })).status).toBe(404);
  });

  it('leaves nothing of an upload during which it was killed, once it is known that nobody goes on with it', async () => {
    await halfAnUpload('killed');
    await api.end('SIGKILL');
    expect(await left()).toBeGreaterThan(0);
    const staging = path.join(t.env.DATA_DIR as string, 'artifacts/.staging');
    const longAgo = new Date(Date.now() - 24 * 3600 * 1000);
    for (const name of s3 ? [] : fs.readdirSync(staging)) fs.utimesSync(path.join(staging, name), longAgo, longAgo);
    await t.db.execute(sql`UPDATE artifact_objects SET expires_at = ${longAgo} WHERE path IS NULL`);
    await start();
    while ((await left()) > 0) await sleep(20);
    expect((await fetch(`${url}${folder}/killed`, { headers: headers() })).status).toBe(404);
    expect(await get('small')).toBe(small);
  });
});
