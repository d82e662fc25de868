import fc from 'fast-check';
import { type Approver, quorum } from './quorum.js';

const approver = (id: string, ...rules: number[]): Approver => ({ id, rules });

describe('quorum', () => {
  it('is met without rules, and not without approvers', () => {
    expect(quorum([], [])).toEqual({ filled: [], met: true });
    expect(quorum([{ count: 1 }], [])).toEqual({ filled: [[]], met: false });
  });

  it('gives a person one place, also when two rules name him', () => {
    expect(quorum([{ count: 1 }, { count: 1 }], [approver('a', 0, 1)]).met).toBe(false);
    expect(quorum([{ count: 2 }], [approver('a', 0), approver('a', 0)])).toEqual({ filled: [['a']], met: false });
  });

  it('moves somebody to his other rule when only that makes room, whatever the order', () => {
    const both = approver('both', 0, 1);
    const first = approver('first', 0);
    for (const order of [
      [both, first],
      [first, both],
    ]) {
      expect(quorum([{ count: 1 }, { count: 1 }], order)).toEqual({ filled: [['first'], ['both']], met: true });
    }
  });

  it('fills as many places as trying every assignment can, and never one person twice', () => {
    const cases = fc
      .record({
        counts: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
        named: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 2 })), { maxLength: 6 }),
      })
      .map(({ counts, named }) => ({
        rules: counts.map((count) => ({ count })),
        approvers: named.map((rules, index) => approver(`p${index}`, ...rules.filter((rule) => rule < counts.length))),
      }));
    fc.assert(
      fc.property(cases, ({ rules, approvers }) => {
        const { filled, met } = quorum(rules, approvers);
        const placed = filled.flat();
        expect(new Set(placed).size).toBe(placed.length);
        filled.forEach((ids, rule) => {
          expect(ids.length).toBeLessThanOrEqual((rules[rule] as { count: number }).count);
          for (const id of ids) expect(approvers.find((one) => one.id === id)?.rules).toContain(rule);
        });
        expect(placed.length).toBe(
          most(
            rules.map(({ count }) => count),
            approvers,
          ),
        );
        expect(met).toBe(placed.length === rules.reduce((sum, { count }) => sum + count, 0));
      }),
      { numRuns: 2000 },
    );
  });
});

/** The most places that any assignment fills: every choice of every approver is tried. */
function most(free: number[], [next, ...rest]: Approver[]): number {
  if (!next) return 0;
  const choices = next.rules.filter((rule) => (free[rule] ?? 0) > 0);
  const taken = choices.map(
    (rule) =>
      1 +
      most(
        free.map((count, index) => (index === rule ? count - 1 : count)),
        rest,
      ),
  );
  return Math.max(most(free, rest), ...taken);
}
