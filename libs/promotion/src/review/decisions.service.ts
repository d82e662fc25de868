import { Access, type Securable } from '@app/access';
import { AuditLog, type NewAuditEvent } from '@app/audit';
import { FailedPrecondition, Transaction } from '@app/platform';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { ArtifactCheck, filesChanged } from '../artifact-check.js';
import { type Locked, LockedRequests } from '../locked-requests.js';
import { ArtifactChanged, RequestNotFound, StaleEvidence } from '../promotion.errors.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import {
  auditedRequest,
  optionalText,
  type PromotionRequest,
  requiredText,
  requireOpen,
} from '../promotion-request.js';
import { VisibleRequests } from '../visible-requests.js';
import { DecisionRepository } from './decision.repository.js';
import { type Decision, objections, requireNoObjection, type Verdict } from './review.js';
import { Reviewers } from './reviewers.js';

export interface NewDecision {
  number: number;
  verdict: Verdict;
  /** Required for REJECT and REQUEST_CHANGES. */
  comment?: string | null;
  /** The digest of the evidence that the reviewer saw. */
  evidenceDigest: string;
}

@Injectable()
export class Decisions {
  constructor(
    private readonly access: Access,
    private readonly artifacts: ArtifactCheck,
    private readonly audit: AuditLog,
    private readonly decisions: DecisionRepository,
    private readonly locked: LockedRequests,
    private readonly progress: PromotionProgress,
    private readonly reviewers: Reviewers,
    private readonly transaction: Transaction,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Decides on a request. Needs APPROVE_PROMOTION, and a rule that names the caller or one of his groups. The last
   * approval applies the request in the same transaction, when the policy asks for no wait and the files are small
   * enough to be read again here.
   * @throws NotFound, PermissionDenied; MayNotDecide for separation of duties; NotDecidable for the request's state
   * @throws StaleEvidence when the evidence is another than the reviewer saw; nothing changes
   * @throws ArtifactChanged when the bytes in the store are not those that were registered; the request is BLOCKED by it
   */
  async decide(input: NewDecision): Promise<{ request: PromotionRequest; decision: Decision }> {
    const { caller, request: seen, model } = await this.visible.byNumber(input.number);
    await this.access.authorize('APPROVE_PROMOTION', model, 'REGISTERED_MODEL', model.fullName);
    const comment = commentFor(input);
    const digest = await this.digestFor(seen, model, input);

    const { request, decision } = await this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      const standing = await this.requireMayDecide(locked, caller.id, input);
      if (digest !== undefined && digest !== locked.request.artifactDigest) {
        const blocked = await this.locked.move(locked, 'BLOCKED', filesChanged(locked.request, digest));
        return { request: blocked.request, decision: undefined };
      }
      if (standing) await this.decisions.end([standing.id], 'REPLACED');
      const made = await this.decisions.insert({
        requestId: seen.id,
        principalId: caller.id,
        verdict: input.verdict,
        comment,
        evidenceDigest: input.evidenceDigest,
      });
      const change = { before: standing && audited(standing), after: audited(made), reason: comment };
      await this.record(locked, 'promotion_request.decided', change);
      return { request: (await this.progress.review(locked, digest)).request, decision: made };
    });
    if (!decision) throw new ArtifactChanged(request.number, request.stateReason ?? '');
    return { request, decision };
  }

  /**
   * Takes back the caller's standing decision, while the request is open.
   * @throws NotFound; RequestClosed; FailedPrecondition when there is none
   */
  async withdraw(input: { number: number; reason?: string | null }): Promise<PromotionRequest> {
    const { caller, request: seen } = await this.visible.byNumber(input.number);
    const reason = optionalText(input.reason, 'reason');
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      requireOpen(locked.request);
      const standing = await this.standingOf(locked, caller.id);
      if (!standing) {
        throw new FailedPrecondition('NO_DECISION', `no decision of yours stands on promotion request ${seen.number}`);
      }
      await this.decisions.end([standing.id], 'WITHDRAWN');
      await this.record(locked, 'promotion_request.decision_withdrawn', { before: audited(standing), reason });
      return (await this.progress.review(locked)).request;
    });
  }

  /** The version's bytes, read outside the transaction, and only for a reviewer who may approve. */
  private async digestFor(seen: PromotionRequest, model: Securable, input: NewDecision): Promise<string | undefined> {
    const version = await this.versions.byId(seen.versionId);
    if (!version) throw new RequestNotFound(seen.number);
    await this.requireMayDecide({ request: seen, model, version }, this.access.caller().id, input);
    return input.verdict === 'APPROVE' ? this.artifacts.digestInline(version) : undefined;
  }

  /** @returns the caller's decision that the new one replaces, if there is one */
  private async requireMayDecide(
    locked: Locked,
    callerId: string,
    { verdict, evidenceDigest }: NewDecision,
  ): Promise<Decision | undefined> {
    const { request, model, version } = locked;
    const standing = await this.standingOf(locked, callerId);
    const reviewer = await this.reviewers.viewer(model);
    requireNoObjection(objections(request, version, reviewer, { verdict, standing }), request, model);
    if (evidenceDigest !== request.evidenceDigest) {
      throw new StaleEvidence(request.number, evidenceDigest, request.evidenceDigest);
    }
    return standing;
  }

  private async standingOf({ request }: Locked, principalId: string): Promise<Decision | undefined> {
    return (await this.decisions.standing(request.id)).find((decision) => decision.principalId === principalId);
  }

  private record(
    { request, model }: Locked,
    action: string,
    change: Pick<NewAuditEvent, 'before' | 'after' | 'reason'>,
  ): Promise<void> {
    return this.audit.record({ action, object: auditedRequest(request, model), ...change });
  }
}

/** What the audit trail keeps of a decision. */
const audited = ({ verdict, evidenceDigest }: Decision) => ({ verdict, evidenceDigest });

const commentFor = ({ verdict, comment }: NewDecision): string | null =>
  verdict === 'APPROVE'
    ? optionalText(comment, 'comment')
    : requiredText(comment, 'comment', `${verdict} needs one, so that the requester knows why`);
