import { Access } from '@app/access';
import { AuditLog } from '@app/audit';
import { Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { ForbiddenByRule, NoReview, ReviewClosed } from '../promotion.errors.js';
import { auditedRequest, requiredText } from '../promotion-request.js';
import { VisibleRequests } from '../visible-requests.js';
import type { BreakGlassReview, ReviewOutcome } from './break-glass-review.js';
import { BreakGlassReviewRepository } from './break-glass-review.repository.js';
import { OrphanedReviews, type ReviewedPromotion } from './orphaned-reviews.js';

/** Reviews of promotions past the policy: how they are closed. */
@Injectable()
export class BreakGlassReviews {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly orphaned: OrphanedReviews,
    private readonly reviews: BreakGlassReviewRepository,
    private readonly transaction: Transaction,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Says what somebody else's promotion past the policy was worth. For a person who holds APPROVE_PROMOTION on the model, or
   * where it stood when it was deleted, and did not promote. It moves nothing back: that is a rollback.
   * @throws NotFound, PermissionDenied, InvalidArgument, ForbiddenByRule; NoReview, ReviewClosed
   */
  async close(input: { number: number; outcome: ReviewOutcome; comment: string }): Promise<BreakGlassReview> {
    const caller = this.access.caller();
    const { request, model } = await this.authorize(input.number);
    const comment = requiredText(input.comment, 'comment', 'say what you found');
    const review = await this.reviews.of(request.id);
    if (!review) throw new NoReview(request.number);
    if (review.actorId === caller.id) {
      const explanation = 'You promoted past the policy: another person reviews it.';
      throw new ForbiddenByRule('APPROVE_PROMOTION', { rule: 'ACTOR_CANNOT_REVIEW', explanation }, model);
    }
    if (caller.kind !== 'USER') {
      const explanation = 'A promotion past the policy is reviewed by a person, not by a service.';
      throw new ForbiddenByRule('APPROVE_PROMOTION', { rule: 'NOT_A_PERSON', explanation }, model);
    }
    return this.transaction.run(async () => {
      const { outcome } = input;
      if (!(await this.reviews.close(request.id, { closedBy: caller.id, outcome, comment }))) {
        throw new ReviewClosed(request.number);
      }
      const object = auditedRequest(request, model);
      await this.audit.record({ action: 'break_glass_review.closed', object, after: { outcome }, reason: comment });
      return (await this.reviews.of(request.id)) as BreakGlassReview;
    });
  }

  private async authorize(number: number): Promise<ReviewedPromotion> {
    const orphan = await this.orphaned.reviewable(number);
    if (orphan) return orphan;
    const { request, model } = await this.visible.byNumber(number);
    await this.access.authorize('APPROVE_PROMOTION', model, 'REGISTERED_MODEL', model.fullName);
    return { request, model };
  }
}
