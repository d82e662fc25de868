import type { Readable } from 'node:stream';

/** A file or a folder, as a listing of its folder shows it. */
export interface ArtifactEntry {
  name: string;
  isFolder: boolean;
  /** In bytes; 0 for a folder. */
  size: number;
}

/** What nobody can see: an upload whose bytes have all arrived, or what is being removed. */
export interface StagedArtifact {
  id: string;
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
  /** Takes a whole upload aside. When it breaks off, nothing is left of it. */
  abstract stage(source: Readable): Promise<StagedArtifact>;
  /** Puts a staged upload in its place in one step, over the file that may be there. */
  abstract place(staged: StagedArtifact, path: string): Promise<void>;
  /** Takes a file or a folder with all in it aside, in one step. @returns undefined when there is nothing at the path */
  abstract takeAway(path: string): Promise<StagedArtifact | undefined>;
  /** Forgets what was taken aside. */
  abstract discard(staged: StagedArtifact): Promise<void>;

  /** @returns undefined when there is no file at the path */
  abstract open(path: string): Promise<OpenArtifact | undefined>;
  /** @returns the entries of a folder by name, none when there is no folder at the path */
  abstract list(folder: string): Promise<ArtifactEntry[]>;
  /** Every file below a folder, in no particular order, with its path relative to the folder. */
  abstract walk(folder: string): AsyncIterable<{ path: string; size: number }>;
}
