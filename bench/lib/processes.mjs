// Programs under measurement, each in a process of its own, with its output in a file.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../scripts/lib/setup.mjs';

const readyWithinMs = 300_000;
const endWithinMs = 20_000;

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/**
 * Starts a program and waits until it answers.
 * @param {{ name: string, command: string, args: string[], env?: object, cwd?: string, log: string, health: string }} program
 *   log: the file for its output; health: the URL that answers 200 when it is ready
 * @returns {Promise<{ pid: number, readyMs: number, stop: () => Promise<void> }>}
 * @throws Error with the last lines of its output when it ends, or is not ready in time
 */
export async function startProgram({ name, command, args, env = {}, cwd = root, log, health }) {
  const output = fs.openSync(log, 'w');
  const started = performance.now();
  // A process group of its own: the program ends together with the workers that it starts.
  const options = { cwd, env: { ...process.env, ...env }, stdio: ['ignore', output, output], detached: true };
  const child = spawn(command, args, options);
  fs.closeSync(output);
  let ending;
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ ending: error.message }));
    child.once('exit', (code, signal) => resolve({ ending: `ended by ${signal ?? `exit code ${code}`}` }));
  }).then((outcome) => {
    ending = outcome.ending;
  });
  const stop = () => stopGroup(child, ended);

  while (!(await answers(health))) {
    if (ending === undefined && performance.now() - started < readyWithinMs) await sleep(20);
    else {
      await stop();
      const told = fs.readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
      throw new Error(`${name} is not ready (${ending ?? `nothing at ${health}`}):\n${told}`);
    }
  }
  return { pid: child.pid, readyMs: performance.now() - started, stop };
}

const answers = async (url) => (await fetch(url).catch(() => undefined))?.ok ?? false;

async function stopGroup(child, ended) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, 'SIGTERM');
  const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(timer);
}
