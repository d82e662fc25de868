import { InvalidArgument } from '@app/platform';

/**
 * An instant that a question about the past is asked for.
 * @throws InvalidArgument when it has not come yet
 */
export function pastInstant(at: Date, field: string): Date {
  if (at.getTime() <= Date.now()) return at;
  throw new InvalidArgument(`${field}: ${at.toISOString()} has not come yet: give an instant that is past`, [field]);
}
