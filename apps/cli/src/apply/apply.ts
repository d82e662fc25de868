import { readFileSync } from 'node:fs';
import type { Mode } from '../access-file/access-file.schema.js';
import { readAccessFiles, type SourceText } from '../access-file/read.js';
import { refKey } from '../access-file/securable-kind.js';
import { CliError, exitCodes } from '../cli-error.js';
import type { Client } from '../server/client.js';
import { confirm, readStdin } from '../terminal/prompt.js';
import type { Style } from '../terminal/style.js';
import { isInteractive, type Terminal } from '../terminal/terminal.js';
import { counted } from '../terminal/text.js';
import { type Change, isDestructive, type Plan } from './change.js';
import { execute, type Progress } from './execute.js';
import { impactLines, impactOf } from './impact.js';
import { makePlan } from './plan.js';
import { readState } from './read-state.js';
import { changeLines, countsOf, planLines } from './render.js';

export interface ApplyOptions {
  file: string[];
  mode?: Mode;
  dryRun?: boolean;
  impact?: boolean;
  yes?: boolean;
  exitCode?: boolean;
  reason?: string;
}

/** @returns the exit code */
export async function apply(options: ApplyOptions, client: () => Client, terminal: Terminal): Promise<number> {
  const document = readAccessFiles(await textsOf(options.file), options.mode);
  const server = client();
  const plan = async () => makePlan(document, await readState(server, document), new Date());
  const planned = await plan();
  const { changes } = planned;
  const impact = options.impact && changes.length > 0 ? await impactOf(server, planned) : undefined;
  const shown = (style: Style) => [
    style.faint(`${server.server}, ${document.mode}`),
    '',
    ...planLines(planned, style),
    ...(impact ? impactLines(impact, style) : []),
  ];
  const answer = (status: Statuses) => ({
    ...answerOf(server.server, document.mode, options, planned, status),
    ...(impact && { impact }),
  });

  if (options.dryRun || changes.length === 0) {
    terminal.answer(answer({}), shown);
    return options.exitCode && changes.length > 0 ? exitCodes.DIFFERENT : exitCodes.OK;
  }
  terminal.show([...shown(terminal.out), '']);
  await requireConsent(changes, options, terminal);

  const reason = options.reason ?? `imprimatur apply ${options.file.map((file) => `-f ${file}`).join(' ')}`;
  const progress = await execute(server, planned, reason, stopOnInterrupt(terminal));
  if (progress.error === undefined) {
    terminal.answer(answer({ applied: progress.applied }), (style) => [
      `${style.strong('Applied:')} ${counted(changes.length, 'change')}.`,
    ]);
    return exitCodes.OK;
  }
  terminal.answer(answer(progress), (style) => progressLines(progress, style));
  throw await explained(progress, plan, terminal);
}

/** Ctrl-C lets the request that is under way end, so that it is known what was done; a second one ends at once. */
function stopOnInterrupt(terminal: Terminal): AbortSignal {
  const stop = new AbortController();
  process.once('SIGINT', () => {
    terminal.warn('interrupted: the request that is under way is let end');
    stop.abort();
  });
  return stop.signal;
}

async function textsOf(files: readonly string[]): Promise<SourceText[]> {
  if (files.filter((file) => file === '-').length > 1) throw new CliError('USAGE', '-f -: stdin can be read once only');
  const texts: SourceText[] = [];
  for (const file of files) {
    if (file === '-') texts.push({ file: 'stdin', text: await readStdin() });
    else texts.push({ file, text: textOf(file) });
  }
  return texts;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'is a folder; name the file in it',
      EACCES: 'you may not read it',
    };
    throw new CliError('USAGE', `${file}: ${reasons[code ?? ''] ?? message}`);
  }
}

/** What takes something away is asked first; where nobody can be asked, --yes must have been given. */
async function requireConsent(
  changes: readonly Change[],
  { yes, file }: ApplyOptions,
  { json }: Terminal,
): Promise<void> {
  const destructive = changes.filter(isDestructive).length;
  if (yes || destructive === 0) return;
  const takes = `${counted(destructive, 'change')} of this plan ${destructive === 1 ? 'takes' : 'take'} access away or change${destructive === 1 ? 's' : ''} protection`;
  if (json || !isInteractive() || file.includes('-')) {
    throw new CliError(
      'USAGE',
      `${takes}, and nobody can be asked here: look at the plan with --dry-run, then give --yes`,
    );
  }
  if (!(await confirm(`${takes}. Apply it?`))) throw new CliError('FAILURE', 'not confirmed: nothing was changed');
}

type Statuses = Partial<Pick<Progress, 'applied' | 'failed' | 'error'>>;

/** Without an answer nobody here knows what became of the request. */
const isUnknown = (error: unknown): boolean => error instanceof CliError && error.outcome === 'UNAVAILABLE';

function answerOf(
  server: string,
  mode: Mode,
  { dryRun }: ApplyOptions,
  plan: Plan,
  { applied, failed, error }: Statuses,
) {
  const statusOf = (change: Change) => {
    if (applied?.includes(change)) return 'applied';
    if (failed?.includes(change)) return isUnknown(error) ? 'unknown' : 'failed';
    return applied ? 'not applied' : 'planned';
  };
  return {
    server,
    mode,
    dryRun: dryRun === true,
    changes: plan.changes.map((change) => ({
      ...change,
      destructive: isDestructive(change),
      status: statusOf(change),
    })),
    summary: countsOf(plan.changes),
    notes: plan.notes,
  };
}

function progressLines({ applied, failed, left, error }: Progress, style: Terminal['out']): string[] {
  const part = (title: string, changes: readonly Change[]) =>
    changes.length > 0 ? [style.strong(title), ...changeLines(changes, style)] : [];
  return [
    ...part('Applied:', applied),
    ...part(isUnknown(error) ? 'Sent, and not known whether it was done:' : 'Failed, none of it was changed:', failed),
    ...part('Not come to:', left),
  ];
}

/** The failure, and what would have to be done now. */
async function explained(
  { error, applied, failed }: Progress,
  plan: () => Promise<Plan>,
  terminal: Terminal,
): Promise<unknown> {
  if (!(error instanceof CliError)) return error;
  const done = applied.length > 0 ? `${counted(applied.length, 'change')} applied before it` : 'nothing was changed';
  const again = (what: string) =>
    new CliError(error.outcome, `${error.message}\n${what}`, { ...error.details, applied: applied.length });
  if (error.outcome !== 'CONFLICT')
    return again(`${done}; the same command goes on from there when the cause is removed`);

  const [first] = failed;
  const key = first && 'on' in first ? refKey(first.on) : undefined;
  const now = await plan().catch(() => undefined);
  const changes = now?.changes.filter((change) => !key || ('on' in change && refKey(change.on) === key)) ?? [];
  if (now) {
    const title = terminal.out.strong('As it is now, this would be changed there:');
    terminal.show(['', title, ...orNothing(changeLines(changes, terminal.out))]);
  }
  return again(
    `somebody else changed it while this plan was made; ${done}. It was read again: look at the plan, and run the command once more`,
  );
}

const orNothing = (lines: string[]): string[] => (lines.length > 0 ? lines : ['  nothing']);
