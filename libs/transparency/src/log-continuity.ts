import { Injectable } from '@nestjs/common';
import type { Checkpoint } from './log.repository.js';
import { LogHashes, MissingHashes } from './log-hashes.js';
import { consistencyHolds, consistencyPath } from './merkle.js';
import { readNote, type TreeHead } from './signed-note.js';

/** Does the log go on from what was known of it? */
@Injectable()
export class LogContinuity {
  constructor(private readonly hashes: LogHashes) {}

  /**
   * Proves, from the tiles, that the log of a checkpoint begins with one that was known before.
   * @returns what is wrong; undefined: nothing
   */
  async problem(known: TreeHead, { treeSize, rootHash, note }: Checkpoint): Promise<string | undefined> {
    const said = readNote(note);
    if (said?.size !== treeSize || !said.root.equals(rootHash)) {
      return `the checkpoint over ${treeSize} events says something else in its signed text`;
    }
    if (said.origin !== known.origin) return `the log is called "${said.origin}", and was called "${known.origin}"`;
    if (treeSize < known.size) return `the log has ${treeSize} events, and had ${known.size}`;
    const proof = await this.proof(known.size, treeSize);
    if (typeof proof === 'string') return proof;
    const holds = consistencyHolds({ size: known.size, root: known.root }, { size: treeSize, root: rootHash }, proof);
    return holds
      ? undefined
      : `the first ${known.size} of the ${treeSize} events are not those that were signed before`;
  }

  private async proof(before: number, size: number): Promise<Buffer[] | string> {
    try {
      return await this.hashes.of(consistencyPath(before, size), size);
    } catch (error) {
      if (error instanceof MissingHashes) return error.message;
      throw error;
    }
  }
}
