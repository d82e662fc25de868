import type { StagedArtifact } from './staged-artifact.js';

/** How a file is to be saved by who gets it, and how long he may. */
export interface DirectDownload {
  contentType: string;
  contentDisposition: string;
  /** As long as the configuration says, when it is left out. */
  seconds?: number;
}

/** A part of an upload as the client names it when it is complete. */
export interface UploadedPart {
  number: number;
  etag: string;
}

/** An upload in parts that has begun. */
export interface UploadInParts {
  id: string;
  /** Where the parts go, the first one first: each URL is good for its part of this upload alone. */
  urls: string[];
}

/**
 * Transfers between clients and the store itself. An upload is in parts, always: it ends with a call to this service, and
 * its URLs are worth nothing afterwards (docs/adr/0015).
 */
export interface DirectTransfers {
  begin(path: string, parts: number): Promise<UploadInParts>;
  /**
   * Puts the parts together.
   * @returns the staged file, or undefined when it was placed already: the call is repeated
   * @throws NotFound when no upload to this path has this id
   */
  finish(id: string, path: string, parts: UploadedPart[]): Promise<StagedArtifact | undefined>;
  /** @throws NotFound as above */
  abort(id: string, path: string): Promise<void>;
  /** @returns undefined when there is no file at the path */
  downloadUrl(path: string, download: DirectDownload): Promise<{ url: string; size: number } | undefined>;
}
