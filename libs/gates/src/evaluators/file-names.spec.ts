import { matchesPath, named } from './file-names.js';

describe('matchesPath', () => {
  it.each([
    ['model.pkl', 'model.pkl'],
    ['code', 'code/train.py'],
    ['code/', 'code/deep/train.py'],
    ['*.pkl', 'model.pkl'],
    ['*/train.py', 'code/train.py'],
    ['**/*.py', 'train.py'],
    ['**/*.py', 'a/b/c/train.py'],
    ['code/**/x', 'code/x'],
    ['code/**/x', 'code/a/b/x'],
    ['**', 'anything/at/all'],
    ['model.?kl', 'model.pkl'],
    ['a*b*c', 'aXbYbZc'],
  ])('%s names %s', (pattern, path) => expect(matchesPath(pattern, path)).toBe(true));

  it.each([
    ['model', 'model.pkl'],
    ['*.pkl', 'deep/model.pkl'],
    ['code', 'src/code/train.py'],
    ['**/x', 'a/y'],
    ['a?', 'a'],
    ['MODEL.pkl', 'model.pkl'],
    ['.*', 'model.pkl'],
  ])('%s does not name %s', (pattern, path) => expect(matchesPath(pattern, path)).toBe(false));

  it('answers patterns of many stars at once', () => {
    expect(matchesPath(`${'*a'.repeat(400)}b`, 'a'.repeat(1000))).toBe(false);
    expect(matchesPath('**/a/'.repeat(150), 'a/'.repeat(500))).toBe(true);
  });
});

it('names the first of many', () => {
  expect(named(['a', 'b', 'c'])).toBe('a, b, c');
  expect(named(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
});
