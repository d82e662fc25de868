import { digestOf, parseReport } from './gate-report.js';

const judgement = { status: 'PASSED', summary: 'parity is 0.97', output: { parity: 0.97 } };

describe('parseReport', () => {
  it('knows a judgement from progress', () => {
    expect(parseReport(judgement)).toEqual({ judgement });
    expect(parseReport({ progress: { percent: 0.5, comment: ' half\r\na\0\u001b percent ' } })).toEqual({
      progress: { percent: 0.5, comment: 'half a percent' },
    });
  });

  it.each([
    [{}, 'status: Invalid option'],
    [{ progress: { percent: 101, comment: 'x' } }, 'progress.percent: '],
    [{ progress: {} }, 'progress.comment: '],
    [{ ...judgement, progress: { comment: 'x' } }, 'status: there is no such field; summary: there is no such field'],
    [{ ...judgement, summary: 'x'.repeat(1001) }, 'summary: '],
    [{ ...judgement, summary: '\0\n' }, 'summary: Too small'],
    [{ ...judgement, summary: '\ud83d' }, 'summary: holds half of a surrogate pair'],
    [{ ...judgement, output: { a: { b: 'x'.repeat(70_000) } } }, 'output: has 70'],
    [null, 'report: Invalid input'],
    ['PASSED', 'report: Invalid input'],
  ])('refuses with the field that is wrong: %#', (input, why) => {
    expect(() => parseReport(input)).toThrow(why);
  });
});

it('the digest of a judgement does not depend on how it was written', () => {
  const { output, summary, status } = judgement;
  expect(digestOf({ output, summary, status })).toBe(digestOf(judgement));
  expect(digestOf({ ...judgement, output: { parity: 0.98 } })).not.toBe(digestOf(judgement));
});
