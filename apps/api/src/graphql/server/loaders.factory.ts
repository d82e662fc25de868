import type { Principal, Securable } from '@app/access';
import { type AuditEvent, AuditTrail } from '@app/audit';
import { type GateRun, GatesModule } from '@app/gates';
import { ExternalIdentities, type ExternalIdentity, IdentityModule, Principals } from '@app/identity';
import {
  type Job,
  Jobs,
  type LineageDataset,
  LineageDatasets,
  LineageModule,
  type ModelEndpoint,
  ModelEndpoints,
  type RunDataset,
  RunLineageReader,
  type RunModel,
} from '@app/lineage';
import { NamespaceModule, Securables, type Tag } from '@app/namespace';
import {
  type BreakGlassReview,
  BreakGlassReviewReader,
  DiscussionReader,
  type GateWaiver,
  GateWaivers,
  PromotionModule,
  type PromotionRequest,
  PromotionRequestReader,
  PromotionStatements,
  RequestDetails,
  type RuleProgress,
  type SignedStatement,
  type ViewerDecision,
} from '@app/promotion';
import {
  type ModelAlias,
  ModelRecords,
  type ModelVersion,
  RegistryModule,
  type VersionContent,
  VersionRecords,
} from '@app/registry';
import {
  type ExperimentDetails,
  Experiments,
  type LatestMetric,
  type Param,
  type Run,
  RunRecords,
  Runs,
  TrackingModule,
} from '@app/tracking';
import { Proofs, TransparencyModule } from '@app/transparency';
import { type WebhookAttempt, WebhookModule, WebhookReader } from '@app/webhook';
import { Injectable, Module } from '@nestjs/common';
import type DataLoader from 'dataloader';
import type { FastifyRequest } from 'fastify';
import { listLoader, loader } from './loaders.js';
import { VisibleObjects } from './visible-objects.js';

/** The batched look-ups of one request. What names an object by id checks rights; what hangs on one that is shown does not. */
export interface Loaders {
  principal: DataLoader<string, Principal | null>;
  securable: DataLoader<string, Securable | null>;
  modelVersion: DataLoader<string, ModelVersion | null>;
  promotionRequest: DataLoader<string, PromotionRequest | null>;
  contentOfVersion: DataLoader<string, VersionContent | null>;
  viewerDecision: DataLoader<string, ViewerDecision | null>;
  approvalsOfRequest: DataLoader<string, { rules: RuleProgress[] } | null>;
  externalIdentitiesOfPrincipal: DataLoader<string, ExternalIdentity[]>;
  tagsOfSecurable: DataLoader<string, Tag[]>;
  tagsOfVersion: DataLoader<string, Tag[]>;
  aliasesOfModel: DataLoader<string, ModelAlias[]>;
  aliasesOfVersion: DataLoader<string, { alias: string }[]>;
  filesOfVersion: DataLoader<string, { path: string; size: number; sha256: string }[]>;
  /** By the number that MLflow knows it by. */
  experimentByNumber: DataLoader<string, Securable | null>;
  detailsOfExperiment: DataLoader<string, ExperimentDetails | null>;
  run: DataLoader<string, Run | null>;
  metricsOfRun: DataLoader<string, LatestMetric[]>;
  paramsOfRun: DataLoader<string, Param[]>;
  tagsOfRun: DataLoader<string, Tag[]>;
  dataset: DataLoader<string, LineageDataset | null>;
  job: DataLoader<string, Job | null>;
  modelEndpoint: DataLoader<string, ModelEndpoint | null>;
  datasetsOfRun: DataLoader<string, RunDataset[]>;
  modelsOfRun: DataLoader<string, RunModel[]>;
  gateRunsOfRequest: DataLoader<string, GateRun[]>;
  waiversOfGateRun: DataLoader<string, GateWaiver[]>;
  reviewOfRequest: DataLoader<string, BreakGlassReview | null>;
  unresolvedDiscussions: DataLoader<string, { count: number } | null>;
  statementOfRequest: DataLoader<string, SignedStatement | null>;
  attemptsOfDelivery: DataLoader<string, WebhookAttempt[]>;
  auditEvent: DataLoader<string, AuditEvent | null>;
  sequenceOfEvent: DataLoader<string, { id: string; sequence: number } | null>;
}

/** What Apollo hands to every resolver. */
export interface GraphqlContext {
  request: FastifyRequest;
  loaders: Loaders;
  /** Of a subscription: aborted when it ends. */
  signal?: AbortSignal;
}

const byId = ({ id }: { id: string }) => id;

@Injectable()
export class LoadersFactory {
  constructor(
    private readonly breakGlassReviews: BreakGlassReviewReader,
    private readonly datasets: LineageDatasets,
    private readonly details: RequestDetails,
    private readonly discussions: DiscussionReader,
    private readonly endpoints: ModelEndpoints,
    private readonly experiments: Experiments,
    private readonly identities: ExternalIdentities,
    private readonly jobs: Jobs,
    private readonly models: ModelRecords,
    private readonly principals: Principals,
    private readonly proofs: Proofs,
    private readonly requests: PromotionRequestReader,
    private readonly runLineage: RunLineageReader,
    private readonly runRecords: RunRecords,
    private readonly runs: Runs,
    private readonly securables: Securables,
    private readonly statements: PromotionStatements,
    private readonly trail: AuditTrail,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleObjects,
    private readonly waivers: GateWaivers,
    private readonly webhooks: WebhookReader,
  ) {}

  create(): Loaders {
    return {
      principal: loader((ids) => this.principals.byIds(ids), byId),
      securable: loader((ids) => this.visible.securables(ids), byId),
      modelVersion: loader((ids) => this.visible.modelVersions(ids), byId),
      promotionRequest: loader((ids) => this.requests.byIds(ids), byId),
      contentOfVersion: loader(
        (ids) => this.versions.contentsOf(ids),
        ({ versionId }) => versionId,
      ),
      ...this.reviews(),
      externalIdentitiesOfPrincipal: listLoader(
        (ids) => this.identities.ofPrincipals(ids),
        ({ principalId }) => principalId,
      ),
      tagsOfSecurable: listLoader(
        (ids) => this.tagsOf(ids),
        ({ securableId }) => securableId,
      ),
      tagsOfVersion: listLoader(
        (ids) => this.versions.tagsOf(ids),
        ({ versionId }) => versionId,
      ),
      aliasesOfModel: listLoader(
        (ids) => this.models.aliasesOf(ids),
        ({ modelId }) => modelId,
      ),
      aliasesOfVersion: listLoader(
        (ids) => this.versions.aliasesOf(ids),
        ({ versionId }) => versionId,
      ),
      filesOfVersion: listLoader(
        (ids) => this.versions.filesOf(ids),
        ({ versionId }) => versionId,
      ),
      ...this.tracking(),
      waiversOfGateRun: listLoader(
        (ids) => this.waivers.ofGateRuns(ids),
        ({ gateRunId }) => gateRunId,
      ),
      reviewOfRequest: loader(
        (ids) => this.breakGlassReviews.ofRequests(ids),
        ({ requestId }) => requestId,
      ),
      unresolvedDiscussions: loader(
        (ids) => this.discussions.unresolved(ids),
        ({ requestId }) => requestId,
      ),
      gateRunsOfRequest: listLoader(
        (ids) => this.details.gateRunsOf(ids),
        ({ requestId }) => requestId,
      ),
      attemptsOfDelivery: listLoader(
        (ids) => this.webhooks.attemptsOf(ids),
        ({ deliveryId }) => deliveryId,
      ),
      auditEvent: loader((ids) => this.trail.byIds(ids), byId),
      sequenceOfEvent: loader((ids) => this.proofs.sequencesOf(ids), byId),
    };
  }

  private reviews() {
    const byRequest = ({ requestId }: { requestId: string }) => requestId;
    return {
      approvalsOfRequest: loader((ids) => this.requests.progressOf(ids), byRequest),
      statementOfRequest: loader((ids) => this.statements.ofRequests(ids), byRequest),
      viewerDecision: loader((ids) => this.requests.viewerDecisionsOf(ids), byRequest),
    };
  }

  private tracking() {
    const byRun = ({ runId }: { runId: string }) => runId;
    return {
      experimentByNumber: loader(
        (ids) => this.experiments.byExperimentIds(ids),
        ({ experimentId }) => experimentId,
      ),
      detailsOfExperiment: loader((ids) => this.experiments.detailsOf(ids), byId),
      run: loader((ids) => this.runs.byIds(ids), byId),
      metricsOfRun: listLoader((ids) => this.runRecords.latestMetricsOf(ids), byRun),
      paramsOfRun: listLoader((ids) => this.runRecords.paramsOf(ids), byRun),
      tagsOfRun: listLoader((ids) => this.runRecords.tagsOf(ids), byRun),
      dataset: loader((ids) => this.datasets.byIds(ids), byId),
      job: loader((ids) => this.jobs.byIds(ids), byId),
      modelEndpoint: loader((ids) => this.endpoints.byIds(ids), byId),
      datasetsOfRun: listLoader((ids) => this.runLineage.datasetsOf(ids), byRun),
      modelsOfRun: listLoader((ids) => this.runLineage.modelsOf(ids), byRun),
    };
  }

  private async tagsOf(ids: string[]): Promise<(Tag & { securableId: string })[]> {
    const found = await this.securables.tagsOf(ids);
    return [...found].flatMap(([securableId, tags]) => tags.map((tag) => ({ ...tag, securableId })));
  }
}

@Module({
  imports: [
    GatesModule,
    IdentityModule,
    LineageModule,
    NamespaceModule,
    PromotionModule,
    RegistryModule,
    TrackingModule,
    TransparencyModule,
    WebhookModule,
  ],
  providers: [LoadersFactory, VisibleObjects],
  exports: [LoadersFactory, VisibleObjects],
})
export class LoadersModule {}
