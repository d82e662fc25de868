import { Config, LOGGER } from '@app/platform';
import { Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { ArtifactManifests } from './artifact-manifests.js';
import { ArtifactObjectRepository } from './artifact-object.repository.js';
import { ArtifactPlacement } from './artifact-placement.js';
import { ArtifactRights } from './artifact-rights.js';
import { ArtifactSeals } from './artifact-seals.js';
import { ArtifactStaging } from './artifact-staging.js';
import { ArtifactStore } from './artifact-store.js';
import { Artifacts } from './artifacts.service.js';
import { DirectArtifacts } from './direct-artifacts.service.js';
import { LocalArtifactStore } from './local-artifact-store.js';

/** The SDK of S3 is loaded by whoever needs it. */
async function storeOf(config: Config, objects: ArtifactObjectRepository, logger: Logger): Promise<ArtifactStore> {
  if (config.settings.ARTIFACT_STORE === 'LOCAL') return new LocalArtifactStore(config);
  const { S3ArtifactStore } = await import('./s3-artifact-store.js');
  return new S3ArtifactStore(config, objects, logger);
}

@Module({
  providers: [
    { provide: ArtifactStore, inject: [Config, ArtifactObjectRepository, LOGGER], useFactory: storeOf },
    ArtifactManifests,
    ArtifactObjectRepository,
    ArtifactPlacement,
    ArtifactRights,
    ArtifactSeals,
    ArtifactStaging,
    Artifacts,
    DirectArtifacts,
  ],
  exports: [ArtifactManifests, ArtifactSeals, ArtifactStaging, Artifacts, DirectArtifacts],
})
export class ArtifactsModule {}
