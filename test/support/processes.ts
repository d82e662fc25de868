import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/** Asks until the answer is there. Fails with the last answer when it does not come. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isThere: (answer: T) => boolean = Boolean,
  timeoutMs = 120_000,
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

/** The programs of the service, each with the setting that says where it listens. */
const programs = { api: 'PORT', worker: 'WORKER_PORT' } as const;

/** A machine that starts many processes at once takes its time. */
const startMs = 180_000;

/** A real program of the service, as it is built in dist (npm test builds it first), ready to work. */
export async function startProgram(name: keyof typeof programs, env: Record<string, string>): Promise<TestProcess> {
  const main = path.join(root, `dist/apps/${name}/src/main.js`);
  if (!fs.existsSync(main)) throw new Error(`the ${name} is not built: run npm run build first`);
  const port = await freePort();
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    env: { PATH: process.env.PATH, ...env, HOST: '127.0.0.1', [programs[name]]: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const program = observe(child, `http://127.0.0.1:${port}`);
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`the ${name} ended at its start: ${program.output()}`);
    return fetch(`${program.url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  try {
    await eventually(isReady, Boolean, startMs);
  } catch (error) {
    await program.stop('SIGKILL');
    throw error;
  }
  return program;
}

export const startWorker = (env: Record<string, string>): Promise<TestProcess> => startProgram('worker', env);

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
