import { samePolicies } from '@app/policy';
import { Targets } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { filesChanged } from './artifact-check.js';
import { type Locked, LockedRequests } from './locked-requests.js';
import { PromotionPolicies } from './policies/promotion-policies.js';
import { describeRequest } from './promotion-request.js';
import { awaitedDiscussions } from './review/review.js';
import { Reviewers } from './review/reviewers.js';

/** Applies an approved request: the last look at everything, and the move, in one transaction. */
@Injectable()
export class PromotionApplication {
  constructor(
    private readonly locked: LockedRequests,
    private readonly policies: PromotionPolicies,
    private readonly reviewers: Reviewers,
    private readonly targets: Targets,
  ) {}

  /**
   * Call it under the lock, with a request that is APPROVED and due.
   * @param digest what was read of the version's bytes just before
   * @returns the request, APPLIED; or BLOCKED or AWAITING_APPROVAL, with the reason, when something no longer holds
   */
  async apply(approved: Locked, digest: string): Promise<Locked> {
    const obstacle = await this.obstacle(approved, digest);
    if (obstacle) return this.locked.move(approved, 'BLOCKED', obstacle, { approvedAt: null, applyAfter: null });
    const { request, model, version } = approved;
    // Rights and memberships may have changed while the request waited.
    const { met, unresolved } = await this.reviewers.tally(request, model, version);
    if (!met) {
      const reason =
        unresolved > 0
          ? awaitedDiscussions(unresolved)
          : 'an approval no longer counts: the reviewer lost the right, or the rule no longer names him';
      return this.locked.move(approved, 'AWAITING_APPROVAL', reason, { approvedAt: null, applyAfter: null });
    }
    await this.targets.move({
      model,
      target: request.target,
      version,
      archiveIncumbent: request.effectivePolicy.archiveIncumbent,
      promotionRequestId: request.id,
      reason: request.justification,
    });
    const applied = await this.locked.move(approved, 'APPLIED', `${describeRequest(request)} is in force`);
    await this.locked.supersedeRivals(applied);
    return applied;
  }

  private async obstacle({ request, model, version }: Locked, digest: string): Promise<string | undefined> {
    if (digest !== request.artifactDigest) return filesChanged(request, digest);
    const policyNow = await this.policies.of(model, request.target, version, request.kind);
    if (!samePolicies(request.effectivePolicy, policyNow)) {
      return 'the policies of the target have changed since the request was opened: run its gates again';
    }
    const holder = await this.targets.holder(model.id, request.target);
    if ((holder?.id ?? null) !== request.incumbentVersionId) {
      const words = (number: number | null | undefined) => (number == null ? 'nobody' : `version ${number}`);
      return `the target is held by ${words(holder?.number)}, and was held by ${words(request.incumbentVersionNumber)} when the request was opened: run its gates again`;
    }
    return undefined;
  }
}
