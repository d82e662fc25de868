import { meaningOf, ValidatorUnavailable } from './validator-answer.js';

const answer = (status: number, body: unknown = '') =>
  meaningOf({ status, body: typeof body === 'string' ? body : JSON.stringify(body), truncated: false });
const judgement = { status: 'FAILED', summary: 'parity is 0.4, below 0.9', output: { parity: 0.4 } };

describe('the answer of a validator', () => {
  it('is a judgement at 200, with or without measured values', () => {
    expect(answer(200, judgement)).toEqual({ kind: 'JUDGED', judgement });
    expect(answer(200, { status: 'PASSED', summary: ' fine ' })).toEqual({
      kind: 'JUDGED',
      judgement: { status: 'PASSED', summary: 'fine', output: {} },
    });
  });

  it('says at 202 that the report comes later, whatever it holds', () => {
    expect(answer(202, 'on it')).toEqual({ kind: 'LATER' });
    expect(answer(202, judgement)).toEqual({ kind: 'LATER' });
  });

  it.each([408, 429, 500, 502, 503, 504])('is tried again at %d', (status) => {
    expect(() => answer(status, 'later')).toThrow(ValidatorUnavailable);
    expect(() => answer(status, 'later')).toThrow(`the validator answered ${status}: later`);
  });

  it.each([
    [201, 'the validator answered 201'],
    [204, 'the validator answered 204'],
    [302, 'the validator answered 302, and redirects are not followed'],
    [400, 'the validator answered 400'],
    [404, 'the validator answered 404'],
    [410, 'the validator answered 410'],
  ])('is final at %d', (status, why) => {
    expect(answer(status)).toEqual({ kind: 'REFUSED', why });
  });

  it.each([
    ['not JSON', 'hello', 'it is not JSON: hello'],
    ['an empty body', '', 'it is not JSON'],
    ['no object', '7', 'report: Invalid input: expected object, received number: 7'],
    ['no summary', { status: 'PASSED' }, 'summary: Invalid input: expected string, received undefined'],
    ['an empty summary', { status: 'PASSED', summary: ' ' }, 'summary: Too small'],
    ['another status', { status: 'WAIVED', summary: 'x' }, 'status: Invalid option'],
    ['another field', { ...judgement, verdict: 'x' }, 'verdict: there is no such field'],
    ['values that are no object', { ...judgement, output: [1] }, 'output: Invalid input'],
    [
      'a number that JSON has and nobody can store',
      '{"status":"PASSED","summary":"x","output":{"a":1e999}}',
      'too large',
    ],
    ['NUL', { ...judgement, output: { a: '\0' } }, 'output: holds a text with NUL'],
    ['half a character', '{"status":"PASSED","summary":"\\ud83d"}', 'summary: holds half of a surrogate pair'],
    ['more than may be stored', { ...judgement, output: { a: 'x'.repeat(70_000) } }, 'output: has 70'],
    [
      'too deep a value',
      `{"status":"PASSED","summary":"x","output":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
      'output: is nested deeper than 20',
    ],
  ])('is no judgement with %s', (_what, body, why) => {
    const meaning = answer(200, body);
    expect(meaning).toMatchObject({ kind: 'REFUSED', why: expect.stringContaining(why) });
    expect(meaning).toMatchObject({ why: expect.stringMatching(/^the answer of the validator is no judgement: /) });
  });

  it('is no judgement when it was cut off', () => {
    const cut = meaningOf({ status: 200, body: JSON.stringify(judgement), truncated: true });
    expect(cut).toMatchObject({ kind: 'REFUSED', why: expect.stringContaining('it is too long') });
  });

  it('is told by its beginning, in one line that can be stored', () => {
    const meaning = answer(400, `a\r\n\0b\u001b[31m ${'😀'.repeat(200)}`) as { why: string };
    expect(meaning.why).toMatch(/^the validator answered 400: a b \[31m 😀+$/u);
    expect(meaning.why.length).toBeLessThan(400);
  });
});
