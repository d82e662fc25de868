import fc from 'fast-check';
import { askedToWait, pauseAfter, restAfter } from './webhook-delivery.js';

const hour = 60 * 60 * 1000;
const [least, most] = [() => 0, () => 1];

describe('the pause before the next attempt', () => {
  it('is anywhere below a bound that doubles, up to four hours', () => {
    expect([1, 2, 3, 4].map((tries) => pauseAfter(tries, 5000, most))).toEqual([5000, 10_000, 20_000, 40_000]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (tries, luck) => {
        const pause = pauseAfter(tries, 5000, () => luck);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(4 * hour);
      }),
    );
  });

  it('lets a delivery be tried often enough in a day, and not too often', () => {
    let [tries, waited] = [0, 0];
    while (waited < 24 * hour) waited += pauseAfter(++tries, 5000, () => 0.5);
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(40);
  });
});

describe('how long a receiver that fails is left alone', () => {
  it('grows with the time for which it has failed, from a second to ten minutes', () => {
    expect(restAfter(0, most)).toBe(1000);
    expect(restAfter(60_000, most)).toBe(31_000);
    expect(restAfter(24 * hour, most)).toBe(601_000);
    expect(restAfter(24 * hour, least)).toBe(1000);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-20T14:00:00Z');
  it.each([
    [undefined, 0],
    ['', 0],
    ['120', 120_000],
    ['0', 0],
    ['99999999', 4 * hour],
    ['-5', 0],
    ['soon', 0],
    ['1e9', 0],
    ['Fri, 20 Nov 2026 14:01:00 GMT', 60_000],
    ['Fri, 20 Nov 2026 13:01:00 GMT', 0],
    ['Fri, 20 Nov 2099 14:01:00 GMT', 4 * hour],
  ])('%s is %d ms', (header, ms) => {
    expect(askedToWait(header, now)).toBe(ms);
  });
});
