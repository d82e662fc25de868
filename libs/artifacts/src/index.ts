export type { ArtifactFile, ArtifactManifest } from './artifact-manifest.js';
export { ArtifactManifests } from './artifact-manifests.js';
export { artifactPath, artifactPathOf } from './artifact-path.js';
export { ArtifactSeals } from './artifact-seals.js';
export type { ArtifactEntry, OpenArtifact } from './artifact-store.js';
export { ArtifactTooLarge, RangeNotSatisfiable } from './artifacts.errors.js';
export { ArtifactsModule } from './artifacts.module.js';
export { type ArtifactContent, Artifacts } from './artifacts.service.js';
export type { ByteRange } from './byte-range.js';
