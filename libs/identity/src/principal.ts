import type { PrincipalKind } from '@app/access';
import { InvalidArgument } from '@app/platform';

/** What a kind of principal is called in messages. */
export const nounOfPrincipal: Record<PrincipalKind, string> = {
  USER: 'user',
  SERVICE_PRINCIPAL: 'service principal',
  GROUP: 'group',
};

/**
 * What is shown beside a name: 1 to 255 characters on one line, or nothing.
 * @throws InvalidArgument
 */
export const checkedDisplayName = (displayName: string | null): string | null =>
  displayName === null ? null : shortText(displayName, 'displayName');

/**
 * A text of one line for people, in NFC: 1 to 255 characters, no control character, no space at either end.
 * @throws InvalidArgument naming the field
 */
export function shortText(text: string, field: string): string {
  const normalized = text.normalize('NFC');
  if (
    normalized.length < 1 ||
    normalized.length > 255 ||
    /[\p{Cc}\p{Cs}]/u.test(normalized) ||
    normalized.trim() !== normalized
  ) {
    throw new InvalidArgument(
      `${field}: "${text}" must have 1 to 255 characters, no control character, no space at either end`,
      [field],
    );
  }
  return normalized;
}
