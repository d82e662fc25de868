// RFC 9162 as a verifier reads it. The service's own code is not used here: what proves it right must not share its mistakes.
import { hash } from 'node:crypto';

const [leafMark, nodeMark] = [0, 1];

/** A hash in base64, as exports write them. Texts are made faster than buffers, and there are millions. */
export type Hash = string;

/** @param marked a byte that is written over, and behind it what the leaf is the hash of */
export function hashOfLeaf(marked: Uint8Array): Hash {
  marked[0] = leafMark;
  return hash('sha256', marked, 'base64');
}

const node = Buffer.alloc(65, nodeMark);

/** Of what is no hash, there is none: the empty text, which is no root. */
function hashOfNode(left: Hash, right: Hash): Hash {
  const isLeft = node.write(left, 1, 'base64') === 32;
  const isRight = node.write(right, 33, 'base64') === 32;
  return isLeft && isRight ? hash('sha256', node, 'base64') : '';
}

/** The peaks of a growing tree: perfect subtrees, as in the binary digits of the number of leaves. */
export class Peaks {
  size = 0;
  private readonly hashes: Hash[] = [];

  add(leaf: Hash): void {
    let top = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = (rest - 1) / 2) {
      top = hashOfNode(this.hashes.pop() as Hash, top);
    }
    this.hashes.push(top);
    this.size += 1;
  }

  root(): Hash {
    if (this.size === 0) return hash('sha256', '', 'base64');
    return this.hashes.reduceRight((right, left) => hashOfNode(left, right));
  }
}

/** The root that a leaf and its path lead to (RFC 9162, 2.1.3.2); undefined when the path is of another length. */
export function rootOfPath(index: number, size: number, leaf: Hash, path: readonly Hash[]): Hash | undefined {
  let [position, last, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (position % 2 === 1 || position === last) {
      root = hashOfNode(sibling, root);
      while (position % 2 === 0 && position > 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      root = hashOfNode(root, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : undefined;
}
