import { startProgram, type TestProcess } from '../support/processes.js';

export type Program = 'api' | 'worker';

/** Real processes of the service. Each has a name of its own, which PostgreSQL shows as the application of its connections. */
export class Cluster {
  private readonly running = new Map<string, TestProcess>();
  private readonly starting = new Set<Promise<void>>();
  private readonly outputs: string[] = [];
  private started = 0;

  /** @param env the settings of a process, by its program and by how many were started before it */
  constructor(private readonly env: (program: Program, index: number) => Record<string, string>) {}

  /** The addresses of the APIs that answer now. */
  get urls(): string[] {
    return this.names('api').map((name) => (this.running.get(name) as TestProcess).url);
  }

  /** The processes that run now. */
  names(program: Program): string[] {
    return [...this.running.keys()].filter((name) => name.startsWith(program));
  }

  /** Begins to start a process; `settled` tells when it is there. */
  start(program: Program): void {
    const index = this.started++;
    const name = `${program}-${index}`;
    const starting = startProgram(program, { ...this.env(program, index), PGAPPNAME: name }).then((process) => {
      this.running.set(name, process);
    });
    this.starting.add(starting);
    // Whether it started is asked by `settled`.
    starting.catch(() => undefined);
  }

  /** kill -9. Another process takes its place as soon as it has started, which nobody waits for. */
  async kill(name: string): Promise<void> {
    const victim = this.running.get(name);
    if (!victim) throw new Error(`${name} does not run`);
    this.running.delete(name);
    await victim.stop('SIGKILL');
    this.outputs.push(victim.output());
    this.start(name.startsWith('api') ? 'api' : 'worker');
  }

  /** Until every process is there that was to start. */
  async settled(): Promise<void> {
    await Promise.all(this.starting);
  }

  /** What the processes have logged, those that were killed included. */
  output(): string {
    return [...this.outputs, ...[...this.running.values()].map((process) => process.output())].join('');
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.starting);
    await Promise.all([...this.running.values()].map((process) => process.stop('SIGKILL')));
  }
}
