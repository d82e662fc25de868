import { type Command, Option } from 'commander';
import { accessFileJsonSchema, modes } from '../access-file/access-file.schema.js';
import { CliError } from '../cli-error.js';
import type { Run } from '../session.js';
import { type ApplyOptions, apply } from './apply.js';

const help = `
Examples:
  imprimatur apply -f access.yaml --dry-run             show the plan, change nothing
  imprimatur apply -f access.yaml --dry-run --impact    and who would gain and lose what by it
  imprimatur apply -f access.yaml                       carry it out; asks before it takes something away
  imprimatur apply -f people.yaml -f prod.yaml --yes    several files as one, without asking
  generate-access | imprimatur apply -f - --mode additive
  imprimatur apply --print-schema > access.schema.json  for the editor

The format of the file, and what each mode does, is in docs/cli.md.`;

export function addApplyCommand(program: Command, run: Run): void {
  program
    .command('apply')
    .description('make groups, grants, owners and promotion policies as files describe them')
    .option('-f, --file <file>', 'a file in YAML, or - for stdin; several are one', collect)
    .addOption(
      new Option('--mode <mode>', 'what becomes of what the file does not name, where the file does not say').choices(
        modes,
      ),
    )
    .option('--dry-run', 'show the plan, and change nothing')
    .option('--impact', 'show with the plan who would gain and lose which rights, through groups and containers')
    .option('--exit-code', 'with --dry-run: end with 10 when there are changes')
    .option('-y, --yes', 'do not ask before something is taken away')
    .option('--reason <text>', 'why, for the history of the policies that change')
    .option('--print-schema', 'print the JSON Schema of the file, for editors')
    .addHelpText('after', help)
    .action(
      run<Omit<ApplyOptions, 'file'> & { file?: string[]; printSchema?: boolean }>((session, options) => {
        if (options.printSchema)
          return void process.stdout.write(`${JSON.stringify(accessFileJsonSchema(), null, 2)}\n`);
        if (!options.file) throw new CliError('USAGE', 'nothing to apply: name a file, -f access.yaml, or - for stdin');
        return apply({ ...options, file: options.file }, () => session.client(), session.terminal);
      }),
    );
}

const collect = (file: string, before: string[] = []): string[] => [...before, file];
