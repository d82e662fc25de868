import { METASTORE_ID } from '@app/access';
import { Database } from '@app/platform';
import type { Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { join, type Sql } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import { promotionRequestApproved } from './promotion.events.js';
import { requestColumns } from './promotion-request.columns.js';
import type { PromotionRequest } from './promotion-request.js';

export type NewPromotionRequest = Pick<
  PromotionRequest,
  | 'kind'
  | 'modelId'
  | 'modelFullName'
  | 'versionId'
  | 'versionNumber'
  | 'target'
  | 'requesterId'
  | 'justification'
  | 'incumbentVersionId'
  | 'incumbentVersionNumber'
  | 'artifactDigest'
  | 'effectivePolicy'
  | 'stateReason'
>;

/** What may change of a request. */
export type RequestChanges = Partial<
  Pick<
    PromotionRequest,
    | 'state'
    | 'stateReason'
    | 'incumbentVersionId'
    | 'incumbentVersionNumber'
    | 'effectivePolicy'
    | 'round'
    | 'evidence'
    | 'evidenceDigest'
    | 'expiresAt'
    | 'supersededByNumber'
    | 'approvedAt'
    | 'applyAfter'
    | 'closedAt'
  >
>;

export interface DueWork {
  id: string;
  work: 'EVALUATE' | 'REVIEW' | 'APPLY' | 'CLOSE';
}

/** The row `r` is for this target, however it is spelled. */
const aims = ({ kind, name }: Target): Sql => sql`r.target_kind = ${kind} AND lower(r.target_name) = lower(${name})`;

const text = (value: unknown): Sql => sql`${value}::text`;
const uuid = (value: unknown): Sql => sql`${value}::uuid`;
const integer = (value: unknown): Sql => sql`${value}::int4`;
const instant = (value: unknown): Sql => sql`${value}::timestamptz`;
const json = (value: unknown): Sql => sql`${value === null ? null : JSON.stringify(value)}::jsonb`;

const assignments: Record<keyof RequestChanges, (value: unknown) => Sql> = {
  state: (value) => sql`state = ${text(value)}`,
  stateReason: (value) => sql`state_reason = ${text(value)}`,
  incumbentVersionId: (value) => sql`incumbent_version_id = ${uuid(value)}`,
  incumbentVersionNumber: (value) => sql`incumbent_version_number = ${integer(value)}`,
  effectivePolicy: (value) => sql`effective_policy = ${json(value)}`,
  round: (value) => sql`round = ${integer(value)}`,
  evidence: (value) => sql`evidence = ${json(value)}`,
  evidenceDigest: (value) => sql`evidence_digest = ${text(value)}`,
  expiresAt: (value) => sql`expires_at = ${instant(value)}`,
  supersededByNumber: (value) => sql`superseded_by_number = ${integer(value)}`,
  approvedAt: (value) => sql`approved_at = ${instant(value)}`,
  applyAfter: (value) => sql`apply_after = ${instant(value)}`,
  closedAt: (value) => sql`closed_at = ${instant(value)}`,
};

const isJudged = sql`(r.state = 'VALIDATING' AND NOT EXISTS (
  SELECT 1 FROM gate_runs g WHERE g.request_id = r.id AND g.round = r.round AND g.status IN ('QUEUED', 'RUNNING')))`;

@Injectable()
export class PromotionRequestRepository {
  constructor(private readonly db: Database) {}

  byId(id: string): Promise<PromotionRequest | undefined> {
    return this.where(sql`r.id = ${id}::uuid`);
  }

  /** Those of the requests whose gates have all finished, and which still wait for that; of each model in the order of their numbers. */
  judged(ids: readonly string[]): Promise<PromotionRequest[]> {
    return this.db.query<PromotionRequest>(sql`
      SELECT ${requestColumns} FROM promotion_requests r WHERE r.id = ANY(${ids}::uuid[]) AND ${isJudged}
      ORDER BY r.model_id, r.number`);
  }

  byNumber(number: number): Promise<PromotionRequest | undefined> {
    return this.where(sql`r.number = ${number}::int4`);
  }

  /** Locks the row until the transaction ends. The model is locked first, always: rivals are closed under the same lock. */
  lock(id: string): Promise<PromotionRequest | undefined> {
    return this.where(sql`r.id = ${id}::uuid FOR UPDATE`);
  }

  openFor({ versionId, target }: Pick<PromotionRequest, 'versionId' | 'target'>) {
    return this.where(sql`r.version_id = ${versionId}::uuid AND ${aims(target)} AND r.closed_at IS NULL`);
  }

  /** Every other open request for the same target of the same model, locked. */
  lockRivals({ id, modelId, target }: PromotionRequest): Promise<PromotionRequest[]> {
    return this.db.query<PromotionRequest>(sql`
      SELECT ${requestColumns} FROM promotion_requests r
      WHERE r.model_id = ${modelId}::uuid AND ${aims(target)}
        AND r.closed_at IS NULL AND r.id <> ${id}::uuid
      ORDER BY r.number FOR UPDATE`);
  }

  async insert(request: NewPromotionRequest): Promise<PromotionRequest> {
    const { target, effectivePolicy } = request;
    const made = await this.db.first<PromotionRequest>(sql`
      INSERT INTO promotion_requests AS r (id, kind, model_id, model_full_name, version_id, version_number, target_kind, target_name,
        state, state_reason, requester_id, justification, incumbent_version_id, incumbent_version_number, artifact_digest,
        effective_policy, expires_at)
      VALUES (${uuidv7()}::uuid, ${request.kind}, ${request.modelId}::uuid, ${request.modelFullName}, ${request.versionId}::uuid,
        ${request.versionNumber}::int4, ${target.kind}, ${target.name}, 'VALIDATING', ${request.stateReason}, ${request.requesterId}::uuid,
        ${request.justification}, ${request.incumbentVersionId}::uuid, ${request.incumbentVersionNumber}::int4,
        ${request.artifactDigest}, ${json(effectivePolicy)}, now() + ${effectivePolicy.expiresAfterSeconds}::int4 * interval '1 second')
      RETURNING ${requestColumns}`);
    if (!made) throw new Error('an INSERT answers with its row');
    await this.pin(made);
    return made;
  }

  /** Writes down the policy revisions of the request's effective policy, for questions by revision. */
  async pin({ id, effectivePolicy }: PromotionRequest): Promise<void> {
    const revisionIds = effectivePolicy.policies.map(({ revisionId }) => revisionId);
    await this.db.execute(sql`
      INSERT INTO promotion_request_policies (request_id, revision_id)
      SELECT ${id}::uuid, revision_id FROM unnest(${revisionIds}::uuid[]) AS revision_id ON CONFLICT DO NOTHING`);
  }

  async update(id: string, changes: RequestChanges): Promise<PromotionRequest> {
    const sets = (Object.keys(changes) as (keyof RequestChanges)[]).map((field) => assignments[field](changes[field]));
    const changed = await this.db.first<PromotionRequest>(sql`
      UPDATE promotion_requests r SET ${join([...sets, sql`updated_at = now()`])} WHERE r.id = ${id}::uuid
      RETURNING ${requestColumns}`);
    if (!changed) throw new Error(`promotion request ${id} was locked, and is gone`);
    return changed;
  }

  /** The request that a gate run is to be judged for, when its files have not been read in this round. */
  unchecked(gateRunId: string): Promise<PromotionRequest | undefined> {
    return this.where(sql`r.state = 'VALIDATING' AND r.files_checked_round IS DISTINCT FROM r.round
      AND EXISTS (SELECT 1 FROM gate_runs g WHERE g.id = ${gateRunId}::uuid AND g.request_id = r.id AND g.round = r.round)`);
  }

  /** Notes that its files were read, and are those that were registered. */
  async noteChecked({ id, round }: Pick<PromotionRequest, 'id' | 'round'>): Promise<void> {
    await this.db.execute(sql`
      UPDATE promotion_requests SET files_checked_round = ${round}::int4 WHERE id = ${id}::uuid AND round = ${round}::int4`);
  }

  /** Requests that something is due for: by the clock, or because the message that should have told was lost. */
  due(limit = 200): Promise<DueWork[]> {
    return this.db.query(sql`
      SELECT r.id, CASE
        WHEN r.expires_at <= now() AND r.state <> 'APPROVED' OR NOT EXISTS (SELECT 1 FROM model_versions v WHERE v.id = r.version_id) THEN 'CLOSE'
        WHEN r.state = 'APPROVED' THEN 'APPLY' WHEN r.state = 'AWAITING_APPROVAL' THEN 'REVIEW' ELSE 'EVALUATE' END AS work
      FROM promotion_requests r
      WHERE r.closed_at IS NULL AND (
        r.state = 'APPROVED' AND r.apply_after <= now() AND NOT EXISTS (
          SELECT 1 FROM outbox o WHERE o.handled_at IS NULL AND o.event = ${promotionRequestApproved.name}
            AND o.payload ->> 'promotionRequestId' = r.id::text)
        OR r.state <> 'APPROVED' AND r.expires_at <= now()
        OR NOT EXISTS (SELECT 1 FROM model_versions v WHERE v.id = r.version_id)
        OR r.state = 'AWAITING_APPROVAL'
          AND r.reviewed_access_version IS DISTINCT FROM (SELECT version FROM access_version WHERE id = 1)
          AND EXISTS (SELECT 1 FROM decisions d WHERE d.request_id = r.id AND d.verdict = 'APPROVE' AND d.ended_at IS NULL)
        OR ${isJudged})
      ORDER BY r.number LIMIT ${limit}`);
  }

  /**
   * Notes that the decisions are counted now. Call it under the lock, before rights are read: what changes afterwards is
   * then a reason to count again.
   */
  async noteReviewed(id: string): Promise<void> {
    await this.db.execute(sql`
      UPDATE promotion_requests SET reviewed_access_version = (SELECT version FROM access_version WHERE id = 1)
      WHERE id = ${id}::uuid`);
  }

  /**
   * The requests that were applied or rejected below a securable, the newest first; what went past the policy was not decided.
   * @param visible which models' requests, over their rows `s` of `securables`
   */
  lastDecidedBelow(securableId: string, visible: Sql, last: number): Promise<PromotionRequest[]> {
    return this.db.query<PromotionRequest>(sql`
      SELECT ${requestColumns} FROM promotion_requests r JOIN securables s ON s.id = r.model_id
      WHERE r.state IN ('APPLIED', 'REJECTED') AND r.kind <> 'BREAK_GLASS' AND ${visible}
        AND ${securableId}::uuid IN (s.id, s.schema_id, s.catalog_id, ${METASTORE_ID}::uuid)
      ORDER BY r.closed_at DESC, r.number DESC LIMIT ${last}`);
  }

  /** The database's clock, which every process shares: what is written by it is due by it. */
  async now(): Promise<Date> {
    const row = await this.db.first<{ now: Date }>(sql`SELECT now() AS now`);
    if (!row) throw new Error('a SELECT without FROM answers with one row');
    return row.now;
  }

  /** Whether a request's time has come, by the database's clock. */
  async isDue(id: string, time: 'applyAfter' | 'expiresAt'): Promise<boolean> {
    const at = time === 'applyAfter' ? sql`apply_after` : sql`expires_at`;
    const row = await this.db.first<{ due: boolean | null }>(
      sql`SELECT ${at} <= now() AS due FROM promotion_requests WHERE id = ${id}::uuid`,
    );
    return row?.due === true;
  }

  private where(condition: Sql): Promise<PromotionRequest | undefined> {
    return this.db.first<PromotionRequest>(sql`SELECT ${requestColumns} FROM promotion_requests r WHERE ${condition}`);
  }
}
