import { loadConfig } from '@app/platform';
import { FakeNetwork, TestServers } from '../../../test/support/outbound.js';
import { OutboundFailed } from './outbound.errors.js';
import { type OutboundCall, OutboundHttp } from './outbound-http.service.js';

describe('OutboundHttp, with an answer that is not as it should be,', () => {
  let network: FakeNetwork;
  let servers: TestServers;
  beforeEach(() => {
    network = new FakeNetwork();
    servers = new TestServers();
  });
  afterEach(() => servers.close());

  const config = loadConfig({ DATABASE_URL: 'postgresql://u@h/d', OUTBOUND_ALLOW: '127.0.0.1' });
  const post = (url: string, change: Partial<OutboundCall> = {}) =>
    new OutboundHttp(config, network).post({ url, headers: {}, body: '{}', timeoutMs: 20_000, ...change });

  describe('bounds the answer', () => {
    it('in its length, and leaves a character that was cut in two out', async () => {
      const port = await servers.answering((_, response) => response.end('ab€'));
      const at = (maxResponseBytes: number) => post(`http://127.0.0.1:${port}/`, { maxResponseBytes });
      expect(await at(5)).toMatchObject({ body: 'ab€', truncated: false });
      expect(await at(4)).toMatchObject({ body: 'ab', truncated: true });
      expect(await at(0)).toMatchObject({ body: '', truncated: true });
    });

    it('when it never ends', async () => {
      const port = await servers.speaking((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const more = () => socket.writable && socket.write('x'.repeat(10_000), () => setImmediate(more));
        more();
      });
      const answer = await post(`http://127.0.0.1:${port}/`, { maxResponseBytes: 100_000 });
      expect(answer).toMatchObject({ status: 200, truncated: true });
      expect(answer.body).toHaveLength(100_000);
    });

    it('in its headers', async () => {
      const port = await servers.speaking((socket) =>
        socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
      );
      await expect(post(`http://127.0.0.1:${port}/`)).rejects.toThrow('HPE_HEADER_OVERFLOW');
    });

    it.each([
      ['says nothing', ''],
      ['stops within the headers', 'HTTP/1.1 200 OK\r\nx:'],
      ['stops within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'],
    ])('in its time, when it %s', async (_, bytes) => {
      const port = await servers.speaking((socket) => socket.write(bytes));
      const call = post(`http://127.0.0.1:${port}/`, { timeoutMs: 300 });
      await expect(call).rejects.toThrow(`http://127.0.0.1:${port} did not answer within 300 ms`);
    });

    it('in its time, when it comes byte by byte, or the name is not found', async () => {
      const port = await servers.speaking((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const drip = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(drip));
      });
      await expect(post(`http://127.0.0.1:${port}/`, { timeoutMs: 300 })).rejects.toThrow('within 300 ms');
      network.resolve = () => new Promise(() => {});
      await expect(post('https://hooks.example/', { timeoutMs: 100 })).rejects.toThrow('within 100 ms');
    });
  });

  it.each([
    ['cut off in the headers', 'HTTP/1.1 200 OK\r\nx:'],
    ['cut off in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'],
    ['cut off in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n12345'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['of two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12'],
    ['a change of the protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ])('fails with an answer that is %s', async (_, bytes) => {
    const port = await servers.speaking((socket) => socket.end(bytes));
    await expect(post(`http://127.0.0.1:${port}/`)).rejects.toThrow(OutboundFailed);
  });
});
