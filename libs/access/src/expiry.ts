import { InvalidArgument } from '@app/platform';

/**
 * The instant at which a grant or a token ends, if it ends; it must lie ahead.
 * @param path where it stands in the input
 * @throws InvalidArgument naming the field
 */
export function futureInstant(instant: Date | null | undefined, path: readonly string[] = ['expiresAt']): Date | null {
  if (instant == null) return null;
  const field = path.join('.');
  if (Number.isNaN(instant.getTime())) throw new InvalidArgument(`${field}: is not an instant`, path);
  if (instant.getTime() <= Date.now()) {
    throw new InvalidArgument(`${field}: ${instant.toISOString()} is not in the future`, path);
  }
  return instant;
}
