import { hasColours, styleFor } from './style.js';
import { instant, printable, table } from './text.js';

describe('colours', () => {
  const terminal = { isTTY: true };
  it.each([
    [terminal, {}, true],
    [terminal, { NO_COLOR: '' }, true],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [terminal, { TERM: 'dumb' }, false],
    [{}, {}, false],
    [{}, { FORCE_COLOR: '1' }, true],
    [terminal, { FORCE_COLOR: '0' }, false],
  ])('on %j with %j: %s', (stream, env, expected) => {
    expect(hasColours(stream, env)).toBe(expected);
  });

  it('are escape sequences, or nothing', () => {
    expect(styleFor(true).added('+')).toBe('\u001b[32m+\u001b[39m');
    expect(styleFor(false).added('+')).toBe('+');
  });
});

describe('text', () => {
  it('of others cannot steer the terminal', () => {
    expect(printable('a\u001b[2Jb\u001b]0;title\u0007c\r\nd')).toBe('abc d');
  });

  it('stands in columns, without blanks at the end', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', 'x'],
          ['s', ''],
        ],
      ),
    ).toEqual(['A     B', 'long  x', 's']);
  });

  it('tells an instant in UTC, as a date at midnight', () => {
    expect([instant('2027-01-31T01:00:00+01:00'), instant('2027-01-31T09:05:59Z')]).toEqual([
      '2027-01-31',
      '2027-01-31 09:05 UTC',
    ]);
  });
});
