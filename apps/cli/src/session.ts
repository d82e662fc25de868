import type { Command } from 'commander';
import { connect, findConnection } from './auth/connection.js';
import type { Client } from './server/client.js';
import { Terminal } from './terminal/terminal.js';

/** What every command takes. */
export interface GlobalOptions {
  server?: string;
  json?: boolean;
}

/** One run of one command. */
export class Session {
  readonly options: GlobalOptions;
  readonly terminal: Terminal;

  constructor(
    command: Command,
    readonly env: NodeJS.ProcessEnv,
  ) {
    this.options = command.optsWithGlobals<GlobalOptions>();
    this.terminal = new Terminal(this.options.json === true, env);
  }

  /** The server that is meant, as the caller whose token is known. @throws CliError when there is none */
  client(): Client {
    return connect(findConnection(this.options.server, this.env), this.terminal);
  }
}

/** What a command does with its options and arguments. @returns the exit code, where it is not 0 */
export type Work<Options> = (session: Session, options: Options, ...args: string[]) => unknown;

/** Makes of it what Commander calls. */
export type Run = <Options>(work: Work<Options>) => (...args: unknown[]) => Promise<void>;
