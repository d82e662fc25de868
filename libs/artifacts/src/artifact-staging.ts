import { Injectable } from '@nestjs/common';
import { ArtifactStore } from './artifact-store.js';

/** Uploads on their way, and what is being removed. */
@Injectable()
export class ArtifactStaging {
  constructor(private readonly store: ArtifactStore) {}

  /** Removes what processes that were killed have left. Every process does it when it starts; the worker goes on with it. */
  sweep(): Promise<void> {
    return this.store.sweep();
  }
}
