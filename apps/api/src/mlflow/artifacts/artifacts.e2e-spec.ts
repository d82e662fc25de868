import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createTestApp, type TestApp } from '../../../../../test/support/app.js';
import type { TestPrincipal } from '../../../../../test/support/factories.js';

describe('the artifact proxy', () => {
  let t: TestApp;
  let ada: TestPrincipal;
  let stranger: TestPrincipal;
  let id: string;

  beforeAll(async () => {
    t = await createTestApp();
    ada = await t.make.user('ada');
    stranger = await t.make.user();
    const made = await t.call('POST', '/api/2.0/mlflow/experiments/create', {
      token: ada.token,
      body: { name: 'churn' },
    });
    id = made.body.experiment_id;
  });
  afterAll(() => t.close());

  const proxy = '/api/2.0/mlflow-artifacts';
  const put = (file: string, body: string, type = 'application/json', who = ada) =>
    t.call('PUT', `${proxy}/artifacts/${id}/${file}`, { token: who.token, body, headers: { 'content-type': type } });
  const get = (file: string, headers: Record<string, string> = {}, who = ada) =>
    t.call('GET', `${proxy}/artifacts/${id}/${file}`, { token: who.token, headers });
  const list = (folder: string, who = ada) =>
    t.call('GET', `${proxy}/artifacts?path=${encodeURIComponent(`${id}/${folder}`)}`, { token: who.token });
  const staged = () => fs.readdirSync(path.join(t.env.DATA_DIR as string, 'artifacts', '.staging'));

  it('stores what comes, whatever type the client names', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
    ]) {
      const body = `{"broken": ${type}`;
      expect(await put('r/artifacts/input_example.json', body, type)).toMatchObject({ status: 200, body: {} });
      const raw = await fetch(`${t.url}${proxy}/artifacts/${id}/r/artifacts/input_example.json`, {
        headers: { authorization: `Bearer ${ada.token}` },
      });
      expect(await raw.text()).toBe(body);
    }
  });

  it('takes a repeated upload with its idempotency key', async () => {
    const headers = { 'idempotency-key': 'k1' };
    for (const body of ['one', 'two']) {
      const target = `${proxy}/artifacts/${id}/r/twice`;
      expect((await t.call('PUT', target, { token: ada.token, body, headers })).status).toBe(200);
      expect((await get('r/twice')).body).toBe(body);
    }
  });

  it('takes empty files, and names with spaces and letters of all scripts', async () => {
    expect((await put('r/e/empty', '')).status).toBe(200);
    const name = 'a b+ü 日本 100% (1)';
    expect((await put(`r/e/${encodeURIComponent(name)}`, 'x')).status).toBe(200);
    expect((await list('r/e')).body).toEqual({
      files: [
        { path: name, is_dir: false, file_size: 1 },
        { path: 'empty', is_dir: false, file_size: 0 },
      ],
    });
    const answer = await get(`r/e/${encodeURIComponent(name)}`);
    expect(answer.body).toBe('x');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="a b+_ __ 100_ (1)"; filename*=UTF-8''a%20b%2B%C3%BC%20%E6%97%A5%E6%9C%AC%20100%25%20%281%29`,
    );
    const empty = await get('r/e/empty');
    expect([empty.status, empty.headers.get('content-length'), empty.body]).toEqual([200, '0', '']);
  });

  it('sends files to be saved, and never to be run in a browser', async () => {
    await put('r/page.html', '<script>alert(1)</script>');
    const { headers } = await get('r/page.html');
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toContain('attachment; filename=page.html');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    await put('r/MLmodel', 'flavors:');
    expect((await get('r/MLmodel')).headers.get('content-type')).toContain('text/plain');
  });

  it('sends parts of a file', async () => {
    await put('r/bytes', '0123456789');
    const part = await get('r/bytes', { range: 'bytes=2-4' });
    expect([part.status, part.body, part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    expect((await get('r/bytes', { range: 'bytes=8-' })).body).toBe('89');
    expect((await get('r/bytes', { range: 'bytes=-3' })).body).toBe('789');
    for (const ignored of ['bytes=4-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-']) {
      expect(await get('r/bytes', { range: ignored })).toMatchObject({ status: 200, body: '0123456789' });
    }
    const behind = await get('r/bytes', { range: 'bytes=10-' });
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('lists and deletes', async () => {
    await put('r/d/folder/x', 'x');
    expect((await list('r/d')).body).toEqual({ files: [{ path: 'folder', is_dir: true }] });
    expect((await list('r/d/none')).body).toEqual({});
    expect((await t.call('DELETE', `${proxy}/artifacts/${id}/r/d`, { token: ada.token })).body).toEqual({});
    expect(await get('r/d/folder/x')).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
    expect((await t.call('DELETE', `${proxy}/artifacts/${id}/r/d`, { token: ada.token })).status).toBe(404);
  });

  it('does not exist for the stranger, nor without a token', async () => {
    await put('r/secret', 'x');
    expect((await get('r/secret', {}, stranger)).status).toBe(404);
    expect((await list('r', stranger)).status).toBe(404);
    expect((await put('r/secret', 'mine', 'text/plain', stranger)).status).toBe(404);
    expect((await t.call('DELETE', `${proxy}/artifacts/${id}/r/secret`, { token: stranger.token })).status).toBe(404);
    expect((await t.call('GET', `${proxy}/artifacts/${id}/r/secret`)).status).toBe(401);
    expect((await get('r/secret')).body).toBe('x');
  });

  it.each([
    '%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    'r/%252e%252e/x',
    'r//x',
    'r/%00',
    'r/a%5cb',
    'r/a%0ab',
  ])('refuses the path %s', async (file) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await rawRequest(method, `${proxy}/artifacts/${id}/${file}`);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error_code: 'INVALID_PARAMETER_VALUE' });
    }
  });

  it('refuses a listing without a path, and one that leads out', async () => {
    const of = (query: string) => t.call('GET', `${proxy}/artifacts${query}`, { token: ada.token });
    expect((await of('')).status).toBe(400);
    expect((await of(`?path=${id}/../0`)).status).toBe(400);
    expect((await of('?path=a&path=b')).status).toBe(400);
  });

  it('streams files that are larger than any JSON body may be', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const hash = createHash('sha256');
    async function* chunks() {
      for (let i = 0; i < 40; i++) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const url = `${t.url}${proxy}/artifacts/${id}/r/large`;
    const headers = { authorization: `Bearer ${ada.token}` };
    const init = { method: 'PUT', headers, body: ReadableStream.from(chunks()), duplex: 'half' } as RequestInit;
    expect((await fetch(url, init)).status).toBe(200);
    const received = createHash('sha256');
    const body = (await fetch(url, { headers })).body as ReadableStream<Uint8Array>;
    for await (const part of body) received.update(part);
    expect(received.digest('hex')).toBe(hash.digest('hex'));
  });

  it('keeps nothing of an upload whose client goes away', async () => {
    await put('r/whole', 'whole');
    const { hostname, port } = new URL(t.url);
    const headers = { authorization: `Bearer ${ada.token}`, 'content-length': '1000000' };
    const request = http.request({ hostname, port, method: 'PUT', path: `${proxy}/artifacts/${id}/r/whole`, headers });
    request.on('error', () => undefined);
    request.write('half of');
    while (staged().length === 0) await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    while (staged().length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await get('r/whole')).body).toBe('whole');
  });

  it('tells clients to send files in one piece', async () => {
    for (const step of ['create', 'complete', 'abort']) {
      const answer = await t.call('POST', `${proxy}/mpu/${step}/${id}/r/x`, {
        token: ada.token,
        body: { path: 'x', num_parts: 2, upload_id: 'x', parts: [{ part_number: 1, etag: 'x' }] },
      });
      expect(answer).toMatchObject({ status: 501, body: { error_code: 'NOT_IMPLEMENTED' } });
      expect(answer.body.message).toMatch(/^Multipart upload is not supported for the current artifact repository/);
    }
    expect((await t.call('GET', `${proxy}/presigned/${id}/r/x`, { token: ada.token })).status).toBe(501);
    const info = await t.call('GET', '/api/3.0/mlflow/server-info', { token: ada.token });
    expect(info.body).toMatchObject({ multipart_uploads_enabled: false, multipart_downloads_enabled: false });
  });

  /** fetch would clean the path up before it sends it. */
  function rawRequest(method: string, target: string): Promise<{ status: number | undefined; text: string }> {
    const { hostname, port } = new URL(t.url);
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${ada.token}` };
      const request = http.request({ hostname, port, method, path: target, headers }, async (response) => {
        let text = '';
        for await (const part of response) text += part;
        resolve({ status: response.statusCode, text });
      });
      request.on('error', reject).end(method === 'PUT' ? 'evil' : undefined);
    });
  }
});
