import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { VisibleRequests } from '../visible-requests.js';
import type { DiscussionComment, DiscussionThread } from './discussion.js';
import { commentColumns, DiscussionRepository, threadColumns } from './discussion.repository.js';

/** Discussions for people: whoever may see a request may read what is said about it. */
@Injectable()
export class DiscussionReader {
  constructor(
    private readonly db: Database,
    private readonly discussions: DiscussionRepository,
    private readonly visible: VisibleRequests,
  ) {}

  /** The threads of a request, the oldest first. @throws NotFound */
  async threads(number: number, args: PageArgs): Promise<Page<DiscussionThread>> {
    const { request } = await this.visible.byNumber(number);
    return keysetPage<DiscussionThread, DiscussionThread>(this.db, {
      select: threadColumns,
      from: sql`discussion_threads t`,
      where: sql`t.request_id = ${request.id}::uuid`,
      orderName: 'opened',
      order: [
        { expression: sql`t.opened_at`, type: 'timestamptz', direction: 'ASC' },
        { expression: sql`t.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (thread) => thread,
    });
  }

  async countThreads(number: number): Promise<number> {
    const { request } = await this.visible.byNumber(number);
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM discussion_threads WHERE request_id = ${request.id}::uuid`,
    );
    return row?.count ?? 0;
  }

  /** What was said in a thread, the oldest first; nothing when the caller may not see its request. */
  async comments(threadId: string, args: PageArgs): Promise<Page<DiscussionComment>> {
    const visible = await this.visible.where('s');
    return keysetPage<DiscussionComment, DiscussionComment>(this.db, {
      select: commentColumns,
      from: sql`discussion_comments c JOIN discussion_threads t ON t.id = c.thread_id
        JOIN promotion_requests r ON r.id = t.request_id JOIN securables s ON s.id = r.model_id`,
      where: sql`c.thread_id = ${threadId}::uuid AND ${visible}`,
      orderName: 'made',
      order: [
        { expression: sql`c.made_at`, type: 'timestamptz', direction: 'ASC' },
        { expression: sql`c.id`, type: 'uuid', direction: 'ASC' },
      ],
      args,
      toNode: (comment) => comment,
    });
  }

  async countComments(threadId: string): Promise<number> {
    const visible = await this.visible.where('s');
    const row = await this.db.first<{ count: number }>(sql`
      SELECT count(*) AS count FROM discussion_comments c JOIN discussion_threads t ON t.id = c.thread_id
      JOIN promotion_requests r ON r.id = t.request_id JOIN securables s ON s.id = r.model_id
      WHERE c.thread_id = ${threadId}::uuid AND ${visible}`);
    return row?.count ?? 0;
  }

  /** How many threads stand in the way of each request, without a question of rights: for requests that are shown. */
  unresolved(requestIds: readonly string[]): Promise<{ requestId: string; count: number }[]> {
    return this.discussions.unresolved(requestIds);
  }
}
