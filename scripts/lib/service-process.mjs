// One process of the service, started and watched by the launcher.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from './setup.mjs';

/** A request in flight may need this long; after it the process is killed. */
const graceMilliseconds = 20_000;
const follow = fileURLToPath(new URL('follow-parent.mjs', import.meta.url));

export class ServiceProcess {
  /**
   * @param {string} name for messages
   * @param {string} entry a compiled file below dist
   * @param {Record<string, string>} env
   */
  constructor(name, entry, env) {
    this.name = name;
    // A process group of its own: Ctrl-C reaches the launcher alone, which ends everything in order.
    this.child = spawn(process.execPath, ['--import', follow, entry], {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    /** Resolves with what a person should be told when the process ends. */
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(`the ${name} did not start: ${error.message}`));
      this.child.once('exit', (code, signal) =>
        resolve(`the ${name} ended ${signal ? `by ${signal}` : `with exit code ${code}`}: its last lines are above`),
      );
    });
  }

  /** Lets it finish what is in flight. */
  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => {
      console.log(`the ${this.name} did not end within ${graceMilliseconds / 1000} s and is killed`);
      this.child.kill('SIGKILL');
    }, graceMilliseconds);
    await this.ended;
    clearTimeout(timer);
  }
}
