import { stripVTControlCharacters } from 'node:util';

/** Text of others on one line: what it holds of control characters must not steer the reader's terminal. */
export const printable = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}+/gu, ' ');

const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Columns below their headings; the last one is not filled up. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  return lines.map((line) =>
    line
      .map((cell, column) => cell + ' '.repeat((widths[column] as number) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** `1 grant`, `2 grants`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** An instant as people read it: the date alone at midnight, to the minute otherwise; always UTC. */
export function instant(at: Date | string): string {
  const [date, time = ''] = new Date(at).toISOString().split('T') as [string, string?];
  return time.startsWith('00:00:00.000') ? date : `${date} ${time.slice(0, 5)} UTC`;
}
