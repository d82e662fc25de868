import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');

/** A real process of this project, and what it has printed so far. */
export class ServiceProcess {
  output = '';
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  private readonly watchers = new Set<() => void>();

  /**
   * @param command a script below the project's root, and its arguments
   * @param env the settings of the process: none of this process's own settings reach it
   */
  constructor(command: string[], env: Record<string, string>) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, command, { cwd: root, env: { PATH, HOME, ...env } as NodeJS.ProcessEnv });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
        for (const watch of this.watchers) watch();
      });
    }
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** The first group of the first match in what the process prints. */
  async printed(pattern: RegExp): Promise<string> {
    const found = new Promise<string>((resolve) => {
      const watch = () => {
        const match = pattern.exec(this.output);
        if (!match) return;
        this.watchers.delete(watch);
        resolve(match[1] ?? match[0]);
      };
      this.watchers.add(watch);
      watch();
    });
    const ended = this.exited.then((code) => {
      throw new Error(`ended with exit code ${code} before it printed ${pattern}:\n${this.output}`);
    });
    return Promise.race([found, ended]);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}
