import { type CliError, exitCodes } from '../cli-error.js';
import { hasColours, type Style, styleFor } from './style.js';
import { printable } from './text.js';

/** Where a command speaks: answers on stdout, everything else on stderr. */
export class Terminal {
  readonly out: Style;
  readonly err: Style;

  constructor(
    readonly json: boolean,
    env: NodeJS.ProcessEnv,
  ) {
    this.out = styleFor(!json && hasColours(process.stdout, env));
    this.err = styleFor(!json && hasColours(process.stderr, env));
  }

  /** The answer: the lines for people, or with --json the document for programs. */
  answer(document: object, lines: (style: Style) => readonly string[]): void {
    const text = this.json ? JSON.stringify(document, null, 2) : lines(this.out).join('\n');
    if (text !== '') process.stdout.write(`${text}\n`);
  }

  /** What people see on the way to the answer, and programs do not. */
  show(lines: readonly string[]): void {
    if (!this.json && lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  }

  /** Something that everybody should know, and that stops nothing. */
  warn(message: string): void {
    const warning = this.json ? JSON.stringify({ warning: message }) : `${this.err.changed('warning:')} ${message}`;
    process.stderr.write(`${warning}\n`);
  }

  /** Why the command ends. */
  fail({ outcome, message, details }: CliError): void {
    const text = this.json
      ? JSON.stringify({ error: { code: outcome, exitCode: exitCodes[outcome], message, ...details } })
      : `${this.err.removed('error:')} ${message.split('\n').map(printable).join('\n')}`;
    process.stderr.write(`${text}\n`);
  }
}

/** Is there somebody at both ends who can be asked? */
export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;
