import { SigningKeys } from '@app/signing';
import { Injectable } from '@nestjs/common';
import { CheckpointCheck } from './checkpoint-check.js';
import { type Checkpoint, type Leaf, LogRepository } from './log.repository.js';
import { LogHashes } from './log-hashes.js';
import { inclusionPath } from './merkle.js';

/** Events that are in the log, each with the hashes that lead from its leaf to the root of one checkpoint. */
export interface ProvenEvents {
  /** The first that covers all of them: the same whenever it is asked. null: nothing was signed over them yet. */
  checkpoint: Checkpoint | null;
  /** In the order of the log. */
  leaves: (Leaf & { hashes: Buffer[] })[];
}

/** The newest checkpoint, held against the hashes that are stored and the key that signed it. */
export interface CheckedCheckpoint {
  checkpoint: Checkpoint;
  /** null: its signature is right, and its root is that of the stored hashes. */
  problem: string | null;
}

/** Proofs of many events at once, in a number of statements that does not grow with them. */
@Injectable()
export class EventProofs {
  constructor(
    private readonly hashes: LogHashes,
    private readonly keys: SigningKeys,
    private readonly log: LogRepository,
  ) {}

  /** Of those of the events that are sealed, whatever became of their content. Asks no right: whoever may read an event may. */
  async of(eventIds: readonly string[]): Promise<ProvenEvents> {
    const leaves = await this.log.leavesOf(eventIds);
    const last = leaves.at(-1);
    const checkpoint = last && (await this.log.checkpointOver(last.sequence));
    if (!checkpoint) return { checkpoint: null, leaves: leaves.map((leaf) => ({ ...leaf, hashes: [] })) };
    const size = checkpoint.treeSize;
    const paths = leaves.map(({ sequence }) => inclusionPath(sequence - 1, size));
    const hashes = await this.hashes.of(paths.flat(), size);
    return {
      checkpoint,
      leaves: leaves.map((leaf, index) => ({ ...leaf, hashes: hashes.splice(0, paths[index]?.length) })),
    };
  }

  /** null while nothing was signed. The events themselves are not computed again: LogVerification does that. Asks no right. */
  async checkNewest(): Promise<CheckedCheckpoint | null> {
    const checkpoint = await this.log.checkpoint();
    if (!checkpoint) return null;
    const [root] = await this.hashes.of([[0, checkpoint.treeSize]], checkpoint.treeSize);
    const check = new CheckpointCheck(await this.keys.history(), 1);
    const found = check.compare({ root: () => root as Buffer }, checkpoint);
    return { checkpoint, problem: found?.problem ?? null };
  }
}
