import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { FailedPrecondition } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type ArtifactFile, type ArtifactManifest, manifestOf } from './artifact-manifest.js';
import { artifactPath } from './artifact-path.js';
import { ArtifactStore, type OpenArtifact, type WalkedArtifact } from './artifact-store.js';

/** What is in the store, for the registry and the gates. It asks no rights: its callers have. */
@Injectable()
export class ArtifactManifests {
  constructor(private readonly store: ArtifactStore) {}

  /**
   * Reads every byte below a folder.
   * @param signal stops the reading when nobody waits for it any more
   * @throws FailedPrecondition NO_FILES when the folder is missing or empty
   */
  of(folder: string, signal?: AbortSignal): Promise<ArtifactManifest> {
    return this.manifest(folder, ({ path }) => this.hash(folder, path, signal));
  }

  /**
   * The files as they came in: by the digests that were computed then, where the store has kept them. What has changed since
   * differs from `of`.
   * @throws FailedPrecondition NO_FILES
   */
  asUploaded(folder: string): Promise<ArtifactManifest> {
    return this.manifest(folder, async ({ path, size, sha256 }) =>
      sha256 === undefined ? this.hash(folder, path) : { path, size, sha256 },
    );
  }

  /** The number and size of the files below a folder, without reading them. */
  async totalSize(folder: string): Promise<{ files: number; bytes: number }> {
    const total = { files: 0, bytes: 0 };
    for await (const { size } of this.store.walk(artifactPath(folder, 'folder'))) {
      total.files += 1;
      total.bytes += size;
    }
    return total;
  }

  /**
   * A small file as text.
   * @returns undefined when there is no file at the path
   * @throws FailedPrecondition TOO_LARGE when it has more than `maxBytes`
   */
  async readText(path: string, maxBytes: number): Promise<string | undefined> {
    const file = await this.store.open(artifactPath(path));
    if (!file) return undefined;
    if (file.size > maxBytes) {
      await file.close();
      throw new FailedPrecondition('TOO_LARGE', `path: "${path}" has ${file.size} bytes, more than ${maxBytes}`);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of file.read()) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }

  /** @returns undefined when there is no file at the path */
  open(path: string): Promise<OpenArtifact | undefined> {
    return this.store.open(artifactPath(path));
  }

  private async manifest(folder: string, fileOf: (walked: WalkedArtifact) => Promise<ArtifactFile>) {
    const files: ArtifactFile[] = [];
    for await (const walked of this.store.walk(artifactPath(folder, 'folder'))) files.push(await fileOf(walked));
    if (files.length === 0) throw new FailedPrecondition('NO_FILES', `folder: "${folder}" holds no files`);
    return manifestOf(files);
  }

  private async hash(folder: string, path: string, signal?: AbortSignal): Promise<ArtifactFile> {
    const file = await this.store.open(`${folder}/${path}`);
    if (!file)
      throw new FailedPrecondition('CHANGED', `folder: "${path}" in "${folder}" was removed while it was read`);
    const hash = createHash('sha256');
    await pipeline(file.read(), hash, { signal });
    return { path, size: file.size, sha256: hash.digest('hex') };
  }
}
