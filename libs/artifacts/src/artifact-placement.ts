import { Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { ArtifactSeals } from './artifact-seals.js';
import { ArtifactStore } from './artifact-store.js';
import type { StagedArtifact } from './staged-artifact.js';

/** The last step of every upload, whichever way its bytes have come. */
@Injectable()
export class ArtifactPlacement {
  constructor(
    private readonly seals: ArtifactSeals,
    private readonly store: ArtifactStore,
    private readonly transaction: Transaction,
  ) {}

  /** @throws Sealed when a registered version's files are at the path; nothing is left of the upload then */
  async place(staged: StagedArtifact, path: string): Promise<void> {
    let replaced: StagedArtifact | undefined;
    try {
      // The one place with files in a transaction: they must be there under the lock that demandUnsealed shares.
      replaced = await this.transaction.run(async () => {
        await this.seals.demandUnsealed(path);
        return this.store.place(staged, path);
      });
    } catch (error) {
      await this.store.discard(staged);
      throw error;
    }
    if (replaced) await this.store.discard(replaced);
  }
}
