import type { Database } from '@app/platform';
import sql from 'sql-template-tag';

/**
 * What PostgreSQL says of all requests of a database, asked without a line of the service: each answer is the rows that
 * should not be there.
 */
export class Ledger {
  constructor(private readonly db: Database) {}

  ends(): Promise<{ state: string; requests: number }[]> {
    return this.db.query(sql`SELECT state, count(*) AS requests FROM promotion_requests GROUP BY state ORDER BY state`);
  }

  /** Requests that are open, that did not end in exactly one recorded event, or that were not opened in one. */
  unfinishedRequests(): Promise<unknown[]> {
    return this.db.query(sql`
      SELECT r.number, r.state, e.events FROM promotion_requests r, LATERAL (
        SELECT array_agg(a.action ORDER BY a.action) AS events FROM audit_events a WHERE a.object_id = r.id::text
          AND a.action ~ '^promotion_request\\.(created|applied|superseded|rejected|cancelled|expired)$') e
      WHERE r.closed_at IS NULL OR r.state NOT IN ('APPLIED', 'SUPERSEDED', 'REJECTED', 'CANCELLED')
        OR e.events IS DISTINCT FROM ARRAY(SELECT unnest(ARRAY['promotion_request.created', 'promotion_request.' || lower(r.state)]) ORDER BY 1)`);
  }

  /** Versions that have no request, or several; requests that rivals were to supersede, and that name none that was applied. */
  strayRequests(): Promise<unknown[]> {
    return this.db.query(sql`
      SELECT 'version ' || v.number AS stray FROM model_versions v
      WHERE (SELECT count(*) FROM promotion_requests r WHERE r.version_id = v.id) <> 1
      UNION ALL
      SELECT 'superseded ' || r.number FROM promotion_requests r
      WHERE (r.state = 'SUPERSEDED') <> EXISTS (
        SELECT 1 FROM promotion_requests w WHERE w.number = r.superseded_by_number AND w.state = 'APPLIED')`);
  }

  /** Gate runs with another number of judgements than one, or than none for those that were cancelled. */
  misjudgedGates(): Promise<unknown[]> {
    return this.db.query(sql`
      SELECT g.id, g.status, g.attempt, count(a.id) AS judgements FROM gate_runs g
      LEFT JOIN audit_events a ON a.object_id = g.id::text AND a.action = 'gate_run.finished'
      GROUP BY g.id
      HAVING g.status NOT IN ('PASSED', 'FAILED', 'ERRORED', 'CANCELLED')
        OR count(a.id) <> CASE g.status WHEN 'CANCELLED' THEN 0 ELSE 1 END
        OR bool_or(a.after ->> 'status' <> g.status OR (a.after ->> 'attempt')::int <> g.attempt)`);
  }

  /** Requests of which a round has not exactly the gates of the policy, each once. */
  incompleteRounds(gates: readonly string[]): Promise<unknown[]> {
    return this.db.query(sql`
      SELECT r.number, round.n, array_agg(g.key ORDER BY g.key) AS gates
      FROM promotion_requests r CROSS JOIN LATERAL generate_series(1, r.round) AS round(n)
      LEFT JOIN gate_runs g ON g.request_id = r.id AND g.round = round.n
      GROUP BY r.number, round.n HAVING array_agg(g.key ORDER BY g.key) IS DISTINCT FROM ${[...gates].sort()}::text[]`);
  }

  /** How many gates were judged by another worker than the one that had begun with them. */
  async takenOver(): Promise<number> {
    const row = await this.db.first<{ n: number }>(
      sql`SELECT count(*) AS n FROM gate_runs WHERE status IN ('PASSED', 'FAILED') AND attempt > 1`,
    );
    return row?.n ?? 0;
  }

  async moves(): Promise<number> {
    return (await this.db.first<{ n: number }>(sql`SELECT count(*) AS n FROM stage_transitions`))?.n ?? 0;
  }

  /** Moves of the target that are not one applied request's, or do not begin where the one before has ended. */
  brokenMoves(): Promise<unknown[]> {
    return this.db.query(sql`
      WITH moves AS (SELECT m.*, lag(m.version_number) OVER (ORDER BY m.occurred_at, m.id) AS previous,
        count(*) OVER (PARTITION BY m.promotion_request_id) AS of_request FROM stage_transitions m)
      SELECT m.version_number, m.replaced_version_number, m.previous, r.number, r.state
      FROM moves m LEFT JOIN promotion_requests r ON r.id = m.promotion_request_id
      WHERE r.state IS DISTINCT FROM 'APPLIED' OR m.of_request <> 1 OR m.version_number <> r.version_number
        OR m.replaced_version_number IS DISTINCT FROM m.previous
        OR m.replaced_version_number IS DISTINCT FROM r.incumbent_version_number`);
  }

  /** Applied requests without exactly one move, one signed statement, and two approvals of what was applied, by two people. */
  unfoundedApplications(): Promise<unknown[]> {
    return this.db.query(sql`
      SELECT r.number FROM promotion_requests r WHERE r.state = 'APPLIED' AND (
        (SELECT count(*) FROM stage_transitions m WHERE m.promotion_request_id = r.id) <> 1
        OR (SELECT count(*) FROM promotion_statements s WHERE s.request_id = r.id) <> 1
        OR (SELECT count(DISTINCT d.principal_id) FROM decisions d WHERE d.request_id = r.id AND d.ended_at IS NULL
            AND d.verdict = 'APPROVE' AND d.evidence_digest = r.evidence_digest) <> 2
        OR EXISTS (SELECT 1 FROM gate_runs g WHERE g.request_id = r.id AND g.round = r.round AND g.status <> 'PASSED'))
      UNION ALL
      SELECT r.number FROM promotion_statements s JOIN promotion_requests r ON r.id = s.request_id WHERE r.state <> 'APPLIED'
      UNION ALL
      SELECT r.number FROM decisions d JOIN promotion_requests r ON r.id = d.request_id WHERE d.ended_at IS NULL
      GROUP BY r.number, d.principal_id HAVING count(*) > 1`);
  }

  /** Who holds the target against who came last. */
  async holder(): Promise<{ holds: number | null; cameLast: number | null } | undefined> {
    return this.db.first(sql`
      SELECT (SELECT v.number FROM model_aliases a JOIN model_versions v ON v.id = a.version_id) AS holds,
        (SELECT m.version_number FROM stage_transitions m ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1) AS "cameLast"`);
  }
}
