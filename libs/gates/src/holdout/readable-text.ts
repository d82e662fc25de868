/** What a stranger's program says, as one bounded line that PostgreSQL takes: without control characters, whole characters only. */
export const readableText = (text: string, mostCharacters: number): string => {
  const plain = text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  if (plain.length <= mostCharacters) return plain;
  return `${plain.slice(0, mostCharacters).replace(/[\uD800-\uDBFF]$/, '')}…`;
};
