import { RangeNotSatisfiable } from './artifacts.errors.js';
import { spanOf } from './byte-range.js';

describe('spanOf', () => {
  it.each([
    [{ first: 0 }, { start: 0, end: 9 }],
    [
      { first: 2, last: 4 },
      { start: 2, end: 4 },
    ],
    [
      { first: 9, last: 99 },
      { start: 9, end: 9 },
    ],
    [{ suffix: 3 }, { start: 7, end: 9 }],
    [{ suffix: 99 }, { start: 0, end: 9 }],
  ])('of %j in ten bytes is %j', (range, span) => {
    expect(spanOf(range, 10)).toEqual(span);
  });

  it.each([{ first: 10 }, { first: 10, last: 12 }, { suffix: 0 }])('has none for %j', (range) => {
    expect(() => spanOf(range, 10)).toThrow(RangeNotSatisfiable);
  });

  it('has none in an empty file', () => {
    expect(() => spanOf({ first: 0 }, 0)).toThrow(RangeNotSatisfiable);
    expect(() => spanOf({ suffix: 1 }, 0)).toThrow(RangeNotSatisfiable);
  });
});
