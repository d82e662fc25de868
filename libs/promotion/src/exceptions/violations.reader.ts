import { Access, type SecurableKind } from '@app/access';
import { Database, type KeysetQuery, keysetPage, type Page, type PageArgs } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { ownReportRules } from '../gates/gate-run-report.js';
import { separationRules } from '../review/review.js';

export const violationKinds = [
  'BREAK_GLASS',
  'WAIVED_GATE',
  'BELOW_QUORUM',
  'STALE_APPROVAL',
  'SELF_APPROVAL_REFUSED',
  'REVIEW_OVERDUE',
] as const;
export type ViolationKind = (typeof violationKinds)[number];

/** Something that went, or was to go, another way than the policies ask. */
export interface Violation {
  /** Of the row that shows it, together with its kind. */
  id: string;
  kind: ViolationKind;
  occurredAt: Date;
  modelFullName: string;
  /** null for what was refused: nothing came of it. */
  requestId: string | null;
  actorId: string | null;
  /** One sentence for people. */
  detail: string | null;
}

export interface ViolationFilter {
  kinds?: readonly ViolationKind[] | null;
  /** The first instant that counts. */
  from?: Date | null;
  /** The first instant that no longer counts. */
  to?: Date | null;
  /** Only what happened in this securable. */
  within?: { kind: SecurableKind; id: string } | null;
}

/** The column that names a securable of the kind. The metastore holds everything. */
const placeColumns: Partial<Record<SecurableKind, Sql>> = {
  CATALOG: raw('v.catalog_id'),
  SCHEMA: raw('v.schema_id'),
  REGISTERED_MODEL: raw('v.securable_id'),
};

/** Somebody tried to be the second person for what he did himself. */
const refusedRules: readonly string[] = [
  ...separationRules,
  'PROPOSER_CANNOT_CONFIRM',
  'REQUESTER_CANNOT_CONFIRM',
  'ACTOR_CANNOT_REVIEW',
  'REQUESTER_CANNOT_RESOLVE',
  ...ownReportRules,
];

/** A request that was applied, with the event that says so: it knows where the model stood, which may be gone by now. */
const applied = sql`promotion_requests r JOIN audit_events e
  ON e.object_id = r.id::text AND e.action = 'promotion_request.applied' AND e.outcome = 'ALLOWED'`;
const place = sql`e.securable_id, e.schema_id, e.catalog_id`;
const standing = sql`d.request_id = r.id AND d.verdict = 'APPROVE' AND d.ended_at IS NULL`;

/** For each kind its rows: kind, occurred_at, id, request_id, model_full_name, actor_id, detail, and the place. */
const statements: Record<ViolationKind, Sql> = {
  BREAK_GLASS: sql`
    SELECT 'BREAK_GLASS' AS kind, e.occurred_at, r.id, r.id AS request_id, r.model_full_name, r.requester_id AS actor_id,
      r.justification AS detail, ${place}
    FROM ${applied} WHERE r.kind = 'BREAK_GLASS'`,
  WAIVED_GATE: sql`
    SELECT 'WAIVED_GATE', e.occurred_at, g.id, r.id, r.model_full_name, w.proposed_by, 'gate "' || g.key || '" ' || g.summary, ${place}
    FROM ${applied} JOIN gate_runs g ON g.request_id = r.id AND g.round = r.round AND g.status = 'WAIVED'
      LEFT JOIN gate_waivers w ON w.gate_run_id = g.id AND w.state = 'CONFIRMED'`,
  // Counted from the rows, not taken from what the service wrote about itself: as many people as places, for each fills one.
  BELOW_QUORUM: sql`
    SELECT 'BELOW_QUORUM', e.occurred_at, r.id, r.id, r.model_full_name, e.actor_id,
      approvals.people || ' approved, and the rules have ' || approvals.places || ' places', ${place}
    FROM ${applied} CROSS JOIN LATERAL (SELECT
      (SELECT count(DISTINCT d.principal_id) FROM decisions d WHERE ${standing}) AS people,
      (SELECT COALESCE(sum((rule ->> 'count')::int), 0) FROM jsonb_array_elements(r.effective_policy -> 'approvals') AS rule
        WHERE NOT (rule ->> 'dryRun')::boolean) AS places) approvals
    WHERE r.kind <> 'BREAK_GLASS' AND approvals.people < approvals.places`,
  STALE_APPROVAL: sql`
    SELECT 'STALE_APPROVAL', e.occurred_at, d.id, r.id, r.model_full_name, d.principal_id,
      'approved on ' || d.evidence_digest || ', applied on ' || r.evidence_digest, ${place}
    FROM ${applied} JOIN decisions d ON ${standing} AND d.evidence_digest <> r.evidence_digest`,
  SELF_APPROVAL_REFUSED: sql`
    SELECT 'SELF_APPROVAL_REFUSED', e.occurred_at, e.id, NULL::uuid, e.object_name, e.actor_id, e.reason, ${place}
    FROM audit_events e WHERE e.outcome = 'REFUSED' AND e.after ->> 'rule' = ANY(${refusedRules}::text[])`,
  REVIEW_OVERDUE: sql`
    SELECT 'REVIEW_OVERDUE', b.due_at, r.id, r.id, r.model_full_name, b.actor_id, r.justification, ${place}
    FROM ${applied} JOIN break_glass_reviews b ON b.request_id = r.id AND b.closed_at IS NULL AND b.due_at <= now()`,
};

const columns = sql`v.kind, v.occurred_at AS "occurredAt", v.id, v.request_id AS "requestId",
  v.model_full_name AS "modelFullName", v.actor_id AS "actorId", v.detail`;

/** The violations report, for holders of READ_AUDIT: of each place what they may audit there. */
@Injectable()
export class ViolationReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /** The newest first. */
  async list(filter: ViolationFilter, args: PageArgs): Promise<Page<Violation>> {
    return keysetPage<Violation, Violation>(this.db, {
      select: columns,
      ...(await this.matching(filter)),
      orderName: 'newest',
      order: [
        { expression: sql`v.occurred_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`v.id`, type: 'uuid', direction: 'DESC' },
        { expression: sql`v.kind`, type: 'text', direction: 'DESC' },
      ],
      args,
      toNode: (violation) => violation,
    });
  }

  async count(filter: ViolationFilter): Promise<number> {
    const { from, where } = await this.matching(filter);
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from} WHERE ${where}`);
    return row?.count ?? 0;
  }

  /** How many there are of each kind; a kind that there is none of is left out. */
  async countsByKind(filter: ViolationFilter): Promise<{ kind: ViolationKind; count: number }[]> {
    const { from, where } = await this.matching(filter);
    return this.db.query(
      sql`SELECT v.kind, count(*) AS count FROM ${from} WHERE ${where} GROUP BY v.kind ORDER BY v.kind`,
    );
  }

  private async matching(filter: ViolationFilter): Promise<Pick<KeysetQuery<unknown, unknown>, 'from' | 'where'>> {
    // The first of a UNION names the columns, so that it is always there; the condition leaves it out.
    const wanted = violationKinds.filter(
      (kind) => kind === violationKinds[0] || (filter.kinds?.includes(kind) ?? true),
    );
    const conditions: Sql[] = [await this.access.whereMayReadAudit('v')];
    if (filter.kinds) conditions.push(sql`v.kind = ANY(${filter.kinds}::text[])`);
    if (filter.from) conditions.push(sql`v.occurred_at >= ${filter.from}::timestamptz`);
    if (filter.to) conditions.push(sql`v.occurred_at < ${filter.to}::timestamptz`);
    const column = filter.within && placeColumns[filter.within.kind];
    if (filter.within && column) conditions.push(sql`${column} = ${filter.within.id}::uuid`);
    const all = join(
      wanted.map((kind) => statements[kind]),
      ' UNION ALL ',
    );
    return { from: sql`(${all}) v`, where: join(conditions, ' AND ') };
  }
}
