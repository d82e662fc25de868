import { ArtifactsModule } from '@app/artifacts';
import { GatesModule } from '@app/gates';
import { PolicyModule } from '@app/policy';
import { RegistryModule } from '@app/registry';
import { SigningModule } from '@app/signing';
import { TrackingModule } from '@app/tracking';
import { Module } from '@nestjs/common';
import { ArtifactCheck } from './artifact-check.js';
import { DiscussionReader } from './discussion/discussion.reader.js';
import { DiscussionRepository } from './discussion/discussion.repository.js';
import { Discussions } from './discussion/discussions.service.js';
import { Comparisons } from './evidence/comparisons.service.js';
import { BreakGlass } from './exceptions/break-glass.service.js';
import { BreakGlassReviewReader } from './exceptions/break-glass-review.reader.js';
import { BreakGlassReviewRepository } from './exceptions/break-glass-review.repository.js';
import { BreakGlassReviews } from './exceptions/break-glass-reviews.service.js';
import { GateWaiverRepository } from './exceptions/gate-waiver.repository.js';
import { GateWaivers } from './exceptions/gate-waivers.service.js';
import { OrphanedReviews } from './exceptions/orphaned-reviews.js';
import { ViolationReader } from './exceptions/violations.reader.js';
import { GateJobs } from './gates/gate-jobs.service.js';
import { GateRunReports } from './gates/gate-run-reports.service.js';
import { GovernedMoves } from './governed-moves.service.js';
import { LockedRequests } from './locked-requests.js';
import { OpeningChecks } from './policies/opening-checks.js';
import { PolicyReplays } from './policies/policy-replay.service.js';
import { Preflights } from './policies/preflight.service.js';
import { PromotionPolicies } from './policies/promotion-policies.js';
import { PromotionApplication } from './promotion-application.js';
import { PromotionAudienceReader } from './promotion-audience.reader.js';
import { PromotionAudience } from './promotion-audience.service.js';
import { PromotionChanges } from './promotion-changes.js';
import { PromotionProgress } from './promotion-progress.service.js';
import { PromotionRequestReader } from './promotion-request.reader.js';
import { PromotionRequestRepository } from './promotion-request.repository.js';
import { PromotionRequests } from './promotion-requests.service.js';
import { RequestDetails } from './request-details.reader.js';
import { RequestRecords } from './request-records.js';
import { DecisionRepository } from './review/decision.repository.js';
import { Decisions } from './review/decisions.service.js';
import { Reviewers } from './review/reviewers.js';
import { PromotionStatementRepository } from './statements/promotion-statement.repository.js';
import { PromotionStatements } from './statements/promotion-statements.service.js';
import { VisibleRequests } from './visible-requests.js';

@Module({
  imports: [ArtifactsModule, GatesModule, PolicyModule, RegistryModule, SigningModule, TrackingModule],
  providers: [
    ArtifactCheck,
    BreakGlass,
    BreakGlassReviewReader,
    BreakGlassReviewRepository,
    BreakGlassReviews,
    Comparisons,
    DecisionRepository,
    Decisions,
    DiscussionReader,
    DiscussionRepository,
    Discussions,
    GateJobs,
    GateRunReports,
    GateWaiverRepository,
    GateWaivers,
    GovernedMoves,
    LockedRequests,
    OpeningChecks,
    OrphanedReviews,
    PolicyReplays,
    Preflights,
    PromotionApplication,
    PromotionAudience,
    PromotionAudienceReader,
    PromotionChanges,
    PromotionPolicies,
    PromotionProgress,
    PromotionRequestReader,
    PromotionRequestRepository,
    PromotionRequests,
    PromotionStatementRepository,
    PromotionStatements,
    RequestDetails,
    RequestRecords,
    Reviewers,
    ViolationReader,
    VisibleRequests,
  ],
  exports: [
    BreakGlass,
    BreakGlassReviewReader,
    BreakGlassReviews,
    Comparisons,
    Decisions,
    DiscussionReader,
    Discussions,
    GateRunReports,
    GateJobs,
    GateWaivers,
    GovernedMoves,
    PolicyReplays,
    Preflights,
    PromotionAudience,
    PromotionChanges,
    PromotionProgress,
    PromotionRequestReader,
    PromotionRequests,
    PromotionStatements,
    RequestDetails,
    RequestRecords,
    ViolationReader,
  ],
})
export class PromotionModule {}
