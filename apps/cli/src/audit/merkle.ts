// RFC 9162 as a verifier reads it. The service's own code is not used here: what proves it right must not share its mistakes.
import { createHash } from 'node:crypto';

const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const [leafMark, nodeMark] = [Buffer.of(0), Buffer.of(1)];

export const hashOfEntry = (entry: Uint8Array | string): Buffer => sha256(leafMark, entry);

/** The peaks of a growing tree: perfect subtrees, as in the binary digits of the number of leaves. */
export class Peaks {
  size = 0;
  private readonly hashes: Buffer[] = [];

  add(leaf: Buffer): void {
    let hash = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = sha256(nodeMark, this.hashes.pop() as Buffer, hash);
    }
    this.hashes.push(hash);
    this.size += 1;
  }

  root(): Buffer {
    if (this.size === 0) return sha256();
    return this.hashes.reduceRight((right, left) => sha256(nodeMark, left, right));
  }
}

/** The root that a leaf and its path lead to (RFC 9162, 2.1.3.2); undefined when the path is of another length. */
export function rootOfPath(index: number, size: number, leaf: Buffer, path: readonly Buffer[]): Buffer | undefined {
  let [position, last, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (position % 2 === 1 || position === last) {
      root = sha256(nodeMark, sibling, root);
      while (position % 2 === 0 && position > 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      root = sha256(nodeMark, root, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : undefined;
}
