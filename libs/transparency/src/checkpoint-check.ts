import { createPublicKey, verify } from 'node:crypto';
import type { PublicSigningKey } from '@app/signing';
import type { Checkpoint } from './log.repository.js';
import type { LogTree } from './log-tree.js';
import { readNote } from './signed-note.js';

/** Holds checkpoints against the tree as it is computed again, one after the other. */
export class CheckpointCheck {
  /** The first event that no checkpoint has covered. */
  private uncovered: number;

  constructor(
    private readonly keys: readonly PublicSigningKey[],
    first: number,
  ) {
    this.uncovered = first;
  }

  /** @returns what is wrong, and since which event it can be; null when nothing is, or there is no checkpoint of this size */
  compare(
    tree: Pick<LogTree, 'root'>,
    checkpoint: Checkpoint | undefined,
  ): { sequence: number; problem: string } | null {
    if (!checkpoint) return null;
    const problem = this.problemOf(checkpoint, tree);
    if (problem) {
      return { sequence: this.uncovered, problem: `the checkpoint over ${checkpoint.treeSize} events ${problem}` };
    }
    this.uncovered = checkpoint.treeSize + 1;
    return null;
  }

  private problemOf(checkpoint: Checkpoint, tree: Pick<LogTree, 'root'>): string | undefined {
    if (!checkpoint.rootHash.equals(tree.root())) return 'has another root than these events';
    return signatureProblem(checkpoint, this.keys);
  }
}

/** What is wrong with what a checkpoint says, and how it is signed; undefined: nothing. */
export function signatureProblem(
  { treeSize, rootHash, note, kid }: Checkpoint,
  keys: readonly PublicSigningKey[],
): string | undefined {
  const said = readNote(note);
  if (said?.size !== treeSize || !said.root.equals(rootHash)) return 'says something else in its signed text';
  const key = keys.find((each) => each.kid === kid);
  if (!key) return 'is signed with a key that this service never had';
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' });
  return verify(null, Buffer.from(said.text), publicKey, said.signature) ? undefined : 'has a wrong signature';
}
