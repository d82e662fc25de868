export { type AskedMove, requestUrl } from './approval-urls.js';
export {
  type EffectiveGate,
  type EffectivePolicy,
  type EffectiveRule,
  effectivePolicy,
  type PinnedPolicy,
  type PromotionKind,
  promotionKinds,
  samePolicies,
} from './effective-policy.js';
export {
  type GateConfig,
  type GateType,
  gateTypes,
  type MetricDirection,
  type SignaturePart,
} from './gate-configuration.js';
export {
  type DatasetFormat,
  type HoldoutTask,
  latencyPercentiles,
  type ModelRuntime,
} from './holdout-configuration.js';
export { type NewPolicyDraft, Policies } from './policies.service.js';
export { ProtectedTarget } from './policy.errors.js';
export type {
  ApprovalRule,
  PolicyGate,
  PolicyRules,
  SeparationOfDuties,
} from './policy.js';
export { rollbackGates } from './policy.js';
export { PolicyModule } from './policy.module.js';
export { PolicyReader } from './policy.reader.js';
export type { MatchingPolicy, Policy, PolicyPlace, PolicyRevision } from './policy.repository.js';
export type { PolicyChange } from './policy-difference.js';
export { type PolicyDraft, withDraft } from './policy-draft.js';
export { type PolicyPreview, type PolicySetting, policySettings } from './policy-preview.js';
export {
  describeTarget,
  type NamedTarget,
  parseAlias,
  parseStage,
  parseTarget,
  type Stage,
  stages,
  type Target,
  targetKey,
} from './target.js';
export type { Validator, ValidatorAddress } from './validator.js';
export { Validators } from './validators.service.js';
