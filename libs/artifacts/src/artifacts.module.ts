import { Module } from '@nestjs/common';
import { ArtifactManifests } from './artifact-manifests.js';
import { ArtifactSeals } from './artifact-seals.js';
import { ArtifactStore } from './artifact-store.js';
import { Artifacts } from './artifacts.service.js';
import { LocalArtifactStore } from './local-artifact-store.js';

@Module({
  providers: [{ provide: ArtifactStore, useClass: LocalArtifactStore }, ArtifactManifests, ArtifactSeals, Artifacts],
  exports: [ArtifactManifests, ArtifactSeals, Artifacts],
})
export class ArtifactsModule {}
