import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { CliError, exitCodes } from '../cli-error.js';
import type { Run, Session } from '../session.js';
import { type Checkpoint, keptCheckpoints, type TrustedKey, trustedKey } from './note.js';
import { showState } from './state.js';
import { type Verdict, verifyExport } from './verify.js';

interface VerifyOptions {
  key: string[];
  since?: string;
}

interface ExportOptions {
  format: string;
  output: string;
  within?: string;
}

/** A key, or a file with keys, one in a line. */
function keysOf(given: readonly string[]): TrustedKey[] {
  return given
    .flatMap((text) => (existsSync(text) ? readFileSync(text, 'utf8').split('\n') : [text]))
    .filter((line) => line.trim() !== '')
    .map(trustedKey);
}

function knownCheckpoints(file: string, keys: readonly TrustedKey[]): Checkpoint[] {
  if (!existsSync(file)) throw new CliError('USAGE', `--since: there is no file ${file}`);
  const checkpoints = keptCheckpoints(readFileSync(file, 'utf8'), keys);
  if (typeof checkpoints === 'string') throw new CliError('USAGE', `--since: ${file} ${checkpoints}`);
  return checkpoints;
}

async function verify({ terminal }: Session, options: VerifyOptions, file?: string): Promise<number> {
  const keys = keysOf(options.key);
  const known = options.since === undefined ? [] : knownCheckpoints(options.since, keys);
  const verdict = await verifyExport(file as string, { keys, known });
  const { head, ...rest } = verdict;
  const shown = head && { origin: head.origin, size: head.size, root: head.root };
  terminal.answer({ ...rest, kept: known.length, head: shown }, (style) => told(verdict, known.length, style.strong));
  return verdict.bad ? exitCodes.FAILURE : exitCodes.OK;
}

/** A verdict for people. @param kept how many checkpoints from elsewhere the log was held against */
function told(
  { valid, count, deletions, head, bad }: Verdict,
  kept: number,
  strong: (text: string) => string,
): string[] {
  const lines = [`${valid} of ${count} events valid`];
  for (const { sequence, eventClass, deletedBy, reason, count: gone } of deletions) {
    lines.push(`${gone} deleted, as event ${sequence} records: ${eventClass}, by ${deletedBy}: ${reason}`);
  }
  if (head) lines.push(`head: ${head.origin}, ${head.size} events, root ${head.root}`);
  if (bad)
    lines.push(strong(bad.sequence === null ? `the export: ${bad.problem}` : `event ${bad.sequence}: ${bad.problem}`));
  else if (kept > 0) lines.push(`goes on from ${kept} kept ${kept === 1 ? 'checkpoint' : 'checkpoints'}`);
  return lines;
}

async function download(session: Session, { format, output, within }: ExportOptions): Promise<void> {
  const query = new URLSearchParams({ format, ...(within !== undefined && { within }) });
  const body = await session.client().download(`/api/audit/v1/export?${query}`);
  await pipeline(Readable.fromWeb(body), createWriteStream(output, { mode: 0o600 })).catch((error: Error) => {
    throw new CliError('FAILURE', `${output}: the export was cut off: ${error.message}`);
  });
  session.terminal.answer({ file: output }, () => [`Exported to ${output}. imprimatur audit verify checks it.`]);
}

interface ReportOptions extends ExportOptions {
  from: string;
  to: string;
}

async function report(session: Session, { output, within, ...asked }: ReportOptions): Promise<void> {
  const query = new URLSearchParams({ ...asked, ...(within !== undefined && { within }) });
  const body = await session.client().download(`/api/governance/v1/report?${query}`);
  await pipeline(Readable.fromWeb(body), createWriteStream(output, { mode: 0o600 })).catch((error: Error) => {
    throw new CliError('FAILURE', `${output}: the report was cut off: ${error.message}`);
  });
  session.terminal.answer({ file: output }, () => [`Written to ${output}.`]);
}

const checkpointQuery = '{ auditCheckpoint { treeSize rootHash note verifierKey createdAt } }';

async function checkpoint(session: Session): Promise<void> {
  const { auditCheckpoint } = await session.client().query<{ auditCheckpoint: { note: string } }>(checkpointQuery);
  session.terminal.answer(auditCheckpoint, () => [auditCheckpoint.note.trimEnd()]);
}

export function addAuditCommands(program: Command, run: Run): void {
  const audit = program.command('audit').description('take the audit log along, and prove that it is whole');
  audit
    .command('export')
    .description('write the audit log, or what happened in one object, into a file; needs READ_AUDIT there')
    .requiredOption('-o, --output <file>', 'the file')
    .option('--format <format>', 'ndjson or csv', 'ndjson')
    .option('--within <name>', 'only what happened in this catalog, schema or model')
    .action(run(download));
  audit
    .command('report')
    .description('write how far the moves of a period were governed into a file; needs READ_AUDIT there')
    .requiredOption('--from <instant>', 'the first instant that counts: 2026-10-01T00:00:00Z')
    .requiredOption('--to <instant>', 'the first instant that no longer counts')
    .requiredOption('-o, --output <file>', 'the file')
    .option('--format <format>', 'json or csv', 'json')
    .option('--within <name>', 'only what happened in this catalog, schema or model')
    .action(run(report));
  audit
    .command('checkpoint')
    .description('show the newest signed checkpoint: keep it where nobody of the service can reach it')
    .action(run(checkpoint));
  audit
    .command('state')
    .argument('<file>', 'an export of the whole log, NDJSON or CSV')
    .description('replay an export: who held which target, owned, was granted and belonged to what at a time')
    .requiredOption('--at <instant>', 'such as 2026-11-21T09:00:00Z')
    .option('--model <name>', 'only this model, by its full name of then')
    .action(run(showState));
  audit
    .command('verify')
    .argument('<file>', 'an export, NDJSON or CSV')
    .description('verify an export, without any server')
    .requiredOption(
      '--key <key...>',
      'verifier keys that you trust, or files with them: verifierKey of auditCheckpoint',
    )
    .option('--since <file>', 'checkpoints that were kept, by you or by an anchor: the log must still go on from each')
    .addHelpText(
      'after',
      `
Examples:
  imprimatur audit export -o audit.ndjson
  imprimatur audit verify audit.ndjson --key models.example.org/audit+0123abcd+Ae…
  imprimatur audit verify audit.ndjson --key audit.key --since checkpoint-of-last-month.txt
  imprimatur audit verify audit.ndjson --key audit.key --since /var/anchors/audit.checkpoints`,
    )
    .action(run(verify));
}
