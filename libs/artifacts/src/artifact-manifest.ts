import { createHash } from 'node:crypto';
import { canonicalJson } from '@app/platform';

export interface ArtifactFile {
  /** Relative to the folder. */
  path: string;
  size: number;
  /** In hexadecimal. */
  sha256: string;
}

/** What is in a folder, byte for byte. */
export interface ArtifactManifest {
  /** Sorted by path, in the order of code units. */
  files: ArtifactFile[];
  digest: string;
  size: number;
}

const byPath = (a: ArtifactFile, b: ArtifactFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/**
 * The manifest of files. Its digest is the SHA-256 of their canonical JSON (RFC 8785), so that anybody can compute it
 * again from the files alone.
 */
export function manifestOf(unsorted: ArtifactFile[]): ArtifactManifest {
  const files = unsorted.map(({ path, sha256, size }) => ({ path, sha256, size })).sort(byPath);
  const digest = createHash('sha256').update(canonicalJson(files)).digest('hex');
  return { files, digest: `sha256:${digest}`, size: files.reduce((sum, file) => sum + file.size, 0) };
}
