import { Access, AccessSnapshots, type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { Config, NotFound, Transaction } from '@app/platform';
import { parseTarget } from '@app/policy';
import { Targets, VersionNotFound, VersionRecords, versionNumber } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { ArtifactCheck } from '../artifact-check.js';
import { Comparisons } from '../evidence/comparisons.service.js';
import { evidenceOf } from '../evidence/evidence.js';
import { LockedRequests } from '../locked-requests.js';
import { OpeningChecks, type Prospect } from '../policies/opening-checks.js';
import { FilesChanged } from '../promotion.errors.js';
import { auditedRequest, describeRequest, type PromotionRequest, requiredText } from '../promotion-request.js';
import { PromotionRequestRepository } from '../promotion-request.repository.js';
import type { NewRequest } from '../promotion-requests.service.js';
import { BreakGlassReviewRepository } from './break-glass-review.repository.js';

/** Promotions past the policy, for when waiting does more harm. */
@Injectable()
export class BreakGlass {
  constructor(
    private readonly access: Access,
    private readonly artifacts: ArtifactCheck,
    private readonly audit: AuditLog,
    private readonly checks: OpeningChecks,
    private readonly comparisons: Comparisons,
    private readonly config: Config,
    private readonly locked: LockedRequests,
    private readonly requests: PromotionRequestRepository,
    private readonly reviews: BreakGlassReviewRepository,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly targets: Targets,
    private readonly transaction: Transaction,
    private readonly versions: VersionRecords,
  ) {}

  /**
   * Lets a version hold a protected target at once: no gate runs, nobody approves. What still holds is that its bytes are
   * those that were registered. It is a request of its own, APPLIED when it is answered; it leaves a review behind for
   * somebody else, and supersedes the open requests for the target. Needs BREAK_GLASS on the model.
   * @throws NotFound, PermissionDenied, InvalidArgument; VersionNotReady, NoArtifactDigest, FilesChanged
   * @throws TargetNotProtected when no policy protects the target; AlreadyHolds; IncumbentChanged
   */
  async promote(input: NewRequest): Promise<PromotionRequest> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', input.model);
    const model = await this.authorize(found, input.model);
    const target = parseTarget(input.target);
    const justification = requiredText(input.justification, 'justification', 'say why the policy cannot be waited for');
    const version = await this.versions.byNumber(model.id, versionNumber(input.version));
    if (!version) throw new VersionNotFound(model.fullName, input.version);
    const seen: Prospect = { kind: 'BREAK_GLASS', model, target, version };
    await this.checks.policyFor(seen);
    await this.checks.requireVersion(version, model.fullName);
    // Reading the files may take a while; it is done before anything is locked, however large they are.
    const digest = await this.artifacts.digestOf(version);
    return this.transaction.run(() => this.apply(seen, digest, { ...input, justification }));
  }

  private async apply(seen: Prospect, digest: string, input: NewRequest): Promise<PromotionRequest> {
    const { kind, target } = seen;
    const locked = await this.securables.lock(seen.model.id);
    // Files were read, and the lock waited for: rights are those of now.
    this.snapshots.refresh();
    const model = await this.authorize(locked, seen.model.fullName);
    const version = await this.checks.requireVersion(seen.version, model.fullName);
    if (digest !== version.artifactDigest) throw new FilesChanged(model.fullName, version.number, digest);
    const prospect = { kind, model, target, version };
    const policy = await this.checks.policyFor(prospect);
    const incumbent = await this.checks.requireIncumbent(prospect, input.expectedIncumbent);
    const request = await this.requests.insert({
      kind,
      modelId: model.id,
      modelFullName: model.fullName,
      versionId: version.id,
      versionNumber: version.number,
      target,
      requesterId: this.access.caller().id,
      justification: input.justification,
      incumbentVersionId: incumbent?.id ?? null,
      incumbentVersionNumber: incumbent?.number ?? null,
      artifactDigest: version.artifactDigest,
      effectivePolicy: policy,
      stateReason: null,
    });
    await this.targets.move({
      model,
      target,
      version,
      archiveIncumbent: policy.archiveIncumbent,
      promotionRequestId: request.id,
      breakGlass: true,
      reason: input.justification,
    });
    const { dueAt } = await this.reviews.open(request, this.config.settings.BREAK_GLASS_REVIEW_HOURS);
    await this.audit.record({
      action: 'promotion_request.glass_broken',
      object: auditedRequest(request, model),
      after: {
        version: version.number,
        target,
        incumbent: request.incumbentVersionNumber,
        passedOver: policy.policies,
        reviewDueAt: dueAt,
      },
      reason: input.justification,
    });
    const { evidence, digest: evidenceDigest } = evidenceOf(request, [], await this.comparisons.ofRequest(request));
    const reason = `${describeRequest(request)} is in force, past the policy`;
    const applied = await this.locked.move({ request, model, version }, 'APPLIED', reason, {
      evidence,
      evidenceDigest,
    });
    await this.locked.supersedeRivals(applied);
    return applied.request;
  }

  private async authorize(found: Securable | undefined, fullName: string): Promise<Securable> {
    if (found) return (await this.access.authorize('BREAK_GLASS', found, 'REGISTERED_MODEL', fullName)).object;
    await this.access.authorize('BREAK_GLASS', found, 'REGISTERED_MODEL', fullName);
    throw new NotFound('Registered model', fullName);
  }
}
