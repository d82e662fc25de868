import { AccessChangeResolver } from './access/access-change.resolver.js';
import { AccessTokenResolver } from './access/access-token.resolver.js';
import { AccessStepFields, ExplanationResolver, PermissionDeniedFields } from './access/explanation.resolver.js';
import { ExternalIdentityResolver } from './access/external-identity.resolver.js';
import { PrincipalResolver } from './access/principal.resolver.js';
import { AuditEventResolver, PromotionRequestAuditFields, SecurableAuditFields } from './audit/audit-event.resolver.js';
import { AuditEventLogFields, AuditLogResolver } from './audit/audit-log.resolver.js';
import { AuditRetentionResolver } from './audit/audit-retention.resolver.js';
import { GovernanceReportResolver } from './audit/governance-report.resolver.js';
import { ChangesResolver } from './history/changes.resolver.js';
import { HolderFields, RegisteredModelHistoryFields } from './history/holder.resolver.js';
import { PastGrantFields, SecurableHistoryFields, SecurableStateFields } from './history/securable-state.resolver.js';
import {
  ModelConsumerFields,
  ModelVersionConsumerFields,
  RegisteredModelConsumerFields,
} from './lineage/consumer.fields.js';
import { DatasetResolver, RunLineageFields } from './lineage/dataset.resolver.js';
import {
  ModelEndpointResolver,
  ModelVersionEndpointFields,
  RegisteredModelEndpointFields,
} from './lineage/endpoint.resolver.js';
import { JobResolver } from './lineage/job.resolver.js';
import { LineageEntityFields, LineageNodeFields, LineagePathsResolver } from './lineage/lineage.resolver.js';
import { GrantResolver, PrincipalGrantFields } from './namespace/grant.resolver.js';
import { CatalogResolver, SchemaResolver } from './namespace/namespace.resolver.js';
import { SecurableFields } from './namespace/securable.fields.js';
import { NotificationResolver } from './notification/notification.resolver.js';
import { ComparisonResolver } from './promotion/comparison.resolver.js';
import {
  DiscussionCommentFields,
  DiscussionResolver,
  PromotionRequestDiscussionFields,
} from './promotion/discussion.resolver.js';
import { PromotionRequestDossierFields } from './promotion/dossier.fields.js';
import {
  BreakGlassReviewFields,
  ExceptionResolver,
  GateRunWaiverFields,
  GateWaiverFields,
  PromotionRequestReviewFields,
  ViolationFields,
} from './promotion/exception.resolver.js';
import { GateReportResolver } from './promotion/gate-report.resolver.js';
import {
  ApprovalRuleFields,
  PolicyResolver,
  PolicyRevisionFields,
  SecurablePolicyFields,
} from './promotion/policy.resolver.js';
import { PolicyPreviewResolver, PolicyRevisionDifference } from './promotion/policy-preview.resolver.js';
import { PromotionChangeResolver } from './promotion/promotion-change.resolver.js';
import {
  ApprovalProgressFields,
  DecisionFields,
  GateRunFields,
  PromotionRequestFields,
} from './promotion/promotion-request.fields.js';
import { PromotionRequestResolver } from './promotion/promotion-request.resolver.js';
import { PromotionRequestStatementFields } from './promotion/statement.fields.js';
import { ValidatorResolver } from './promotion/validator.resolver.js';
import { ModelAliasFields, ModelVersionFields, StageTransitionFields } from './registry/model-version.fields.js';
import { ModelVersionResolver } from './registry/model-version.resolver.js';
import { RegisteredModelFields } from './registry/registered-model.fields.js';
import { RegisteredModelResolver, SchemaModelFields } from './registry/registered-model.resolver.js';
import { NodeResolver } from './server/node.resolver.js';
import { ExperimentResolver } from './tracking/experiment.resolver.js';
import { ModelVersionRunFields, RunResolver } from './tracking/run.resolver.js';
import { SecurableWebhookFields, WebhookDeliveryFields, WebhookFields } from './webhook/webhook.fields.js';
import { WebhookResolver } from './webhook/webhook.resolver.js';

/** Every resolver of the schema. */
export const resolvers = [
  AccessChangeResolver,
  AccessStepFields,
  AccessTokenResolver,
  ApprovalProgressFields,
  ApprovalRuleFields,
  AuditEventLogFields,
  AuditEventResolver,
  BreakGlassReviewFields,
  AuditLogResolver,
  AuditRetentionResolver,
  CatalogResolver,
  ChangesResolver,
  ComparisonResolver,
  DatasetResolver,
  DecisionFields,
  DiscussionCommentFields,
  DiscussionResolver,
  ExceptionResolver,
  ExperimentResolver,
  ExplanationResolver,
  ExternalIdentityResolver,
  GateReportResolver,
  GateRunFields,
  GateRunWaiverFields,
  GateWaiverFields,
  GovernanceReportResolver,
  GrantResolver,
  HolderFields,
  JobResolver,
  LineageEntityFields,
  LineageNodeFields,
  LineagePathsResolver,
  ModelAliasFields,
  ModelConsumerFields,
  ModelEndpointResolver,
  ModelVersionConsumerFields,
  ModelVersionEndpointFields,
  ModelVersionFields,
  ModelVersionResolver,
  ModelVersionRunFields,
  NodeResolver,
  NotificationResolver,
  PastGrantFields,
  PermissionDeniedFields,
  PolicyPreviewResolver,
  PolicyResolver,
  PolicyRevisionDifference,
  PolicyRevisionFields,
  PrincipalGrantFields,
  PrincipalResolver,
  PromotionChangeResolver,
  PromotionRequestAuditFields,
  PromotionRequestDiscussionFields,
  PromotionRequestDossierFields,
  PromotionRequestFields,
  PromotionRequestResolver,
  PromotionRequestReviewFields,
  PromotionRequestStatementFields,
  RegisteredModelConsumerFields,
  RegisteredModelEndpointFields,
  RegisteredModelFields,
  RegisteredModelHistoryFields,
  RegisteredModelResolver,
  RunLineageFields,
  RunResolver,
  SchemaModelFields,
  SchemaResolver,
  SecurableAuditFields,
  SecurableFields,
  SecurableHistoryFields,
  SecurablePolicyFields,
  SecurableStateFields,
  SecurableWebhookFields,
  StageTransitionFields,
  ValidatorResolver,
  ViolationFields,
  WebhookDeliveryFields,
  WebhookFields,
  WebhookResolver,
];
