import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ServiceProcess } from './service-process.js';

jest.setTimeout(120_000);

const readyLine = /^ready (http:\/\/127\.0\.0\.1:\d+)$/m;

describe('npm start', () => {
  let dataDir: string;
  const running: ServiceProcess[] = [];

  const start = (env: Record<string, string> = {}) => {
    const launcher = new ServiceProcess(['scripts/start.mjs'], {
      DATA_DIR: dataDir,
      PORT: '0',
      WORKER_PORT: '0',
      ...env,
    });
    running.push(launcher);
    return launcher;
  };
  const call = (url: string, token: string) =>
    fetch(`${url}/api/2.0/mlflow/no-such-route`, { headers: { authorization: `Bearer ${token}` } });

  beforeEach(() => {
    dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-start-'));
    // Started by root, PostgreSQL runs as another user, who must be able to reach its folder in here.
    fs.chmodSync(dataDir, 0o711);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((launcher) => launcher.end()));
    fs.rmSync(dataDir, { recursive: true, force: true });
  });

  it('brings up everything, keeps the first token in a file of the owner’s alone, and keeps all data', async () => {
    const first = start();
    const url = await first.printed(readyLine);
    const file = path.join(dataDir, 'admin-token');
    const token = fs.readFileSync(file, 'utf8').trim();
    expect(first.output).toContain(`the token ${token}, which is not shown again; it is kept in ${file}`);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.join(dataDir, 'signing-key.pem')).mode & 0o777).toBe(0o600);
    expect((await call(url, token)).status).toBe(404);
    expect((await call(url, `${token}x`)).status).toBe(401);

    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.output).toContain('is in use by another process: end it, or set DATA_DIR to another folder');

    expect(await first.end()).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');

    const again = start();
    expect((await call(await again.printed(readyLine), token)).status).toBe(404);
    expect(again.output).not.toContain('token');
  });

  it('leaves nothing running when it is killed, and goes on with the same data', async () => {
    const token = 'given-by-the-test-0123456789';
    const killed = start({ BOOTSTRAP_ADMIN_TOKEN: token });
    const url = await killed.printed(readyLine);
    expect(killed.output).not.toContain(token);
    // Its children hold its output open: `exited` settles when they have ended too.
    await killed.end('SIGKILL');
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    // PostgreSQL removes this file at its end.
    while (fs.existsSync(path.join(dataDir, 'postgres/postmaster.pid'))) await setImmediate();

    const next = start();
    expect((await call(await next.printed(readyLine), token)).status).toBe(404);
  });

  it('ends with a message, and with exit code 1, when a part of it ends', async () => {
    const launcher = start();
    await launcher.printed(readyLine);
    const pid = Number(fs.readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    expect(await launcher.exited).toBe(1);
    expect(launcher.output).toContain('the embedded PostgreSQL ended by itself');
  });

  it('names an occupied port', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const launcher = start({ WORKER_PORT: String(port) });
    expect(await launcher.exited).toBe(1);
    expect(launcher.output).toContain(`port ${port} on 127.0.0.1 is taken`);
    expect(launcher.output).toContain('set WORKER_PORT to another port');
    server.close();
  });

  it.each([
    ['PORT', 'abc', 'PORT ("abc")'],
    ['DEFAULT_SCHEMA', 'main', 'DEFAULT_SCHEMA ("main"): must be catalog.schema, for example main.default'],
    ['DATABASE_URL', 'mysql://secret@host/db', 'DATABASE_URL (set): must be postgresql://'],
  ])('names a wrong %s, and starts nothing', async (name, value, message) => {
    const launcher = start({ [name]: value });
    expect(await launcher.exited).toBe(1);
    expect(launcher.output).toContain(`the configuration is wrong:\n  ${message}`);
    expect(launcher.output).not.toContain('secret');
    expect(fs.readdirSync(dataDir)).toEqual([]);
  });
});
