import { ruleOf } from '@app/access';
import { currentContext, DomainError } from '@app/platform';
import type { Declaration } from './requires.js';

/** What asks for nothing but privileges that show changes nothing: MLflow's searches are POSTs. */
const onlyShows = (declaration: Declaration): boolean =>
  'questions' in declaration &&
  declaration.questions.every((question) => question === 'DISCOVER' || ruleOf(question).reads === true);

export const isRead = (method: string, declaration: Declaration): boolean =>
  method === 'GET' || method === 'HEAD' || onlyShows(declaration);

/**
 * Refuses an operation that changes something to a token that was narrowed to reading, whatever privileges it asks for:
 * also one that asks for none.
 * @throws DomainError PERMISSION_DENIED
 */
export function requireMayWrite(operation: string): void {
  if (!currentContext()?.caller?.narrowing?.readOnly) return;
  const message = `${operation} changes something, and your token was narrowed to reading when it was made: use another one`;
  throw new DomainError('PERMISSION_DENIED', 'READ_ONLY_TOKEN', message);
}
