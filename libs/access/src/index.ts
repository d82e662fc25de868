export { HiddenObject, PermissionDenied, type Refusal, refusalOf, Unauthenticated } from './access.errors.js';
export { AccessModule } from './access.module.js';
export { Access } from './access.service.js';
export type { AccessChanges, AccessDifference, AccessPreview } from './access-change.js';
export { AccessPreviews } from './access-change.service.js';
export { AccessSnapshots } from './access-snapshot.js';
export {
  type Authentication,
  Authenticator,
  credentialsOf,
  hashToken,
  requireSameUser,
} from './authenticator.js';
export type { AuditedPlace, Question } from './decision.js';
export { futureInstant } from './expiry.js';
export type { AccessExplanation, AccessFacts, AccessPath, ConditionExplanation, Place } from './explanation.js';
export { Explainer } from './explanation.js';
export { Explanations } from './explanation.service.js';
export type { MissingGrant } from './missing.js';
export {
  builtInPrincipals,
  type Principal,
  type PrincipalKind,
  principalKinds,
  principalName,
  principalNameKey,
} from './principal.js';
export { type NewPrincipal, PrincipalRepository, principalColumns } from './principal.repository.js';
export { type Privilege, privileges, ruleOf } from './privilege.js';
export {
  fullNameKey,
  kindOfFullName,
  METASTORE_ID,
  nameSegment,
  nounOf,
  parseFullName,
  type Securable,
  type SecurableKind,
  type SecurablePath,
  securableKinds,
} from './securable.js';
export { isNameTaken, type NewSecurable, SecurableRepository, securableColumns } from './securable.repository.js';
