import { flatModelName, fullModelName } from './model-name.js';

describe('model names', () => {
  it('puts a flat name into the default schema, and keeps a full one', () => {
    expect(fullModelName('scorer', 'main.default')).toBe('main.default.scorer');
    expect(fullModelName('prod.fraud.scorer', 'main.default')).toBe('prod.fraud.scorer');
    expect(fullModelName('cafe\u0301', 'main.default')).toBe('main.default.caf\u00e9');
  });

  it.each(['a.b', 'a.b.c.d', '', 'a/b', 'a:b', 'a..b', ' a', 'a@b', 'a\u0000'])('refuses "%s"', (name) => {
    expect(() => fullModelName(name, 'main.default')).toThrow(/^name: /);
  });

  it('shows a model of the default schema flat, in any case, and no other', () => {
    expect(flatModelName('main.default.scorer', 'main.default')).toBe('scorer');
    expect(flatModelName('Main.Default.Scorer', 'main.default')).toBe('Scorer');
    expect(flatModelName('main.default2.scorer', 'main.default')).toBe('main.default2.scorer');
  });
});
