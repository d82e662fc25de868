import { Database, type KeysetQuery, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join, type Sql } from 'sql-template-tag';
import { VisibleRequests } from '../visible-requests.js';
import type { BreakGlassReview } from './break-glass-review.js';
import { reviewColumns } from './break-glass-review.repository.js';
import { formerPlace, OrphanedReviews } from './orphaned-reviews.js';

export interface BreakGlassReviewFilter {
  /** Only open ones, or only closed ones. */
  open?: boolean | null;
  /** Only those whose time is over, or only the others. */
  overdue?: boolean | null;
}

/** Lists of reviews. Whoever may see the request sees its review; where the model is gone, whoever may close it. */
@Injectable()
export class BreakGlassReviewReader {
  constructor(
    private readonly db: Database,
    private readonly orphaned: OrphanedReviews,
    private readonly visible: VisibleRequests,
  ) {}

  /** Those of the requests that the caller may see. */
  async ofRequests(requestIds: readonly string[]): Promise<BreakGlassReview[]> {
    const { from, where } = await this.matching({});
    return this.db.query<BreakGlassReview>(
      sql`SELECT ${reviewColumns} FROM ${from} WHERE ${where} AND b.request_id = ANY(${requestIds}::uuid[])`,
    );
  }

  /** The one that is due first comes first. */
  async list(filter: BreakGlassReviewFilter, args: PageArgs): Promise<Page<BreakGlassReview>> {
    return keysetPage<BreakGlassReview, BreakGlassReview>(this.db, {
      select: reviewColumns,
      ...(await this.matching(filter)),
      orderName: 'due',
      order: [
        { expression: sql`b.due_at`, type: 'timestamptz', direction: 'ASC' },
        { expression: sql`b.request_id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (review) => review,
    });
  }

  async count(filter: BreakGlassReviewFilter): Promise<number> {
    const { from, where } = await this.matching(filter);
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from} WHERE ${where}`);
    return row?.count ?? 0;
  }

  private async matching({
    open,
    overdue,
  }: BreakGlassReviewFilter): Promise<Pick<KeysetQuery<unknown, unknown>, 'from' | 'where'>> {
    const conditions: Sql[] = [
      sql`CASE WHEN s.id IS NULL THEN ${await this.orphaned.where()} ELSE ${await this.visible.where('s')} END`,
    ];
    if (open != null) conditions.push(sql`(b.closed_at IS NULL) = ${open}::boolean`);
    if (overdue != null) conditions.push(sql`(b.closed_at IS NULL AND b.due_at <= now()) = ${overdue}::boolean`);
    return {
      from: sql`break_glass_reviews b JOIN promotion_requests r ON r.id = b.request_id LEFT JOIN securables s ON s.id = r.model_id
        LEFT JOIN ${formerPlace} ON s.id IS NULL`,
      where: join(conditions, ' AND '),
    };
  }
}
