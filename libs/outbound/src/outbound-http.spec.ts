import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { loadConfig } from '@app/platform';
import { FakeNetwork, TestServers } from '../../../test/support/outbound.js';
import { OutboundFailed, OutboundRefused } from './outbound.errors.js';
import { type OutboundCall, OutboundHttp } from './outbound-http.service.js';

const tls = path.join(__dirname, '../../../test/fixtures/tls');
const certificate = fs.readFileSync(path.join(tls, 'certificate.pem'), 'utf8');
const privateKey = fs.readFileSync(path.join(tls, 'key.pem'), 'utf8');

describe('OutboundHttp', () => {
  let network: FakeNetwork;
  let servers: TestServers;
  beforeEach(() => {
    network = new FakeNetwork();
    servers = new TestServers();
  });
  afterEach(() => servers.close());

  const client = (allow = '127.0.0.1') =>
    new OutboundHttp(loadConfig({ DATABASE_URL: 'postgresql://u@h/d', OUTBOUND_ALLOW: allow }), network);
  const post = (url: string, change: Partial<OutboundCall> = {}, allow?: string) =>
    client(allow).post({ url, headers: {}, body: '{}', timeoutMs: 20_000, ...change });
  const refusal = (url: string, change?: Partial<OutboundCall>, allow?: string) =>
    expect(post(url, change, allow)).rejects.toThrow(OutboundRefused);

  describe('posts', () => {
    it('the body and the headers, and gives back status, headers and body', async () => {
      let got: unknown;
      const port = await servers.answering(async (request, response) => {
        const body = (await request.toArray()).join('');
        got = { method: request.method, path: request.url, body, headers: request.headers };
        response.writeHead(202, { 'Content-Type': 'text/plain', 'X-Twice': ['a', 'b'] }).end('grüß dich');
      });
      const headers = {
        'Content-Type': 'application/cloudevents+json',
        Host: 'evil.example',
        'content-length': '9999',
      };
      const url = `http://hooks.example.test:${port}/a?b=c`;
      const answer = await post(url, { headers, body: '{"ä":1}' });
      expect(got).toMatchObject({ method: 'POST', path: '/a?b=c', body: '{"ä":1}' });
      expect(got).toMatchObject({
        headers: {
          host: `hooks.example.test:${port}`,
          'content-type': 'application/cloudevents+json',
          'content-length': '8',
          'user-agent': 'Imprimatur',
        },
      });
      expect(answer).toMatchObject({ status: 202, body: 'grüß dich', truncated: false });
      expect(answer.headers).toMatchObject({ 'content-type': 'text/plain', 'x-twice': 'a, b' });
      expect(answer.durationMs).toBeGreaterThanOrEqual(0);
    });

    it('over TLS, and holds the certificate against the name and not the address', async () => {
      const port = await servers.listen(
        https.createServer({ cert: certificate, key: privateKey }, (_, res) => res.end('ok')),
      );
      await expect(post(`https://hooks.example.test:${port}/`)).rejects.toThrow('SELF_SIGNED');
      network.authorities = certificate;
      expect(await post(`https://hooks.example.test:${port}/`)).toMatchObject({ status: 200, body: 'ok' });
      await expect(post(`https://other.example.test:${port}/`)).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
      await expect(post(`https://127.0.0.1:${port}/`)).rejects.toThrow(OutboundFailed);
    });

    it('and follows no redirect', async () => {
      let calls = 0;
      const port = await servers.answering((_, response) => {
        calls += 1;
        response.writeHead(307, { location: '/again' }).end();
      });
      expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 307, headers: { location: '/again' } });
      expect(calls).toBe(1);
    });

    it('and refuses headers that would become others', async () => {
      let calls = 0;
      const port = await servers.answering((_, response) => response.end(String(++calls)));
      await refusal(`http://127.0.0.1:${port}/`, { headers: { 'x-a': 'b\r\nx-injected: c' } });
      await refusal(`http://127.0.0.1:${port}/`, { headers: { 'x-a: b\r\nx': 'c' } });
      expect(calls).toBe(0);
    });
  });

  describe('looks a name up once', () => {
    it('and connects to that answer, whatever a second one would be', async () => {
      const port = await servers.answering((_, response) => response.end('the first'));
      network.answers = [['127.0.0.1'], ['127.0.0.2']];
      expect(await post(`http://rebinding.example:${port}/`)).toMatchObject({ body: 'the first' });
      expect(network.asked).toEqual(['rebinding.example']);
    });

    it('and connects nowhere when that answer may not be called, also when a later one might', async () => {
      const port = await servers.answering((_, response) => response.end());
      network.answers = [['10.0.0.5'], ['127.0.0.1']];
      await refusal(`http://rebinding.example:${port}/`);
      expect(network.asked).toHaveLength(1);
      network.answers = [['127.0.0.1', '10.0.0.5']];
      await refusal(`http://both.example:${port}/`);
      expect(servers.connections).toBe(0);
    });

    it('tries the other addresses where the first does not answer', async () => {
      const port = await servers.answering((_, response) => response.end('here'));
      network.answers = [['127.0.0.2', '127.0.0.1']];
      expect(await post(`http://two.example:${port}/`, {}, '127.0.0.0/8')).toMatchObject({ body: 'here' });
    });

    it('tells no address of this network', async () => {
      network.answers = [['10.11.12.13']];
      await expect(post('https://hooks.example/secret-path')).rejects.toThrow(
        'https://hooks.example may not be called: its address is not on the public internet, and not in OUTBOUND_ALLOW',
      );
      network.answers = [[]];
      await expect(post('https://hooks.example/')).rejects.toThrow('https://hooks.example has no address');
      network.resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
      await expect(post('https://hooks.example/')).rejects.toThrow('or broke off: ENOTFOUND');
    });
  });

  it.each([
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://１２７.0.0.1/',
    'https://user:password@hooks.example/',
    'http://hooks.example/',
    'http://8.8.8.8/',
    'gopher://8.8.8.8/',
  ])('refuses %s', async (url) => {
    network.answers = [['8.8.8.8']];
    await refusal(url, {}, '');
  });

  it.each(['localhost', 'localhost.', 'metadata.google.internal'])('refuses %s by its address', async (host) => {
    network.answers = [['127.0.0.1', '::1']];
    await refusal(`https://${host}/`, {}, '');
    expect(network.asked).toEqual([host]);
  });

  it('fails where nobody listens', async () => {
    const port = await servers.answering(() => {});
    await servers.close();
    await expect(post(`http://127.0.0.1:${port}/`)).rejects.toThrow('ECONNREFUSED');
  });

  it('ends with the reason of the caller’s signal', async () => {
    const reason = new Error('the request was closed');
    for (const resolve of [network.resolve, () => Promise.reject(new Error('not found'))]) {
      network.resolve = resolve;
      await expect(post('https://hooks.example/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    }
    const cancel = new AbortController();
    const port = await servers.speaking(() => cancel.abort(reason));
    await expect(post(`http://127.0.0.1:${port}/`, { signal: cancel.signal })).rejects.toBe(reason);
    network.resolve = () => new Promise(() => {});
    const meanwhile = new AbortController();
    const call = post('https://hooks.example/', { signal: meanwhile.signal });
    meanwhile.abort(reason);
    await expect(call).rejects.toBe(reason);
  });
});
