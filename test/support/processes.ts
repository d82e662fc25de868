import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/** Asks until the answer is there. Fails with the last answer when it does not come. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isThere: (answer: T) => boolean = Boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    if (Date.now() > end) throw new Error(`not there after ${timeoutMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export interface TestProcess {
  url: string;
  /** Ends it, and waits until it has ended. @returns the exit code; null when the signal ended it */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  output(): string;
}

function observe(child: ChildProcess, url: string): TestProcess {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    url,
    output: () => output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** The real worker, as it is built in dist (npm test builds it first), ready to work. */
export async function startWorker(env: Record<string, string>): Promise<TestProcess> {
  const main = path.join(root, 'dist/apps/worker/src/main.js');
  if (!fs.existsSync(main)) throw new Error('the worker is not built: run npm run build first');
  const port = await freePort();
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    env: { PATH: process.env.PATH, ...env, HOST: '127.0.0.1', WORKER_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const worker = observe(child, `http://127.0.0.1:${port}`);
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`the worker ended at its start: ${worker.output()}`);
      return fetch(`${worker.url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await worker.stop('SIGKILL');
    throw error;
  }
  return worker;
}

/** A Valkey of the test's own. */
export async function startValkey(): Promise<TestProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(root, 'test/support/valkey.mjs'), String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const valkey = observe(child, `redis://127.0.0.1:${port}`);
  await eventually(async () => valkey.output().includes('ready'));
  return valkey;
}
