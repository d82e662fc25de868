import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import type { PromotionRequest } from '../promotion-request.js';
import type { BreakGlassReview, ReviewOutcome } from './break-glass-review.js';

/** A BreakGlassReview from the rows `b` of break_glass_reviews and `r` of promotion_requests. */
export const reviewColumns = raw(`b.request_id AS "requestId", r.number AS "requestNumber",
  r.model_full_name AS "modelFullName", r.justification, b.actor_id AS "actorId",
  b.opened_at AS "openedAt", b.due_at AS "dueAt", b.closed_at IS NULL AND b.due_at <= now() AS overdue,
  b.closed_at AS "closedAt", b.closed_by AS "closedBy", b.outcome, b.comment`);

@Injectable()
export class BreakGlassReviewRepository {
  constructor(private readonly db: Database) {}

  async open({ id, requesterId }: PromotionRequest, hours: number): Promise<{ dueAt: Date }> {
    const row = await this.db.first<{ dueAt: Date }>(sql`
      INSERT INTO break_glass_reviews (request_id, actor_id, opened_at, due_at)
      VALUES (${id}::uuid, ${requesterId}::uuid, now(), now() + ${hours}::float8 * interval '1 hour') RETURNING due_at AS "dueAt"`);
    if (!row) throw new Error('an INSERT answers with its row');
    return row;
  }

  of(requestId: string): Promise<BreakGlassReview | undefined> {
    return this.db.first<BreakGlassReview>(sql`
      SELECT ${reviewColumns} FROM break_glass_reviews b JOIN promotion_requests r ON r.id = b.request_id
      WHERE b.request_id = ${requestId}::uuid`);
  }

  /** @returns false when it was closed already */
  async close(
    requestId: string,
    { closedBy, outcome, comment }: { closedBy: string; outcome: ReviewOutcome; comment: string },
  ): Promise<boolean> {
    const closed = await this.db.execute(sql`
      UPDATE break_glass_reviews SET closed_at = now(), closed_by = ${closedBy}::uuid, outcome = ${outcome}, comment = ${comment}
      WHERE request_id = ${requestId}::uuid AND closed_at IS NULL`);
    return closed > 0;
  }
}
