export type { DiscussionComment, DiscussionThread } from './discussion/discussion.js';
export { DiscussionReader } from './discussion/discussion.reader.js';
export { Discussions } from './discussion/discussions.service.js';
export { type Comparison, type DeltaVerdict, deltaVerdicts } from './evidence/comparison.js';
export { Comparisons, type VersionRef } from './evidence/comparisons.service.js';
export { comparisonOf, digestOfEvidence } from './evidence/evidence.js';
export { BreakGlass } from './exceptions/break-glass.service.js';
export { type BreakGlassReview, type ReviewOutcome, reviewOutcomes } from './exceptions/break-glass-review.js';
export { type BreakGlassReviewFilter, BreakGlassReviewReader } from './exceptions/break-glass-review.reader.js';
export { BreakGlassReviews } from './exceptions/break-glass-reviews.service.js';
export type { GateWaiver } from './exceptions/gate-waiver.js';
export { GateWaivers } from './exceptions/gate-waivers.service.js';
export {
  type Violation,
  type ViolationFilter,
  type ViolationKind,
  ViolationReader,
  violationKinds,
} from './exceptions/violations.reader.js';
export { GateJobs } from './gates/gate-jobs.service.js';
export { GateRunReports } from './gates/gate-run-reports.service.js';
export { type DirectMove, GovernedMoves } from './governed-moves.service.js';
export type { UnfillableRule } from './policies/opening-checks.js';
export { type Replay, type ReplayOutcome, replayOutcomes } from './policies/policy-replay.js';
export { PolicyReplays, type ReplayedRequest } from './policies/policy-replay.service.js';
export { type AskedPreflight, type Obstacle, type Preflight, Preflights } from './policies/preflight.service.js';
export {
  discussionCommentMade,
  gateWaiverProposed,
  promotionRequestApproved,
  promotionRequestClosed,
  promotionRequestMoved,
  type ToldState,
} from './promotion.events.js';
export { PromotionModule } from './promotion.module.js';
export { PromotionAudience, type Told } from './promotion-audience.service.js';
export { type PromotionChange, PromotionChanges } from './promotion-changes.js';
export { PromotionProgress } from './promotion-progress.service.js';
export {
  describeRequest,
  isClosed,
  type PromotionRequest,
  type PromotionState,
  promotionStates,
} from './promotion-request.js';
export {
  type PromotionRequestFilter,
  PromotionRequestReader,
  type ViewerDecision,
} from './promotion-request.reader.js';
export type { DueWork } from './promotion-request.repository.js';
export { type NewRequest, PromotionRequests } from './promotion-requests.service.js';
export { type ReasonCode, reasonCodes } from './reason-code.js';
export { type DecisionView, RequestDetails } from './request-details.reader.js';
export { type LogExcerpt, type PinnedRevision, type RecordedChange, RequestRecords } from './request-records.js';
export { Decisions, type NewDecision } from './review/decisions.service.js';
export { type Decision, isStale, type RuleProgress, type Verdict, verdicts } from './review/review.js';
export type { SignedStatement } from './statements/promotion-statement.repository.js';
export { PromotionStatements } from './statements/promotion-statements.service.js';
export { showingRequests } from './visible-requests.js';
