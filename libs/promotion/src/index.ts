export { BreakGlass } from './break-glass.service.js';
export { type BreakGlassReview, type ReviewOutcome, reviewOutcomes } from './break-glass-review.js';
export { type BreakGlassReviewFilter, BreakGlassReviewReader } from './break-glass-review.reader.js';
export { BreakGlassReviews } from './break-glass-reviews.service.js';
export { type Comparison, type DeltaVerdict, deltaVerdicts } from './comparison.js';
export { Comparisons, type VersionRef } from './comparisons.service.js';
export { Decisions, type NewDecision } from './decisions.service.js';
export type { DiscussionComment, DiscussionThread } from './discussion.js';
export { DiscussionReader } from './discussion.reader.js';
export { Discussions } from './discussions.service.js';
export { comparisonOf } from './evidence.js';
export { GateJobs } from './gate-jobs.service.js';
export { GateRunReports } from './gate-run-reports.service.js';
export type { GateWaiver } from './gate-waiver.js';
export { GateWaivers } from './gate-waivers.service.js';
export type { UnfillableRule } from './opening-checks.js';
export { type Replay, type ReplayOutcome, replayOutcomes } from './policy-replay.js';
export { PolicyReplays, type ReplayedRequest } from './policy-replay.service.js';
export { type AskedPreflight, type Obstacle, type Preflight, Preflights } from './preflight.service.js';
export {
  discussionCommentMade,
  gateWaiverProposed,
  promotionRequestApproved,
  promotionRequestMoved,
  type ToldState,
} from './promotion.events.js';
export { PromotionModule } from './promotion.module.js';
export { PromotionAudience, type Told } from './promotion-audience.service.js';
export { type PromotionChange, PromotionChanges } from './promotion-changes.js';
export { PromotionProgress } from './promotion-progress.service.js';
export { describeRequest, type PromotionRequest, type PromotionState, promotionStates } from './promotion-request.js';
export {
  type PromotionRequestFilter,
  PromotionRequestReader,
  type ViewerDecision,
} from './promotion-request.reader.js';
export type { DueWork } from './promotion-request.repository.js';
export { type NewRequest, PromotionRequests } from './promotion-requests.service.js';
export type { SignedStatement } from './promotion-statement.repository.js';
export { PromotionStatements } from './promotion-statements.service.js';
export { type ReasonCode, reasonCodes } from './reason-code.js';
export { type DecisionView, RequestDetails } from './request-details.reader.js';
export { type Decision, type RuleProgress, type Verdict, verdicts } from './review.js';
export {
  type Violation,
  type ViolationFilter,
  type ViolationKind,
  ViolationReader,
  violationKinds,
} from './violations.reader.js';
export { showingRequests } from './visible-requests.js';
