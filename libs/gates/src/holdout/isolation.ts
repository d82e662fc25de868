import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Config, LOGGER } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { scoringFolders } from './scoring-folder.js';

const run = promisify(execFile);

/**
 * What a process that scores a model is held by. NAMESPACES: it has no network, and sees no process and none of the
 * service's files. LIMITS: only its memory, processor time and files are bounded. NONE: only its time is.
 */
export type IsolationLevel = 'NAMESPACES' | 'LIMITS' | 'NONE';

/** What one process may use up. */
export interface ResourceLimits {
  memoryBytes: number;
  /** Which memory is counted. V8 and WebAssembly reserve far more addresses than they use, so theirs cannot be bounded. */
  memoryOf: 'ADDRESSES' | 'DATA';
  processorSeconds: number;
  /** The largest file, and with NAMESPACES all files together. */
  fileBytes: number;
}

const mostProcesses = 256;

/** Where package.json is: it is as far up in the sources as in the build, give or take a folder. */
export const projectRoot = path
  .dirname(fileURLToPath(import.meta.url))
  .replace(/[/\\](?:dist[/\\])?libs[/\\]gates[/\\]src[/\\]holdout$/, '');
export const scoringScripts = path.join(projectRoot, 'libs/gates/scoring');

const dropEverything = ['setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--'];
// In namespaces the process is the first of its own: with it end all that it has started, wherever they have gone.
const namespaces =
  'unshare --user --map-root-user --net --ipc --uts --pid --mount --mount-proc --fork --kill-child=KILL --'.split(' ');
/** The process ends with the worker, also with one that is killed. */
const withWorker = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** How commands are held: by util-linux, as far as the kernel and the container around us permit. */
@Injectable()
export class Isolation {
  private found: Promise<IsolationLevel> | undefined;

  constructor(
    private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The most that can be had here; tried out once. @throws Error when the machine did not get round to it */
  level(): Promise<IsolationLevel> {
    this.found ??= this.tryOut();
    return this.found;
  }

  /**
   * The command that runs another one, held.
   * @param folder has `scoringFolders`; only the working directory is seen in namespaces
   */
  hold(command: readonly string[], folder: string, level: IsolationLevel, limits: ResourceLimits): string[] {
    if (level === 'NONE') return [...command];
    const limited = [...prlimit(limits, level), ...dropEverything, ...command];
    if (level === 'LIMITS') return [...withWorker, ...limited];
    const script = path.join(scoringScripts, 'isolate.sh');
    const seen = [...this.hidden().map((file) => `hide=${file}`), ...this.kept().map((file) => `keep=${file}`)];
    return [
      ...withWorker,
      ...namespaces,
      '/bin/sh',
      script,
      folder,
      String(limits.fileBytes),
      ...seen,
      '--',
      ...limited,
    ];
  }

  private hidden(): string[] {
    const { DATA_DIR } = this.config.settings;
    return [path.resolve(DATA_DIR), this.config.signingKeyFile, this.config.secretsKeyFile];
  }

  /** What the command itself is made of, where that lies below a folder that is replaced. */
  private kept(): string[] {
    const { GATE_PYTHON } = this.config.settings;
    const programs = [process.execPath, ...(GATE_PYTHON ? [GATE_PYTHON] : [])];
    return [projectRoot, ...programs.map((program) => path.dirname(path.dirname(program)))];
  }

  private async tryOut(): Promise<IsolationLevel> {
    const limits: ResourceLimits = {
      memoryBytes: 2 ** 30,
      memoryOf: 'ADDRESSES',
      processorSeconds: 10,
      fileBytes: 2 ** 20,
    };
    for (const level of ['NAMESPACES', 'LIMITS'] as const) {
      const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'imprimatur-isolation-'));
      try {
        for (const name of scoringFolders) await fs.mkdir(path.join(folder, name));
        const [file = '', ...args] = this.hold(['true'], folder, level, limits);
        await run(file, args, { timeout: 60_000, killSignal: 'SIGKILL', env: minimalEnvironment('/') });
        this.logger.info({ level }, 'models are scored in processes of their own');
        return level;
      } catch (error) {
        // A machine that is too busy to answer has said nothing about what it permits.
        if ((error as { killed?: boolean }).killed) {
          this.found = undefined;
          throw error;
        }
        const said = String((error as { stderr?: string }).stderr ?? '').trim() || (error as Error).message;
        this.logger.warn({ level, reason: said.slice(0, 500) }, 'processes cannot be isolated in this way here');
      } finally {
        await fs.rm(folder, { recursive: true, force: true });
      }
    }
    return 'NONE';
  }
}

/** All that a held process is told of its surroundings: nothing of ours is in it. */
export const minimalEnvironment = (home: string): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LANG: 'C.UTF-8',
  HOME: home,
  TMPDIR: home,
  // One model at a time is measured against the clock: libraries are not to take all processors for it.
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  MLFLOW_DISABLE_TELEMETRY: 'true',
  GIT_PYTHON_REFRESH: 'quiet',
});

function prlimit(
  { memoryBytes, memoryOf, processorSeconds, fileBytes }: ResourceLimits,
  level: IsolationLevel,
): string[] {
  return [
    'prlimit',
    '--core=0',
    `--cpu=${Math.ceil(processorSeconds)}`,
    `--fsize=${fileBytes}`,
    `--${memoryOf === 'ADDRESSES' ? 'as' : 'data'}=${memoryBytes}`,
    // The kernel counts the processes of the user: in a namespace those within, otherwise also the worker's own.
    ...(level === 'NAMESPACES' ? [`--nproc=${mostProcesses}`] : []),
    '--',
  ];
}
