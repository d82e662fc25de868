import { expiryOf } from './identity.js';

const jwt = (payload: unknown) => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;

describe('when a token ends', () => {
  it.each([
    [jwt({ exp: 1_800_000_000 }), '2027-01-15T08:00:00.000Z'],
    [jwt({ exp: 'soon' }), undefined],
    [jwt('text'), undefined],
    ['a.b.c', undefined],
    ['imp_0123456789abcdef', undefined],
  ])('is read from %s', (token, expected) => {
    expect(expiryOf(token)).toBe(expected);
  });
});
