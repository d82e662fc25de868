export type { Signature, SignatureField, VersionContent } from './mlmodel.js';
export { flatModelName, fullModelName } from './model-name.js';
export { type ModelCard, ModelRecords } from './model-records.js';
export {
  downloadUri,
  type ModelVersion,
  type ModelVersionOrder,
  type VersionStatus,
  type VersionSummary,
  type VersionView,
  versionName,
  versionNumber,
} from './model-version.js';
export type { ModelVersionSearch } from './model-version.reader.js';
export { ModelVersions } from './model-version.service.js';
export type {
  ModelAlias,
  RegisteredModel,
  RegisteredModelFilter,
  RegisteredModelOrder,
  RegisteredModelView,
} from './registered-model.js';
export type { RegisteredModelSearch } from './registered-model.reader.js';
export { type NewRegisteredModel, RegisteredModels } from './registered-model.service.js';
export type { NewModelVersion, VersionNotes } from './registration.js';
export { Registrations } from './registration.service.js';
export { VersionNotFound, VersionNotReady } from './registry.errors.js';
export { modelVersionRegistered } from './registry.events.js';
export { RegistryModule } from './registry.module.js';
export { requirementName } from './requirements.js';
export type { SearchCondition, SearchOperator, SearchValue } from './search.js';
export {
  type SignatureChange,
  type SignatureChangeKind,
  signatureChangeKinds,
  signatureDifference,
} from './signature-difference.js';
export type { Tag } from './tag.js';
export { Tags } from './tag.service.js';
export { Targets } from './target.service.js';
export type { TargetMove } from './target-move.js';
export type { Transition } from './transition.js';
export { TransitionReader } from './transition.reader.js';
export { VersionRecords } from './version-records.js';
