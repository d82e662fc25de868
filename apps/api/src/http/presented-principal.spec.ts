import { clientOf, presentedPrincipal } from './presented-principal.js';

describe('clientOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['2001:db8::5:6:7:8:9', '2001:db8:0:5::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('counts %s as %s', (address, client) => {
    expect(clientOf(address)).toBe(client);
  });
});

describe('presentedPrincipal', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const jwt = (claims: object) =>
    `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${Math.random().toString(36).slice(2)}`;

  it.each([
    ['the user of HTTP basic, whatever the password', basic('ada:one'), basic('ADA:two')],
    ['a token by its prefix', 'Bearer imp_abcdefgh', 'bearer  imp_abcdxyz'],
    ['a JWT by issuer and subject', jwt({ iss: 'a', sub: 'b', exp: 1 }), jwt({ iss: 'a', sub: 'b', exp: 2 })],
    ['what is no JWT by its beginning', 'Bearer 12345678.!.x', 'Bearer 12345678.?.y'],
    ['nothing at all', '', 'Bearer'],
  ])('knows %s', (_what, one, other) => {
    expect(presentedPrincipal(one)).toBe(presentedPrincipal(other));
  });

  it('tells others apart, and shows nothing of them', () => {
    const headers = [basic('ada:x'), basic('bob:x'), 'Bearer imp_abcd', jwt({ iss: 'a', sub: 'b' }), jwt({ iss: 'b' })];
    const keys = headers.map(presentedPrincipal);
    expect(new Set(keys).size).toBe(headers.length);
    for (const key of keys) expect(key).toMatch(/^[\w-]{22}$/);
  });

  it('bounds what a client sends', () => {
    expect(presentedPrincipal(basic(`${'x'.repeat(10_000)}:y`))).toHaveLength(22);
    expect(presentedPrincipal(`Bearer a.${Buffer.from('null').toString('base64url')}.c`)).toHaveLength(22);
  });
});
