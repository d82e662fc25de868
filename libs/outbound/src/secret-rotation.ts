import { InvalidArgument } from '@app/platform';

const longestGraceHours = 7 * 24;

/**
 * For how many hours the secret before a rotation signs too, so that no receiver has to change at once; 0: no more from now on.
 * @throws InvalidArgument
 */
export function checkedGraceHours(hours: number): number {
  if (Number.isInteger(hours) && hours >= 0 && hours <= longestGraceHours) return hours;
  const message = `graceHours: ${hours} is not valid: must be a whole number from 0 to ${longestGraceHours}`;
  throw new InvalidArgument(message, ['graceHours']);
}
