import { InvalidArgument } from '@app/platform';

/**
 * Free text as people write it: a description, a link. PostgreSQL cannot store the character NUL.
 * @throws InvalidArgument naming the field and the bound
 */
export function plainText(text: string, field: string, longest: number): string {
  if (text.includes('\u0000')) throw new InvalidArgument(`${field}: contains the character NUL: leave it out`, [field]);
  if (text.length > longest) {
    throw new InvalidArgument(`'${field}' exceeds the maximum length of ${longest} characters: it has ${text.length}`, [
      field,
    ]);
  }
  return text;
}

/** Model cards are written into descriptions. */
export const description = (text: string | null | undefined): string | null =>
  text == null ? null : plainText(text, 'description', 100_000);
