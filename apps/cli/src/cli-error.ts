/** What the command ends with (docs/cli.md, exit codes). */
export const exitCodes = {
  OK: 0,
  FAILURE: 1,
  USAGE: 2,
  UNAUTHENTICATED: 3,
  DENIED: 4,
  CONFLICT: 5,
  NOT_FOUND: 6,
  UNAVAILABLE: 7,
  /** With --exit-code: the plan has changes, or the answer is no. */
  DIFFERENT: 10,
} as const;

export type Outcome = keyof typeof exitCodes;

/** A failure that was expected. The message is for people: what is wrong, with its value, and what would be right. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly outcome: Exclude<Outcome, 'OK' | 'DIFFERENT'>,
    message: string,
    /** Data for programs, shown with --json. */
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}
