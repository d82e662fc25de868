import { prefersHtml } from './prefers-html.js';

describe('an Accept header', () => {
  it.each([
    ['text/html', true],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['application/json;q=0.5, text/html', true],
    ['', false],
    ['*/*', false],
    ['application/json', false],
    ['application/json, text/html', false],
    ['text/html;q=0', false],
    ['text/html;q=0.1, */*', false],
  ])('%j asks for a page: %j', (accept, expected) => {
    expect(prefersHtml(accept)).toBe(expected);
  });
});
