import type { Checkpoint } from './log.repository.js';

/** Shows that an event is in the log that a checkpoint was signed of (RFC 9162, 2.1.3). */
export interface InclusionProof {
  sequence: number;
  /** What the leaf is the hash of: the event, in canonical JSON. */
  entry: string;
  leafHash: Buffer;
  /** From the leaf up. */
  hashes: Buffer[];
  checkpoint: Checkpoint;
}

/** Shows that the log of one checkpoint begins with the log of an earlier one (RFC 9162, 2.1.4). */
export interface ConsistencyProof {
  from: Checkpoint;
  to: Checkpoint;
  hashes: Buffer[];
}
