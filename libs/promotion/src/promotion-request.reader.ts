import { Access, fullNameKey, SecurableRepository } from '@app/access';
import { Database, type KeysetQuery, keysetPage, type Page, type PageArgs } from '@app/platform';
import { VersionNotFound, VersionRecords, versionNumber } from '@app/registry';
import { Injectable } from '@nestjs/common';
import sql, { join, type Sql } from 'sql-template-tag';
import { RequestNotFound } from './promotion.errors.js';
import { requestColumns } from './promotion-request.columns.js';
import type { PromotionRequest, PromotionState } from './promotion-request.js';
import type { ReasonCode } from './reason-code.js';
import { DecisionRepository } from './review/decision.repository.js';
import {
  approversAmong,
  counting,
  explain,
  type Makers,
  objections,
  type Reviewer,
  type RuleProgress,
  progressOf as ruleProgressOf,
} from './review/review.js';
import { Reviewers } from './review/reviewers.js';
import { VisibleRequests } from './visible-requests.js';

export interface PromotionRequestFilter {
  states?: readonly PromotionState[] | null;
  modelFullName?: string | null;
  requesterId?: string | null;
  /** Only those that the caller may approve now: exactly those whose viewerDecision is allowed. */
  awaitingViewer?: boolean | null;
}

export interface ViewerDecision {
  allowed: boolean;
  reasons: ReasonCode[];
  /** One sentence for people for each reason. */
  explanation: string;
}

/** The makers of a version that is gone. */
const nobody: Makers = { createdBy: null, runPrincipalId: null };

/** Promotion requests for people. */
@Injectable()
export class PromotionRequestReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly decisions: DecisionRepository,
    private readonly reviewers: Reviewers,
    private readonly securables: SecurableRepository,
    private readonly versions: VersionRecords,
    private readonly visible: VisibleRequests,
  ) {}

  /** @throws NotFound when it is absent, or the caller may not see it */
  async byNumber(number: number): Promise<PromotionRequest> {
    return (await this.visible.byNumber(number)).request;
  }

  /** @throws NotFound when it is absent, or the caller may not see it */
  async get(id: string): Promise<PromotionRequest> {
    return (await this.visible.byId(id)).request;
  }

  /** Those of the requests that exist and that the caller may see, in any order. */
  async byIds(ids: readonly string[]): Promise<PromotionRequest[]> {
    const visible = await this.visible.where('s');
    return this.db.query<PromotionRequest>(sql`
      SELECT ${requestColumns} FROM promotion_requests r JOIN securables s ON s.id = r.model_id
      WHERE r.id = ANY(${ids}::uuid[]) AND ${visible}`);
  }

  /**
   * The last 100 requests for a version, those that are open first, then the newest.
   * @throws NotFound when the version is absent, or the caller may not see the requests of its model
   */
  async ofVersion(fullName: string, number: number): Promise<PromotionRequest[]> {
    const model = await this.visible.model(fullName);
    const version = await this.versions.byNumber(model.id, versionNumber(number));
    if (!version) throw new VersionNotFound(fullName, number);
    return this.db.query<PromotionRequest>(sql`
      SELECT ${requestColumns} FROM promotion_requests r
      WHERE r.model_id = ${model.id}::uuid AND r.version_id = ${version.id}::uuid
      ORDER BY r.closed_at IS NULL DESC, r.number DESC LIMIT 100`);
  }

  /** The newest first. */
  async list(filter: PromotionRequestFilter, args: PageArgs): Promise<Page<PromotionRequest>> {
    return keysetPage<PromotionRequest, PromotionRequest>(this.db, {
      select: requestColumns,
      ...(await this.matching(filter)),
      orderName: 'number',
      order: [{ expression: sql`r.number`, type: 'int8', direction: 'DESC' }],
      args,
      toNode: (request) => request,
    });
  }

  async count(filter: PromotionRequestFilter): Promise<number> {
    const { from, where } = await this.matching(filter);
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${from} WHERE ${where}`);
    return row?.count ?? 0;
  }

  /**
   * How far each approval rule is, with who counts and who could: rights and memberships as they are now. Of the requests
   * that the caller may see; those of one model under the same rules are asked about together.
   */
  async progressOf(requestIds: readonly string[]): Promise<{ requestId: string; rules: RuleProgress[] }[]> {
    const requests = await this.byIds(requestIds);
    const models = await this.securables.byIds([...new Set(requests.map(({ modelId }) => modelId))]);
    const versions = await this.versions.byIds(requests.map(({ versionId }) => versionId));
    const standing = await this.decisions.standingOf(requestIds);
    const eligible = new Map<string, Reviewer[]>();
    const found: { requestId: string; rules: RuleProgress[] }[] = [];
    for (const request of requests) {
      const { id, modelId, versionId, effectivePolicy: policy } = request;
      const model = models.find((each) => each.id === modelId);
      if (!model) continue;
      const makers = versions.find((version) => version.id === versionId) ?? nobody;
      const decisions = counting(
        request,
        standing.filter(({ requestId }) => requestId === id),
      );
      const { filled } = await this.reviewers.filling(request, model, makers, decisions);
      const people = JSON.stringify([modelId, policy.approvals.map(({ principalIds }) => principalIds)]);
      if (!eligible.has(people)) eligible.set(people, await this.reviewers.eligible(policy, model));
      const able = approversAmong(request, makers, eligible.get(people) ?? []);
      found.push({ requestId: id, rules: ruleProgressOf(policy, filled, able) });
    }
    return found;
  }

  /**
   * May the caller approve, and if not, why: for the button and its tooltip.
   * @throws NotFound when the request is absent, or the caller may not see it
   */
  async viewerDecision(number: number): Promise<ViewerDecision> {
    const { request } = await this.visible.byNumber(number);
    const [decision] = await this.viewerDecisionsOf([request.id]);
    if (!decision) throw new RequestNotFound(number);
    return decision;
  }

  /** The same for many requests in a few statements, for those of them that the caller may see. */
  async viewerDecisionsOf(requestIds: readonly string[]): Promise<(ViewerDecision & { requestId: string })[]> {
    const { id } = this.access.caller();
    const requests = await this.byIds(requestIds);
    const models = await this.securables.byIds([...new Set(requests.map(({ modelId }) => modelId))]);
    const versions = await this.versions.byIds(requests.map(({ versionId }) => versionId));
    const standing = await this.decisions.standingBy(id, requestIds);
    const reviewers = new Map<string, Reviewer>();
    for (const model of models) reviewers.set(model.id, await this.reviewers.viewer(model));
    return requests.map((request) => {
      const makers = versions.find((version) => version.id === request.versionId) ?? nobody;
      const reviewer = reviewers.get(request.modelId) ?? { id, privileged: false, identities: [] };
      const own = standing.find(({ requestId }) => requestId === request.id);
      const reasons = objections(request, makers, reviewer, { verdict: 'APPROVE', standing: own });
      return {
        requestId: request.id,
        allowed: reasons.length === 0,
        reasons: reasons.length === 0 ? ['ALLOWED'] : reasons,
        explanation: explain(reasons, request),
      };
    });
  }

  private async matching(
    filter: PromotionRequestFilter,
  ): Promise<Pick<KeysetQuery<unknown, unknown>, 'from' | 'where'>> {
    const conditions: Sql[] = [await this.visible.where('s')];
    if (filter.states) conditions.push(sql`r.state = ANY(${filter.states}::text[])`);
    if (filter.requesterId) conditions.push(sql`r.requester_id = ${filter.requesterId}::uuid`);
    if (filter.modelFullName) {
      conditions.push(sql`s.full_name_key = ${fullNameKey('REGISTERED_MODEL', filter.modelFullName)}`);
    }
    if (filter.awaitingViewer) conditions.push(await this.awaitingViewer());
    return {
      from: sql`promotion_requests r JOIN securables s ON s.id = r.model_id LEFT JOIN model_versions v ON v.id = r.version_id`,
      where: join(conditions, ' AND '),
    };
  }

  /**
   * For the feed of the inbox: true while the request awaits the caller, false while it does not and could, undefined when
   * it never will under his rights of now, or he may not see it.
   */
  async awaits(requestId: string): Promise<boolean | undefined> {
    const { from, where } = await this.matching({});
    const row = await this.db.first<{ awaits: boolean }>(sql`
      SELECT ${this.undecided()} AS awaits FROM ${from}
      WHERE r.id = ${requestId}::uuid AND ${where} AND ${await this.mayApprove()}`);
    return row?.awaits;
  }

  /** `objections` of review.ts for the verdict APPROVE, in SQL; a test holds the two together. */
  private async awaitingViewer(): Promise<Sql> {
    return sql`(${this.undecided()} AND ${await this.mayApprove()})`;
  }

  /** The part of it that changes while a request is open. */
  private undecided(): Sql {
    const { id } = this.access.caller();
    return sql`(r.state IN ('AWAITING_APPROVAL', 'CHANGES_REQUESTED')
      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.request_id = r.id AND d.principal_id = ${id}::uuid
        AND d.ended_at IS NULL AND d.evidence_digest = r.evidence_digest))`;
  }

  /** The part that only rights, memberships and policies change. */
  private async mayApprove(): Promise<Sql> {
    const { id } = this.access.caller();
    const identities = await this.access.identitiesOf(id);
    const privileged = await this.access.where('APPROVE_PROMOTION', 'REGISTERED_MODEL', 's');
    const separated = (key: string) => sql`(r.effective_policy -> 'separationOfDuties' ->> ${key}::text)::boolean`;
    return sql`(${privileged}
      AND EXISTS (SELECT 1 FROM jsonb_array_elements(r.effective_policy -> 'approvals') AS rule
        WHERE rule -> 'principalIds' ?| ${identities}::text[])
      AND NOT (${separated('requester')} AND r.requester_id = ${id}::uuid)
      AND NOT (${separated('versionCreator')} AND COALESCE(v.created_by = ${id}::uuid, false))
      AND NOT (${separated('runUser')} AND COALESCE(v.run_principal_id = ${id}::uuid, false)))`;
  }
}
