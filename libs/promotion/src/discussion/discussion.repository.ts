import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { DiscussionComment, DiscussionThread } from './discussion.js';

/** A DiscussionThread from the row `t` of discussion_threads. */
export const threadColumns = raw(`t.id, t.request_id AS "requestId", t.blocking, t.opened_by AS "openedBy",
  t.opened_at AS "openedAt", t.resolved_by AS "resolvedBy", t.resolved_at AS "resolvedAt"`);

/** A DiscussionComment from the row `c` of discussion_comments. */
export const commentColumns = raw(
  `c.id, c.thread_id AS "threadId", c.author_id AS "authorId", c.text, c.made_at AS "madeAt"`,
);

@Injectable()
export class DiscussionRepository {
  constructor(private readonly db: Database) {}

  thread(id: string): Promise<DiscussionThread | undefined> {
    return this.db.first<DiscussionThread>(
      sql`SELECT ${threadColumns} FROM discussion_threads t WHERE t.id = ${id}::uuid`,
    );
  }

  /** A comment, with who else has a part in its thread. */
  async commentInThread(id: string): Promise<(DiscussionComment & { speakerIds: string[] }) | undefined> {
    return this.db.first(sql`
      SELECT ${commentColumns}, ARRAY(SELECT DISTINCT o.author_id FROM discussion_comments o
        WHERE o.thread_id = c.thread_id AND o.author_id <> c.author_id) AS "speakerIds"
      FROM discussion_comments c WHERE c.id = ${id}::uuid`);
  }

  /** How many threads stand in the way of each request; requests without one are left out. */
  unresolved(requestIds: readonly string[]): Promise<{ requestId: string; count: number }[]> {
    return this.db.query(sql`
      SELECT request_id AS "requestId", count(*) AS count FROM discussion_threads
      WHERE request_id = ANY(${requestIds}::uuid[]) AND blocking AND resolved_at IS NULL GROUP BY request_id`);
  }

  async open(thread: Pick<DiscussionThread, 'requestId' | 'blocking' | 'openedBy'>): Promise<DiscussionThread> {
    const opened = await this.db.first<DiscussionThread>(sql`
      INSERT INTO discussion_threads AS t (id, request_id, blocking, opened_by, opened_at)
      VALUES (${uuidv7()}::uuid, ${thread.requestId}::uuid, ${thread.blocking}, ${thread.openedBy}::uuid, clock_timestamp())
      RETURNING ${threadColumns}`);
    if (!opened) throw new Error('an INSERT answers with its row');
    return opened;
  }

  async comment(comment: Pick<DiscussionComment, 'threadId' | 'authorId' | 'text'>): Promise<DiscussionComment> {
    const made = await this.db.first<DiscussionComment>(sql`
      INSERT INTO discussion_comments AS c (id, thread_id, author_id, text, made_at)
      VALUES (${uuidv7()}::uuid, ${comment.threadId}::uuid, ${comment.authorId}::uuid, ${comment.text}, clock_timestamp())
      RETURNING ${commentColumns}`);
    if (!made) throw new Error('an INSERT answers with its row');
    return made;
  }

  /** @returns undefined when it was resolved already */
  resolve(id: string, resolvedBy: string): Promise<DiscussionThread | undefined> {
    return this.db.first<DiscussionThread>(sql`
      UPDATE discussion_threads t SET resolved_by = ${resolvedBy}::uuid, resolved_at = clock_timestamp()
      WHERE t.id = ${id}::uuid AND t.resolved_at IS NULL RETURNING ${threadColumns}`);
  }

  /** @returns undefined when it is open already */
  reopen(id: string): Promise<DiscussionThread | undefined> {
    return this.db.first<DiscussionThread>(sql`
      UPDATE discussion_threads t SET resolved_by = NULL, resolved_at = NULL
      WHERE t.id = ${id}::uuid AND t.resolved_at IS NOT NULL RETURNING ${threadColumns}`);
  }
}
