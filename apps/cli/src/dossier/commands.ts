import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Run, Session } from '../session.js';

interface DossierOptions {
  output: string;
  html?: boolean;
}

async function download(session: Session, { output, html }: DossierOptions, number?: string): Promise<void> {
  if (!/^\d{1,10}$/.test(number ?? '')) {
    throw new CliError('USAGE', `${number}: is not the number of a promotion request`);
  }
  const path = `/api/promotions/v1/requests/${number}/dossier.${html ? 'html' : 'json'}`;
  const body = await session.client().download(path);
  await pipeline(Readable.fromWeb(body), createWriteStream(output, { mode: 0o600 })).catch((error: Error) => {
    throw new CliError('FAILURE', `${output}: the dossier was cut off: ${error.message}`);
  });
  session.terminal.answer({ file: output }, () => [`Written to ${output}.`]);
}

export function addDossierCommand(program: Command, run: Run): void {
  program
    .command('dossier')
    .argument('<number>', 'of a promotion request')
    .description('write all of a promotion request into one file: what was asked, measured, decided and signed')
    .requiredOption('-o, --output <file>', 'the file')
    .option('--html', 'a page that prints well, instead of JSON')
    .addHelpText(
      'after',
      `
Examples:
  imprimatur dossier 412 -o dossier.json
  imprimatur dossier 412 --html -o dossier.html`,
    )
    .action(run(download));
}
