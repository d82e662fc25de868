import { chainsUp } from './membership-chains.js';

const within = (...pairs: string[]) =>
  pairs.map((pair) => {
    const [memberId = '', groupId = ''] = pair.split('>');
    return { memberId, groupId };
  });

describe('chainsUp', () => {
  it('tells every way, the shortest first, and no way that leads elsewhere', () => {
    const memberships = within('ann>team', 'ann>lab', 'team>lab', 'lab>all', 'team>choir');
    expect(chainsUp(memberships, 'ann', 'all', 9)).toEqual({
      chains: [
        ['lab', 'all'],
        ['team', 'lab', 'all'],
      ],
      isCut: false,
    });
    expect(chainsUp(memberships, 'ann', 'ann', 9)).toEqual({ chains: [[]], isCut: false });
    expect(chainsUp(memberships, 'lab', 'team', 9)).toEqual({ chains: [], isCut: false });
  });

  it('is cut at the bound, however many ways there are', () => {
    // Each of 30 layers doubles the ways: a billion of them.
    const layers = Array.from({ length: 30 }, (_, n) =>
      within(`${n}>${n}a`, `${n}>${n}b`, `${n}a>${n + 1}`, `${n}b>${n + 1}`),
    ).flat();
    const { chains, isCut } = chainsUp(layers, '0', '30', 20);
    expect(chains).toHaveLength(20);
    expect(isCut).toBe(true);
  });
});
