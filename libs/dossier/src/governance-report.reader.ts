import { METASTORE_ID, type SecurableKind } from '@app/access';
import type { GateStatus } from '@app/gates';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type {
  DecisionCounts,
  HolderCoverage,
  RequestCounts,
  ReviewCounts,
  SealingState,
  TransitionCoverage,
  UncoveredHolder,
} from './governance-report.js';

/** What is reported: a period, and the securable in which it happened. */
export interface Scope {
  kind: SecurableKind;
  id: string;
  from: Date;
  to: Date;
}

const mostHolders = 100;

/** The models `s` of a scope. What belonged to a model that is gone counts in the metastore alone: nothing else says where it was. */
function inScope({ kind, id }: Scope): Sql {
  if (kind === 'METASTORE') return sql`TRUE`;
  const column = { CATALOG: 's.catalog_id', SCHEMA: 's.schema_id' }[kind as string] ?? 's.id';
  return sql`${raw(column)} = ${id}::uuid`;
}

const during = (column: string, { from, to }: Scope): Sql =>
  sql`${raw(column)} >= ${from}::timestamptz AND ${raw(column)} < ${to}::timestamptz`;

/**
 * Does a policy protect the target of the row `t` (kind, name) of the model `s`, by the revisions of the instant `at`? What
 * `protects` of libs/policy says of one; a test holds the two together. An alias pattern has no character but "_" and "*" that
 * LIKE would take for something else.
 */
const isProtected = (at: Sql): Sql => sql`EXISTS (
  SELECT 1 FROM policies p
  JOIN LATERAL (SELECT r.rules FROM policy_revisions r WHERE r.policy_id = p.id AND r.created_at <= ${at}
    ORDER BY r.revision DESC LIMIT 1) AS r ON NOT (r.rules ->> 'dryRun')::boolean
  WHERE p.securable_id IN (${METASTORE_ID}::uuid, s.catalog_id, s.schema_id, s.id)
    AND (p.retired_at IS NULL OR p.retired_at > ${at})
    AND CASE t.kind WHEN 'STAGE' THEN r.rules -> 'protects' -> 'stages' ? t.name
      ELSE EXISTS (SELECT 1 FROM jsonb_array_elements_text(r.rules -> 'protects' -> 'aliases') AS pattern
        WHERE lower(t.name) LIKE replace(replace(lower(pattern), '_', '\\_'), '*', '%')) END)`;

/** Counts what happened in a scope, one statement for each subject. It asks no right. */
@Injectable()
export class GovernanceReportReader {
  constructor(private readonly db: Database) {}

  async transitions(scope: Scope): Promise<TransitionCoverage> {
    const rows = await this.db.query<{ isProtected: boolean; way: string; count: number }>(sql`
      SELECT is_protected AS "isProtected", way, count(*) AS count FROM (
        SELECT ${isProtected(sql`t.occurred_at`)} AS is_protected,
          CASE WHEN t.break_glass THEN 'breakGlass' WHEN t.promotion_request_id IS NOT NULL THEN 'byRequest' ELSE 'direct' END AS way
        FROM (SELECT h.*, h.target_kind AS kind, h.target_name AS name FROM stage_transitions h) AS t
        LEFT JOIN securables s ON s.id = t.model_id
        WHERE t.version_number IS NOT NULL AND ${during('t.occurred_at', scope)} AND ${inScope(scope)}) AS moves
      GROUP BY 1, 2`);
    const count = (wanted: boolean, way?: string) =>
      rows
        .filter((row) => row.isProtected === wanted && (way === undefined || row.way === way))
        .reduce((sum, row) => sum + row.count, 0);
    const ways = (wanted: boolean) => ({
      total: count(wanted),
      byRequest: count(wanted, 'byRequest'),
      breakGlass: count(wanted, 'breakGlass'),
      direct: count(wanted, 'direct'),
    });
    return { total: count(true) + count(false), protected: ways(true), unprotected: ways(false) };
  }

  requests(scope: Scope): Promise<RequestCounts> {
    const [opened, closed] = [during('r.created_at', scope), during('r.closed_at', scope)];
    return this.one<RequestCounts>(sql`
      SELECT count(*) FILTER (WHERE ${opened}) AS opened,
        count(*) FILTER (WHERE ${closed} AND r.state = 'APPLIED') AS applied,
        count(*) FILTER (WHERE ${closed} AND r.state = 'REJECTED') AS rejected,
        count(*) FILTER (WHERE ${closed} AND r.state NOT IN ('APPLIED', 'REJECTED')) AS "otherwiseClosed",
        count(*) FILTER (WHERE ${closed} AND r.state = 'APPLIED' AND r.evidence_digest IS NOT NULL) AS "appliedWithEvidence",
        count(*) FILTER (WHERE ${closed} AND r.state = 'APPLIED' AND t.request_id IS NOT NULL) AS "appliedWithStatement"
      FROM promotion_requests r LEFT JOIN securables s ON s.id = r.model_id
      LEFT JOIN promotion_statements t ON t.request_id = r.id WHERE ${inScope(scope)}`);
  }

  gates(scope: Scope): Promise<{ status: GateStatus; count: number }[]> {
    return this.db.query(sql`
      SELECT g.status, count(*) AS count FROM gate_runs g JOIN promotion_requests r ON r.id = g.request_id
      LEFT JOIN securables s ON s.id = r.model_id
      WHERE ${during('g.finished_at', scope)} AND ${inScope(scope)} GROUP BY g.status ORDER BY g.status`);
  }

  decisions(scope: Scope): Promise<DecisionCounts> {
    const inPeriod = during('d.decided_at', scope);
    return this.one<DecisionCounts>(sql`
      SELECT count(*) FILTER (WHERE d.verdict = 'APPROVE' AND ${inPeriod}) AS approve,
        count(*) FILTER (WHERE d.verdict = 'REJECT' AND ${inPeriod}) AS reject,
        count(*) FILTER (WHERE d.verdict = 'REQUEST_CHANGES' AND ${inPeriod}) AS "requestChanges",
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.decided_at - r.created_at)::float8)
          FILTER (WHERE d.is_first AND ${inPeriod}) AS "medianSecondsToFirst"
      FROM (SELECT decisions.*, row_number() OVER (PARTITION BY request_id ORDER BY decided_at, id) = 1 AS is_first FROM decisions) AS d
      JOIN promotion_requests r ON r.id = d.request_id LEFT JOIN securables s ON s.id = r.model_id WHERE ${inScope(scope)}`);
  }

  /** As they are now, whatever the period is. */
  async holders(scope: Scope): Promise<HolderCoverage> {
    const found = await this.one<{ total: number; uncovered: number; holders: UncoveredHolder[] | null }>(sql`
      WITH holding AS (
        SELECT s.full_name AS model, lower(t.kind) || ' ' || t.name AS target, t.version, NOT ${isProtected(sql`now()`)} AS uncovered
        FROM (SELECT model_id, 'STAGE' AS kind, 'Production' AS name, max(number) AS version FROM model_versions
            WHERE stage = 'Production' GROUP BY model_id
          UNION ALL SELECT a.model_id, 'ALIAS', a.alias, v.number FROM model_aliases a JOIN model_versions v ON v.id = a.version_id
            WHERE lower(a.alias) = 'champion') AS t
        JOIN securables s ON s.id = t.model_id WHERE ${inScope(scope)})
      SELECT count(*) AS total, count(*) FILTER (WHERE uncovered) AS uncovered,
        (SELECT json_agg(json_build_object('model', model, 'target', target, 'version', version) ORDER BY model, target)
         FROM (SELECT * FROM holding WHERE uncovered ORDER BY model, target LIMIT ${mostHolders}) AS shown) AS holders
      FROM holding`);
    return { ...found, holders: found.holders ?? [] };
  }

  reviews(scope: Scope): Promise<ReviewCounts> {
    return this.one<ReviewCounts>(sql`
      SELECT count(*) FILTER (WHERE ${during('b.opened_at', scope)}) AS opened,
        count(*) FILTER (WHERE ${during('b.closed_at', scope)}) AS closed,
        count(*) FILTER (WHERE b.closed_at IS NULL) AS open,
        count(*) FILTER (WHERE b.closed_at IS NULL AND b.due_at <= now()) AS overdue
      FROM break_glass_reviews b JOIN promotion_requests r ON r.id = b.request_id
      LEFT JOIN securables s ON s.id = r.model_id WHERE ${inScope(scope)}`);
  }

  events(scope: Scope): Promise<Omit<SealingState, 'checkpoint'>> {
    const columns: Partial<Record<SecurableKind, string>> = { CATALOG: 'a.catalog_id', SCHEMA: 'a.schema_id' };
    const column = columns[scope.kind] ?? 'a.securable_id';
    const place = scope.kind === 'METASTORE' ? empty : sql`AND ${raw(column)} = ${scope.id}::uuid`;
    return this.one<Omit<SealingState, 'checkpoint'>>(sql`
      SELECT count(*) AS events, count(*) FILTER (WHERE a.outcome = 'REFUSED') AS refusals, count(e.event_id) AS sealed
      FROM audit_events a LEFT JOIN sealed_events e ON e.event_id = a.id WHERE ${during('a.occurred_at', scope)} ${place}`);
  }

  async numbersOf(requestIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.db.query<{ id: string; number: number }>(
      sql`SELECT id, number FROM promotion_requests WHERE id = ANY(${requestIds}::uuid[])`,
    );
    return new Map(rows.map(({ id, number }) => [id, number]));
  }

  private async one<Row extends object>(statement: Sql): Promise<Row> {
    const row = await this.db.first<Row>(statement);
    if (!row) throw new Error('an aggregate answers with one row');
    return row;
  }
}
