import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli-error.js';

const stored = z.object({
  /** The server that is meant when none is named: that of the last login. */
  current: z.string().optional(),
  servers: z.record(z.string(), z.object({ token: z.string(), principal: z.string() })),
});
type Stored = z.output<typeof stored>;

/** The tokens that were given at logins, one for each server; in a file that nobody else can read. */
export class Credentials {
  readonly file: string;

  constructor(env: NodeJS.ProcessEnv) {
    // https://specifications.freedesktop.org/basedir-spec: a relative path counts as not set.
    const configHome = env.XDG_CONFIG_HOME && path.isAbsolute(env.XDG_CONFIG_HOME) ? env.XDG_CONFIG_HOME : undefined;
    this.file = path.join(
      configHome ?? path.join(env.HOME || os.homedir(), '.config'),
      'imprimatur',
      'credentials.json',
    );
  }

  /** @throws CliError when others can read the file, or it is no longer what was written */
  read(): Stored {
    let text: string;
    try {
      const mode = fs.statSync(this.file).mode & 0o777;
      if (process.platform !== 'win32' && mode & 0o077) {
        const told = `${this.file} holds tokens, and others can read it (mode ${mode.toString(8)})`;
        throw new CliError('FAILURE', `${told}: run chmod 600 on it, or log in again after removing it`);
      }
      text = fs.readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { servers: {} };
      if (error instanceof CliError) throw error;
      throw new CliError('FAILURE', `${this.file} cannot be read: ${(error as Error).message}`);
    }
    try {
      return stored.parse(JSON.parse(text));
    } catch {
      throw new CliError('FAILURE', `${this.file} is damaged: remove it and log in again`);
    }
  }

  save(server: string, credential: Stored['servers'][string]): void {
    const { servers } = this.read();
    this.write({ current: server, servers: { ...servers, [server]: credential } });
  }

  /** @returns false when there was nothing to forget */
  forget(server: string): boolean {
    const { current, servers } = this.read();
    const { [server]: forgotten, ...others } = servers;
    if (!forgotten) return false;
    this.write({ current: current === server ? undefined : current, servers: others });
    return true;
  }

  /** Whole or not at all: a second login at the same moment, or a full disk, leaves the old file. */
  private write(content: Stored): void {
    const folder = path.dirname(this.file);
    const next = `${this.file}.${process.pid}`;
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      fs.chmodSync(folder, 0o700);
      fs.writeFileSync(next, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      fs.renameSync(next, this.file);
    } catch (error) {
      fs.rmSync(next, { force: true });
      throw new CliError('FAILURE', `${this.file} cannot be written: ${(error as Error).message}`);
    }
  }
}
