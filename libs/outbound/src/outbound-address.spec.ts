import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { AllowedNetworks, isPublicAddress } from './outbound-address.js';

type Address = { bytes: number[]; text: string };

const octets = (text: string): number[] => ipaddr.parse(text).toByteArray();
const isIn = (bytes: number[], network: string): boolean => {
  const [address = '', length] = network.split('/');
  const bits = (all: number[]) => all.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const of = octets(address);
  return of.length === bytes.length && bits(bytes).startsWith(bits(of).slice(0, Number(length)));
};

// By hand from IANA's registries, apart from the table that is tested: first and last bits compared as text.
const notPublic4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'.split(
    ' ',
  );
const notPublic6 = '2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20'.split(' ');

function referenceIsPublic(bytes: number[]): boolean {
  if (bytes.length === 4) return !notPublic4.some((network) => isIn(bytes, network));
  return isIn(bytes, '2000::/3') && !notPublic6.some((network) => isIn(bytes, network));
}

const byte = fc.integer({ min: 0, max: 255 });
const textOf = (bytes: number[]) => ipaddr.fromByteArray(bytes).toString();
/** Any address, and as often one at or beside the edge of a special network. */
const anyAddress: fc.Arbitrary<Address> = fc
  .oneof(
    fc.array(byte, { minLength: 4, maxLength: 4 }),
    fc.array(byte, { minLength: 16, maxLength: 16 }),
    fc
      .tuple(
        fc.constantFrom(
          ...notPublic4,
          ...notPublic6,
          '2000::/3',
          '64:ff9b::/96',
          '::ffff:0:0/96',
          'fc00::/7',
          'fe80::/10',
        ),
        fc.constantFrom('first', 'last', 'before', 'after'),
        fc.infiniteStream(byte),
      )
      .map(([network, where]) => edgeOf(network, where)),
  )
  .map((bytes) => ({ bytes, text: textOf(bytes) }));

function edgeOf(network: string, where: string): number[] {
  const [address = '', length] = network.split('/');
  const bytes = octets(address);
  const width = BigInt(bytes.length * 8);
  const first = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const size = 1n << (width - BigInt(Number(length)));
  const value = { first, last: first + size - 1n, before: first - 1n, after: first + size }[where] ?? first;
  const hex = BigInt.asUintN(Number(width), value)
    .toString(16)
    .padStart(bytes.length * 2, '0');
  return [...Buffer.from(hex, 'hex')];
}

describe('isPublicAddress', () => {
  it('is the complement of the special networks, edge by edge', () => {
    fc.assert(
      fc.property(anyAddress, ({ bytes, text }) => {
        expect({ text, isPublic: isPublicAddress(text) }).toEqual({ text, isPublic: referenceIsPublic(bytes) });
      }),
      { numRuns: 5000 },
    );
  });

  it('takes nothing for public that ipaddr.js knows as special', () => {
    fc.assert(
      fc.property(anyAddress, ({ text }) => !isPublicAddress(text) || ipaddr.parse(text).range() === 'unicast'),
      { numRuns: 5000 },
    );
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
  ])('is false for %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '198.17.255.255', '2606:4700::1111', '2a00:1450::1'])(
    'is true for %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('AllowedNetworks', () => {
  it('holds the addresses of its networks, and single ones', () => {
    const allowed = new AllowedNetworks(['10.20.0.0/16', '192.168.1.7', 'fd00::/8']);
    for (const address of ['10.20.0.0', '10.20.255.255', '192.168.1.7', 'fd12::1']) {
      expect({ address, allows: allowed.allows(address) }).toEqual({ address, allows: true });
    }
    for (const address of ['10.21.0.0', '192.168.1.8', 'fc00::1', '::1', '8.8.8.8']) {
      expect({ address, allows: allowed.allows(address) }).toEqual({ address, allows: false });
    }
  });

  it('agrees with a comparison bit by bit', () => {
    const length = fc.integer({ min: 0, max: 128 });
    fc.assert(
      fc.property(anyAddress, anyAddress, length, (network, { bytes, text }, wanted) => {
        const bits = Math.min(wanted, network.bytes.length * 8);
        const allowed = new AllowedNetworks([`${network.text}/${bits}`]);
        expect(allowed.allows(text)).toBe(isIn(bytes, `${network.text}/${bits}`));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes an IPv4 network for IPv4 only, and without networks allows nothing', () => {
    expect(new AllowedNetworks(['127.0.0.0/8']).allows('::ffff:127.0.0.1')).toBe(false);
    expect(new AllowedNetworks(['::/0']).allows('127.0.0.1')).toBe(false);
    expect(new AllowedNetworks([]).allows('127.0.0.1')).toBe(false);
  });
});
