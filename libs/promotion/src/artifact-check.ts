import { ArtifactManifests } from '@app/artifacts';
import { Config, DomainError } from '@app/platform';
import type { ModelVersion } from '@app/registry';
import { Injectable } from '@nestjs/common';
import type { PromotionRequest } from './promotion-request.js';

/** Why a request goes no further: one sentence for people. */
export const filesChanged = (
  { modelFullName, versionNumber, artifactDigest }: PromotionRequest,
  digest: string,
): string =>
  `the files of ${modelFullName}/${versionNumber} have changed: they are ${digest}, the request was opened for ${artifactDigest}`;

/**
 * Reads every byte of a version again. It is done before the transaction that relies on it, never inside: files that a
 * version holds are sealed in the store, so that only somebody at the disk itself can change them in between.
 */
@Injectable()
export class ArtifactCheck {
  constructor(
    private readonly config: Config,
    private readonly manifests: ArtifactManifests,
  ) {}

  /** @returns the digest of what is there now, or `none` when the files are gone */
  async digestOf({ storagePath }: Pick<ModelVersion, 'storagePath'>): Promise<string> {
    if (storagePath === null) return 'none';
    try {
      return (await this.manifests.of(storagePath)).digest;
    } catch (error) {
      if (error instanceof DomainError && error.reason === 'NO_FILES') return 'none';
      throw error;
    }
  }

  /** The same within a request of a reviewer, for versions that are small enough. @returns undefined for larger ones: the worker reads those */
  async digestInline(version: ModelVersion): Promise<string | undefined> {
    const bound = this.config.settings.INLINE_DIGEST_BYTES;
    return (version.artifactSize ?? 0) <= bound ? this.digestOf(version) : undefined;
  }
}
