import { createHash } from 'node:crypto';

/** A complete subtree: its leaves are those from index × 2^level on, 2^level of them. */
export interface Subtree {
  level: number;
  index: number;
}

/** Leaves from `start` on, and not those from `end` on. */
export type LeafRange = readonly [start: number, end: number];

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

/** The hash of a leaf (RFC 9162, 2.1.1): the prefix keeps a node from being taken for a leaf. */
export const leafHash = (entry: string | Uint8Array): Buffer =>
  createHash('sha256').update(leafPrefix).update(entry).digest();

export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  createHash('sha256').update(nodePrefix).update(left).update(right).digest();

/** The root of the tree without leaves: the hash of nothing. */
export const emptyRoot = (): Buffer => createHash('sha256').digest();

/** The root over hashes of one level, of which the last may stand for an incomplete subtree (RFC 9162, 2.1.1). */
export function rootOver(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return emptyRoot();
  let level = hashes;
  // Pairs from the left, and the odd one out goes up as it is: the same tree as splitting at the largest power of two.
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let left = 0; left < level.length; left += 2) {
      const right = level[left + 1];
      above.push(right ? nodeHash(level[left] as Buffer, right) : (level[left] as Buffer));
    }
    level = above;
  }
  return level[0] as Buffer;
}

/** The subtrees whose hashes prove that leaf `index` is in the tree of `size` leaves, from the leaf up (RFC 9162, 2.1.3.1). */
export function inclusionPath(index: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.push([middle, end]);
      end = middle;
    } else {
      path.push([start, middle]);
      start = middle;
    }
  }
  return path.reverse();
}

/** The subtrees that prove the tree of `size` leaves to begin with the tree of `before` leaves (RFC 9162, 2.1.4.1). */
export function consistencyPath(before: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end > before) {
    const middle = start + split(end - start);
    if (before <= middle) {
      path.push([middle, end]);
      end = middle;
    } else {
      path.push([start, middle]);
      start = middle;
    }
  }
  // The former tree itself is known to who asks; any other subtree that ends there is not.
  if (start > 0) path.push([start, end]);
  return path.reverse();
}

/** A tree of so many leaves, and its root. */
export interface Tree {
  size: number;
  root: Buffer;
}

/** Does the path prove that the later tree begins with the earlier one (RFC 9162, 2.1.4.2)? None of them is empty. */
export function consistencyHolds(before: Tree, after: Tree, path: readonly Buffer[]): boolean {
  if (before.size === after.size) return path.length === 0 && before.root.equals(after.root);
  const isComplete = Number.isInteger(Math.log2(before.size));
  const [first, ...rest] = isComplete ? [before.root, ...path] : path;
  if (!first) return false;
  let [node, last] = [before.size - 1, after.size - 1];
  const up = () => {
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  };
  while (node % 2 === 1) up();
  let [earlier, later] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [earlier, later] = [nodeHash(hash, earlier), nodeHash(hash, later)];
      while (node % 2 === 0 && node > 0) up();
    } else {
      later = nodeHash(later, hash);
    }
    up();
  }
  return last === 0 && earlier.equals(before.root) && later.equals(after.root);
}

/** The root that a leaf and its path lead to in a tree of so many leaves, its ranges as `inclusionPath` names them. */
export function rootOverPath(
  index: number,
  leaf: Buffer,
  ranges: readonly LeafRange[],
  path: readonly Buffer[],
): Buffer {
  return path.reduce((root, hash, step) => {
    const [start] = ranges[step] as LeafRange;
    return start > index ? nodeHash(root, hash) : nodeHash(hash, root);
  }, leaf);
}

/** The complete subtrees that a range of a path consists of, the largest first. */
export function subtreesOf([start, end]: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  let at = start;
  while (at < end) {
    const level = Math.floor(Math.log2(end - at));
    subtrees.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return subtrees;
}

/** The root over complete subtrees of falling size, as `subtreesOf` names them. */
export function rootOverSubtrees(hashes: readonly Buffer[]): Buffer {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two below a number above 1. */
function split(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}
