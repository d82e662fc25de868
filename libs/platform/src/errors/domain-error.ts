/** The kinds of everything that can go wrong on purpose. error-wire.ts spells each of them for each door. */
export type ErrorKind =
  | 'INVALID_ARGUMENT'
  | 'TOO_LARGE'
  | 'UNAUTHENTICATED'
  | 'RATE_LIMITED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'CONFLICT'
  | 'UNAVAILABLE'
  | 'NOT_IMPLEMENTED';

export interface DomainErrorOptions {
  /** The field of the input that is wrong, outermost first. */
  path?: readonly string[];
  /** Data for programs; shown to the caller. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * An expected failure. Its message is for the caller: it names the field, the value and what would be right, and
 * nothing internal. `reason` is a stable word in capitals for programs.
 */
export class DomainError extends Error {
  readonly path: readonly string[] | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly reason: string,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.path = options.path;
    this.details = options.details;
  }
}

/** A value that breaks a rule of the input: 'page size: 101 is not between 1 and 100'. */
export class InvalidArgument extends DomainError {
  constructor(message: string, path?: readonly string[], details?: Record<string, unknown>) {
    super('INVALID_ARGUMENT', 'INVALID_ARGUMENT', message, { path, details });
  }
}

/** The object is absent, or hidden from the caller: the two are told apart nowhere outside the audit log. */
export class NotFound extends DomainError {
  constructor(
    readonly noun: string,
    readonly objectName: string,
    path?: readonly string[],
  ) {
    super('NOT_FOUND', 'NOT_FOUND', `${noun} "${objectName}" does not exist, or you may not see it`, { path });
  }
}

export class AlreadyExists extends DomainError {
  constructor(
    readonly noun: string,
    readonly objectName: string,
  ) {
    super('ALREADY_EXISTS', 'ALREADY_EXISTS', `${noun} "${objectName}" already exists`);
  }
}

/** The input is right, but the object is not in a state that allows it. */
export class FailedPrecondition extends DomainError {
  constructor(reason: string, message: string, details?: Record<string, unknown>, path?: readonly string[]) {
    super('FAILED_PRECONDITION', reason, message, { details, path });
  }
}

/** Somebody else changed the object first. */
export class Conflict extends DomainError {
  constructor(reason: string, message: string, details?: Record<string, unknown>, path?: readonly string[]) {
    super('CONFLICT', reason, message, { details, path });
  }
}

/**
 * Several parts of one input are wrong, each with its path. Where a door can say one thing only, it says the first.
 */
export class SeveralFailures extends DomainError {
  constructor(readonly failures: readonly [DomainError, ...DomainError[]]) {
    const [{ kind, reason, message, path, details }] = failures;
    super(kind, reason, message, { path, details });
  }
}

/** @throws the failure, if there is one; SeveralFailures, if there are more */
export function throwAll(failures: readonly DomainError[]): void {
  const [first, ...rest] = failures;
  if (first) throw rest.length > 0 ? new SeveralFailures([first, ...rest]) : first;
}
