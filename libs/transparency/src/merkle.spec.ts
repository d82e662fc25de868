import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { LogTree } from './log-tree.js';
import {
  consistencyPath,
  emptyRoot,
  inclusionPath,
  type LeafRange,
  leafHash,
  nodeHash,
  rootOver,
  subtreesOf,
} from './merkle.js';

const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafHash(String(index)));
const grown = (leaves: readonly Buffer[]) => {
  const tree = new LogTree(0, []);
  for (const leaf of leaves) tree.append(leaf);
  return tree;
};

/** The definition of RFC 9162, 2.1.1, word for word. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leaves[0] as Buffer;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}
const rangeHash = (leaves: readonly Buffer[], [start, end]: LeafRange) => treeHash(leaves.slice(start, end));

/** The verification of RFC 9162, 2.1.3.2. */
function rootFromInclusion(index: number, size: number, leaf: Buffer, path: readonly Buffer[]): Buffer | undefined {
  let [node, last, root] = [index, size - 1, leaf];
  for (const hash of path) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      root = nodeHash(hash, root);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else root = nodeHash(root, hash);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : undefined;
}

/** The verification of RFC 9162, 2.1.4.2: the roots of the earlier and of the later tree. */
function rootsFromConsistency(
  from: number,
  to: number,
  root: Buffer,
  path: readonly Buffer[],
): [Buffer, Buffer] | undefined {
  const proof = Number.isInteger(Math.log2(from)) ? [root, ...path] : [...path];
  let [node, last] = [from - 1, to - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [before, after] = [proof[0] as Buffer, proof[0] as Buffer];
  for (const hash of proof.slice(1)) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      [before, after] = [nodeHash(hash, before), nodeHash(hash, after)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else after = nodeHash(after, hash);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? [before, after] : undefined;
}

describe('the Merkle tree', () => {
  it('has the roots of the test vectors of RFC 6962', () => {
    // The leaves of Certificate Transparency's own tests, and the roots over the first 0 to 8 of them.
    const entries = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const leaves = entries.map((entry) => leafHash(Buffer.from(entry, 'hex')));
    expect(roots.map((_, size) => grown(leaves.slice(0, size)).root().toString('hex'))).toEqual(roots);
    expect(emptyRoot().toString('hex')).toBe(roots[0]);
  });

  it('grows to the root that the definition gives, tile by tile', () => {
    const leaves = leavesOf(70_000);
    const tree = new LogTree(0, []);
    for (const size of [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000]) {
      while (tree.size < size) tree.append(leaves[tree.size] as Buffer);
      expect(tree.root()).toEqual(treeHash(leaves.slice(0, size)));
    }
    expect(tree.completed.filter(({ level }) => level === 1)).toMatchObject([{ index: 0 }]);
    expect(tree.completed.filter(({ level }) => level === 0).map(({ index }) => index)).toEqual([...Array(273).keys()]);
  });

  it('names the subtrees of inclusion proofs that every verifier accepts, for that leaf alone', () => {
    const leaves = leavesOf(300);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (size, anyIndex, anyOther) => {
        const [index, other] = [anyIndex % size, anyOther % size];
        const path = inclusionPath(index, size).map((range) => rangeHash(leaves, range));
        const root = treeHash(leaves.slice(0, size));
        expect(rootFromInclusion(index, size, leaves[index] as Buffer, path)).toEqual(root);
        if (other !== index) expect(rootFromInclusion(index, size, leaves[other] as Buffer, path)).not.toEqual(root);
      }),
    );
  });

  it('names the subtrees of consistency proofs that every verifier accepts', () => {
    const leaves = leavesOf(300);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (size, anyBefore) => {
        const before = 1 + (anyBefore % size);
        const path = consistencyPath(before, size).map((range) => rangeHash(leaves, range));
        const roots = [treeHash(leaves.slice(0, before)), treeHash(leaves.slice(0, size))] as const;
        if (before === size) expect(path).toEqual([]);
        else expect(rootsFromConsistency(before, size, roots[0], path)).toEqual(roots);
      }),
    );
  });

  it('cuts ranges of paths into complete subtrees', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100_000 }), fc.nat(), (size, anyIndex) => {
        for (const range of inclusionPath(anyIndex % size, size)) {
          const subtrees = subtreesOf(range);
          expect(subtrees.every(({ index }) => Number.isInteger(index))).toBe(true);
          expect(subtrees.reduce((end, { level }) => end + 2 ** level, range[0])).toBe(range[1]);
        }
      }),
    );
    expect(rootOver(leavesOf(5))).toEqual(treeHash(leavesOf(5)));
  });
});
