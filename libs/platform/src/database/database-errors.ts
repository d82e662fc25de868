import pg from 'pg';
import { Conflict, DomainError, InvalidArgument } from '../errors/domain-error.js';

/** PostgreSQL is away, or too busy. Whether a change that was on its way has been made is not known. */
export class DatabaseUnavailable extends DomainError {
  constructor(cause: unknown) {
    const message = 'the database does not answer, or not in time: try again in a moment';
    super('UNAVAILABLE', 'DATABASE_UNAVAILABLE', message, { cause });
  }
}

/**
 * What the caller is told of an error of PostgreSQL or of the way to it. Everything that is neither the caller's mistake
 * nor an outage stays what it is: a mistake of ours.
 */
export function told(error: unknown): unknown {
  if (isUnstorableText(error)) {
    return new InvalidArgument(
      'the input holds a NUL character or half of a surrogate pair, which cannot be stored or searched for: leave it out',
    );
  }
  if (error instanceof pg.DatabaseError && error.code === deadlock) {
    return new Conflict(
      'CONCURRENT_CHANGE',
      'somebody else was changing the same objects at the same moment, and nothing of this change was made: try again',
    );
  }
  return isOutage(error) ? new DatabaseUnavailable(error) : error;
}

/**
 * SQLSTATE of a NUL in a text, and in JSON, wherever it came in. JSON also refuses half of a surrogate pair, under the
 * code of any malformed value.
 */
const isUnstorableText = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === '22021' ||
    error.code === '22P05' ||
    (error.code === '22P02' && /surrogate/.test(error.detail ?? '')));

/** SQLSTATE: two transactions waited for each other, and PostgreSQL undid this one. */
const deadlock = '40P01';

/** Whether PostgreSQL ended a statement because its time was over. */
export const isStatementTimeout = (error: unknown): boolean =>
  error instanceof DatabaseUnavailable && (error.cause as { code?: unknown } | undefined)?.code === '57014';

/** SQLSTATE: connection lost, too many connections, statement timeout, PostgreSQL going down or coming up; and what sockets say. */
const outageCodes = /^(08...|53300|57014|57P0[1-3]|E(CONN|HOST|NET|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN).*)$/;
/** pg's own errors have no code. */
const outageMessages =
  /^(timeout exceeded|timeout expired|Query read timeout|Connection terminated|Client .* not queryable)/;

function isOutage(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? outageCodes.test(code) : outageMessages.test(String(message));
}
