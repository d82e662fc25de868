import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const main = path.resolve(__dirname, '../../dist/apps/cli/src/main.js');

export interface CliAnswer {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What it said on stdout as a document. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what was printed, of any shape.
  json(): any;
}

interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
  /** Called with the process when it has started. */
  started?: (child: ChildProcessWithoutNullStreams) => void;
}

export interface Cli {
  /** A folder of its own: the home, where credentials are kept, and where the command runs. */
  home: string;
  run(args: readonly string[], options?: RunOptions): Promise<CliAnswer>;
  write(file: string, text: string): void;
  remove(): void;
}

/** The command-line tool as it is built in dist (npm test builds it first), as a process of its own for each run. */
export function createCli(env: Record<string, string> = {}): Cli {
  if (!fs.existsSync(main)) throw new Error('the command-line tool is not built: run npm run build first');
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-cli-'));
  const settings = { PATH: process.env.PATH ?? '', HOME: home, XDG_CONFIG_HOME: path.join(home, 'config'), ...env };
  return {
    home,
    run: (args, { stdin = '', env: more = {}, started } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], {
          cwd: home,
          env: { ...settings, ...more } as NodeJS.ProcessEnv,
        });
        started?.(child);
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (chunk) => (stdout += chunk));
        child.stderr.on('data', (chunk) => (stderr += chunk));
        child.once('error', reject);
        child.once('close', (code) => resolve({ code, stdout, stderr, json: () => JSON.parse(stdout) }));
        // A command that does not read stdin may have ended before it is written.
        child.stdin.on('error', () => {});
        child.stdin.end(stdin);
      }),
    write: (file, text) => fs.writeFileSync(path.join(home, file), text),
    remove: () => fs.rmSync(home, { recursive: true, force: true }),
  };
}

export interface Proxy {
  url: string;
  close(): Promise<void>;
}

/**
 * Stands between a client and a server.
 * @param before called with each request's body before it is handed on; answers it instead by returning true
 */
export async function startProxy(
  target: string,
  before: (body: string, response: http.ServerResponse) => Promise<boolean> | boolean,
): Promise<Proxy> {
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (await before(body, response)) return;
    const { authorization, 'content-type': contentType } = request.headers;
    const headers = { authorization: authorization ?? '', 'content-type': contentType ?? '' };
    const answer = await fetch(target + request.url, { method: request.method, headers, body });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
