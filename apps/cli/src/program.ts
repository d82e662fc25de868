import { styleText } from 'node:util';
import { Command, CommanderError } from 'commander';
import { addAccessCommands } from './access/commands.js';
import { addApplyCommand } from './apply/command.js';
import { addAuditCommands } from './audit/commands.js';
import { addAuthCommands } from './auth/commands.js';
import { CliError, exitCodes } from './cli-error.js';
import { addDossierCommand } from './dossier/commands.js';
import { type Run, Session, type Work } from './session.js';
import { Terminal } from './terminal/terminal.js';
import { version } from './version.js';

const epilogue = `
Exit codes:
  0 done   1 failed   2 wrong usage or file   3 not logged in   4 denied   5 conflict
  6 not found   7 server not reachable   10 with --exit-code: changes, or no access

Environment:
  IMPRIMATUR_SERVER   the server, where --server is not given
  IMPRIMATUR_TOKEN    the token, instead of that of auth login
  NO_COLOR            no colours`;

/** Runs one command line. @returns the exit code */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  let exitCode: number = exitCodes.OK;
  const running: Run =
    <Options>(work: Work<Options>) =>
    async (...args) => {
      const command = args.at(-1) as Command;
      const code = await work(
        new Session(command, env),
        command.opts() as Options,
        ...(command.processedArgs as string[]),
      );
      if (typeof code === 'number') exitCode = code;
    };
  try {
    await programOf(running).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return failed(error, new Terminal(argv.includes('--json'), env));
  }
}

function programOf(running: Run): Command {
  const program = new Command('imprimatur')
    .description('Who may do what with which model: describe it, explain it, change it.')
    .version(version, '-V, --version', 'show the version')
    .option('-s, --server <url>', 'the server; IMPRIMATUR_SERVER or that of the last login when not given')
    .option('--json', 'answer in JSON, for programs')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => styleText('bold', title) })
    // What Commander finds wrong is told in the one way in which everything is (failed).
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', epilogue);
  addAuthCommands(program, running);
  addApplyCommand(program, running);
  addAccessCommands(program, running);
  addAuditCommands(program, running);
  addDossierCommand(program, running);
  return program;
}

/** Tells why, where that has not been done. @returns the exit code */
function failed(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.OK;
    // The help was shown instead of an error.
    if (error.code === 'commander.help') return exitCodes.USAGE;
    const message = error.message.replace(/^error: /, '');
    terminal.fail(new CliError('USAGE', `${message}\nimprimatur --help shows what there is`));
    return exitCodes.USAGE;
  }
  if (error instanceof CliError) {
    terminal.fail(error);
    return exitCodes[error.outcome];
  }
  const { stack, message } = error as Error;
  terminal.fail(new CliError('FAILURE', `unexpected: ${stack ?? message}`));
  return exitCodes.FAILURE;
}
