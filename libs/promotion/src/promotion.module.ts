import { ArtifactsModule } from '@app/artifacts';
import { GatesModule } from '@app/gates';
import { PolicyModule } from '@app/policy';
import { RegistryModule } from '@app/registry';
import { SigningModule } from '@app/signing';
import { TrackingModule } from '@app/tracking';
import { Module } from '@nestjs/common';
import { ArtifactCheck } from './artifact-check.js';
import { BreakGlass } from './break-glass.service.js';
import { BreakGlassReviewReader } from './break-glass-review.reader.js';
import { BreakGlassReviewRepository } from './break-glass-review.repository.js';
import { BreakGlassReviews } from './break-glass-reviews.service.js';
import { Comparisons } from './comparisons.service.js';
import { DecisionRepository } from './decision.repository.js';
import { Decisions } from './decisions.service.js';
import { DiscussionReader } from './discussion.reader.js';
import { DiscussionRepository } from './discussion.repository.js';
import { Discussions } from './discussions.service.js';
import { GateJobs } from './gate-jobs.service.js';
import { GateRunReports } from './gate-run-reports.service.js';
import { GateWaiverRepository } from './gate-waiver.repository.js';
import { GateWaivers } from './gate-waivers.service.js';
import { LockedRequests } from './locked-requests.js';
import { OpeningChecks } from './opening-checks.js';
import { OrphanedReviews } from './orphaned-reviews.js';
import { PolicyReplays } from './policy-replay.service.js';
import { Preflights } from './preflight.service.js';
import { PromotionApplication } from './promotion-application.js';
import { PromotionAudience } from './promotion-audience.service.js';
import { PromotionChanges } from './promotion-changes.js';
import { PromotionPolicies } from './promotion-policies.js';
import { PromotionProgress } from './promotion-progress.service.js';
import { PromotionRequestReader } from './promotion-request.reader.js';
import { PromotionRequestRepository } from './promotion-request.repository.js';
import { PromotionRequests } from './promotion-requests.service.js';
import { PromotionStatementRepository } from './promotion-statement.repository.js';
import { PromotionStatements } from './promotion-statements.service.js';
import { RequestDetails } from './request-details.reader.js';
import { Reviewers } from './reviewers.js';
import { ViolationReader } from './violations.reader.js';
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
    LockedRequests,
    OpeningChecks,
    OrphanedReviews,
    PolicyReplays,
    Preflights,
    PromotionApplication,
    PromotionAudience,
    PromotionChanges,
    PromotionPolicies,
    PromotionProgress,
    PromotionRequestReader,
    PromotionRequestRepository,
    PromotionRequests,
    PromotionStatementRepository,
    PromotionStatements,
    RequestDetails,
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
    PolicyReplays,
    Preflights,
    PromotionAudience,
    PromotionChanges,
    PromotionProgress,
    PromotionRequestReader,
    PromotionRequests,
    PromotionStatements,
    RequestDetails,
    ViolationReader,
  ],
})
export class PromotionModule {}
