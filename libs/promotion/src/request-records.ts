import { Database } from '@app/platform';
import type { PolicyRules } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { DiscussionComment, DiscussionThread } from './discussion/discussion.js';
import { commentColumns, threadColumns } from './discussion/discussion.repository.js';
import { decisionColumns } from './review/decision.repository.js';
import type { Decision } from './review/review.js';

/** The lines of a gate's log that are not too many to be shown, and how many there are. */
export interface LogExcerpt {
  gateRunId: string;
  /** The first and the last of them, in their order; instants as JSON has them. */
  lines: { line: number; at: string; stream: string; text: string }[];
  total: number;
}

/** A policy revision that a request was opened under, as it was written. */
export interface PinnedRevision {
  revisionId: string;
  /** Of the securable that the policy hangs on. */
  securableId: string;
  rules: PolicyRules;
  reason: string | null;
  createdBy: string | null;
  createdAt: Date;
}

/** That the state of a request, or of one of its gates, changed. */
export interface RecordedChange {
  eventId: string;
  /** null: the event is not kept any more. */
  action: string | null;
  occurredAt: Date | null;
}

/** Lines of logs are cut off there. */
const longestLine = 2000;

/**
 * What hangs on one request, read in one statement for each kind, however much of it there is. No right is asked: its callers
 * have shown the request.
 */
@Injectable()
export class RequestRecords {
  constructor(private readonly db: Database) {}

  /** Every decision, those that no longer stand included, in the order in which they were made. */
  decisionsOf(requestId: string): Promise<Decision[]> {
    return this.db.query<Decision>(sql`
      SELECT ${decisionColumns} FROM decisions d WHERE d.request_id = ${requestId}::uuid ORDER BY d.decided_at, d.id`);
  }

  /** The threads, the oldest first. */
  threadsOf(requestId: string): Promise<DiscussionThread[]> {
    return this.db.query<DiscussionThread>(sql`
      SELECT ${threadColumns} FROM discussion_threads t WHERE t.request_id = ${requestId}::uuid ORDER BY t.opened_at, t.id`);
  }

  /** What was said in all threads, the oldest first. */
  commentsOf(requestId: string): Promise<DiscussionComment[]> {
    return this.db.query<DiscussionComment>(sql`
      SELECT ${commentColumns} FROM discussion_comments c JOIN discussion_threads t ON t.id = c.thread_id
      WHERE t.request_id = ${requestId}::uuid ORDER BY c.made_at, c.id`);
  }

  /** Of each log its beginning and its end. @param most lines of either */
  logsOf(gateRunIds: readonly string[], most: number): Promise<LogExcerpt[]> {
    return this.db.query<LogExcerpt>(sql`
      SELECT gate_run_id AS "gateRunId", total, json_agg(json_build_object('line', line,
        'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'stream', stream, 'text', left(text, ${longestLine})) ORDER BY line) AS lines
      FROM (SELECT l.*, count(*) OVER (PARTITION BY gate_run_id) AS total,
          row_number() OVER (PARTITION BY gate_run_id ORDER BY line) AS place
        FROM gate_logs l WHERE gate_run_id = ANY(${gateRunIds}::uuid[])) AS l
      WHERE place <= ${most} OR place > total - ${most} GROUP BY gate_run_id, total`);
  }

  /** What the revisions say, by whom and why. */
  revisionsOf(revisionIds: readonly string[]): Promise<PinnedRevision[]> {
    return this.db.query<PinnedRevision>(sql`
      SELECT r.id AS "revisionId", p.securable_id AS "securableId", r.rules, r.reason, r.created_by AS "createdBy", r.created_at AS "createdAt"
      FROM policy_revisions r JOIN policies p ON p.id = r.policy_id WHERE r.id = ANY(${revisionIds}::uuid[])`);
  }

  /** The last changes, in the order in which they were committed. */
  async changesOf(requestId: string, most: number): Promise<RecordedChange[]> {
    const newest = await this.db.query<RecordedChange>(sql`
      SELECT c.event_id AS "eventId", a.action, a.occurred_at AS "occurredAt"
      FROM promotion_request_changes c LEFT JOIN audit_events a ON a.id = c.event_id
      WHERE c.request_id = ${requestId}::uuid ORDER BY c.sequence DESC LIMIT ${most}`);
    return newest.reverse();
  }

  async countChanges(requestId: string): Promise<number> {
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM promotion_request_changes WHERE request_id = ${requestId}::uuid`,
    );
    return row?.count ?? 0;
  }

  /** Who is named by one of these, himself or through his groups: pairs of a named principal and a person, as they are now. */
  namedAmong(named: readonly string[], people: readonly string[]): Promise<{ namedId: string; personId: string }[]> {
    return this.db.query(sql`
      WITH RECURSIVE reach(named_id, id) AS (
        SELECT n, n FROM unnest(${named}::uuid[]) AS n
        UNION SELECT r.named_id, m.member_id FROM group_members m JOIN reach r ON m.group_id = r.id
      )
      SELECT named_id AS "namedId", id AS "personId" FROM reach WHERE id = ANY(${people}::uuid[]) ORDER BY 1, 2`);
  }
}
