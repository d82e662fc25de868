import type { Readable } from 'node:stream';
import type { DirectTransfers } from './direct-transfers.js';
import type { StagedArtifact } from './staged-artifact.js';

/** A file or a folder, as a listing of its folder shows it. */
export interface ArtifactEntry {
  name: string;
  isFolder: boolean;
  /** In bytes; 0 for a folder. */
  size: number;
}

export interface WalkedArtifact {
  /** Relative to the folder. */
  path: string;
  size: number;
  /** Of the bytes as they came in, in hexadecimal, where the store has kept it. */
  sha256?: string;
}

/** An open file. Whoever opened it reads it or closes it. */
export interface OpenArtifact {
  size: number;
  /** Both ends are part of the range. */
  read(range?: { start: number; end: number }): Readable;
  close(): Promise<void>;
}

/** Where the bytes of artifacts are. Paths are checked before they come here (artifact-path.ts). */
export abstract class ArtifactStore {
  /** How clients send and get files without this service in between; undefined where they cannot. */
  readonly direct: DirectTransfers | undefined = undefined;

  /** Takes a whole upload, which is to go to `path`, aside. When it breaks off, nothing is left of it. */
  abstract stage(source: Readable, path: string): Promise<StagedArtifact>;
  /**
   * Puts a staged upload in its place in one step, over the file that may be there. Called in the transaction that holds
   * the lock of ArtifactSeals.
   * @returns the file that was there, when it is still to be discarded after the transaction
   */
  abstract place(staged: StagedArtifact, path: string): Promise<StagedArtifact | undefined>;
  /**
   * Takes a file or a folder with all in it aside, in one step and in such a transaction.
   * @returns undefined when there is nothing at the path
   */
  abstract takeAway(path: string): Promise<StagedArtifact | undefined>;
  /** Forgets what was taken aside. */
  abstract discard(staged: StagedArtifact): Promise<void>;
  /** Removes what processes that were killed had taken aside. */
  abstract sweep(): Promise<void>;

  /** @returns undefined when there is no file at the path */
  abstract open(path: string): Promise<OpenArtifact | undefined>;
  /** @returns the entries of a folder by name, none when there is no folder at the path */
  abstract list(folder: string): Promise<ArtifactEntry[]>;
  /** Every file below a folder, in no particular order. */
  abstract walk(folder: string): AsyncIterable<WalkedArtifact>;
}
