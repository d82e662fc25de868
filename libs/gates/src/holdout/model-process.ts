import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { LineLog } from './line-log.js';

/** More than a million rows of answers need; a process that says more is ended. */
const longestAnswer = 128 * 2 ** 20;
const longestOutput = 16 * 2 ** 20;
/** How long pipes may stay open behind a process that has ended: somebody whom it started may hold them. */
const drainMs = 2000;

export interface ModelProcessOptions {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** Takes what the process prints, line by line. */
  log: (text: string) => Promise<void>;
  /** Ends the process, and everything that it has started. */
  signal: AbortSignal;
}

/** What became of a process. */
export interface ModelProcessEnd {
  /** What it wrote to file descriptor 3. */
  answer: string;
  code: number | null;
  killedBy: NodeJS.Signals | null;
  /** It was ended because it said too much. */
  flooded: boolean;
}

/**
 * Runs a process in a process group of its own until it ends, and leaves nothing of the group behind.
 * @throws what the signal was aborted with; an error of the system when the command cannot be started
 */
export async function runModelProcess(options: ModelProcessOptions): Promise<ModelProcessEnd> {
  const { command, folder, environment, signal } = options;
  signal.throwIfAborted();
  const [file = '', ...args] = command;
  // What it was started with is all that it has: no variable and no open file of ours.
  const stdio: ['ignore', 'pipe', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe', 'pipe'];
  const child = spawn(file, args, { cwd: folder, env: environment, detached: true, stdio });
  const stop = groupKiller(child);
  signal.addEventListener('abort', stop, { once: true });
  process.once('exit', stop);
  try {
    const end = await observe(child, options, stop);
    signal.throwIfAborted();
    return end;
  } finally {
    signal.removeEventListener('abort', stop);
    process.off('exit', stop);
    stop();
  }
}

async function observe(child: ChildProcess, { log }: ModelProcessOptions, stop: () => void): Promise<ModelProcessEnd> {
  const lines = new LineLog(log);
  let flooded = false;
  const flood = () => {
    flooded = true;
    stop();
  };
  const [, stdout, stderr, result] = child.stdio as readonly unknown[] as [null, Readable, Readable, Readable];
  const answer = collect(result, longestAnswer, flood);
  for (const stream of [stdout, stderr]) lines.take(stream, longestOutput, flood);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...how) => resolve(how));
  });
  // Those that it has started end with it, so that the pipes do as well.
  stop();
  await withinDrainTime(closed);
  for (const stream of [stdout, stderr, result]) stream.destroy();
  await lines.end();
  return { answer: answer(), code, killedBy, flooded };
}

/** Kills the group of a process, at any time; once more after the process has ended, and then never again: its number may be another's. */
function groupKiller(child: ChildProcess): () => void {
  let gone = child.pid === undefined;
  return () => {
    if (gone) return;
    gone = child.exitCode !== null || child.signalCode !== null;
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // Nobody is left of the group.
    }
  };
}

function collect(stream: Readable, most: number, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= most) chunks.push(chunk);
    else tooMuch();
  });
  stream.on('error', () => undefined);
  return () => Buffer.concat(chunks).toString('utf8');
}

async function withinDrainTime(closed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMs);
  });
  await Promise.race([closed, late]).finally(() => clearTimeout(timer));
}
