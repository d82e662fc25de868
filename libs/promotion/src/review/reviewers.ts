import { Access, builtInPrincipals, METASTORE_ID, type Securable } from '@app/access';
import { Database } from '@app/platform';
import type { EffectivePolicy } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { DiscussionRepository } from '../discussion/discussion.repository.js';
import type { PromotionRequest } from '../promotion-request.js';
import { DecisionRepository } from './decision.repository.js';
import { approversAmong, counting, type Decision, type Makers, type Reviewer, ruleProgress } from './review.js';

/** How many people are looked at for one request, by name. */
const mostCandidates = 200;

interface Tally {
  decisions: Decision[];
  /** For each rule, who fills a place in it. */
  filled: string[][];
  /** Every binding rule is filled, and no discussion stands in the way. */
  met: boolean;
  /** How many discussions do. */
  unresolved: number;
}

/** Who may review: rights and memberships as they are now. */
@Injectable()
export class Reviewers {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly decisions: DecisionRepository,
    private readonly discussions: DiscussionRepository,
  ) {}

  /** The decisions that count now, and how far the approvals among them fill the rules. */
  async tally(request: PromotionRequest, model: Securable, makers: Makers): Promise<Tally> {
    const decisions = counting(request, await this.decisions.standing(request.id));
    const { filled, met } = await this.filling(request, model, makers, decisions);
    const [discussed] = await this.discussions.unresolved([request.id]);
    const unresolved = discussed?.count ?? 0;
    return { decisions, filled, met: met && unresolved === 0, unresolved };
  }

  /** How far the approvals among the decisions fill the rules. @param decisions those that count */
  async filling(request: PromotionRequest, model: Securable, makers: Makers, decisions: readonly Decision[]) {
    const approvals = decisions.filter(({ verdict }) => verdict === 'APPROVE');
    const approved = approvals.map(({ principalId }) => principalId);
    return ruleProgress(request.effectivePolicy, approversAmong(request, makers, await this.all(approved, model)));
  }

  private async of(principalId: string, model: Securable): Promise<Reviewer> {
    const privileged = await this.access.allowedFor(principalId, 'APPROVE_PROMOTION', model);
    return { id: principalId, privileged, identities: await this.access.identitiesOf(principalId) };
  }

  /** The caller, within the bounds of the token that he came with. */
  async viewer(model: Securable): Promise<Reviewer> {
    const { id } = this.access.caller();
    const privileged = await this.access.allowed('APPROVE_PROMOTION', model);
    return { id, privileged, identities: await this.access.identitiesOf(id) };
  }

  /** People by id, with the rights and memberships of now; each once. */
  async all(principalIds: readonly string[], model: Securable): Promise<Reviewer[]> {
    const reviewers: Reviewer[] = [];
    for (const id of new Set(principalIds)) reviewers.push(await this.of(id, model));
    return reviewers;
  }

  /**
   * Everybody whom a rule names, himself or through a group, and who may approve on the model. Call it outside a
   * transaction, where what Access reads of a person is kept for the next question.
   */
  async eligible({ approvals }: Pick<EffectivePolicy, 'approvals'>, model: Securable): Promise<Reviewer[]> {
    const named = [...new Set(approvals.flatMap(({ principalIds }) => principalIds))];
    if (named.length === 0) return [];
    const reviewers = await this.all(await this.candidates(named, model), model);
    return reviewers.filter(({ privileged }) => privileged);
  }

  /** Whom a rule names and a grant reaches, however nested the groups: a superset, each of whom Access is then asked about. */
  private async candidates(named: readonly string[], model: Securable): Promise<string[]> {
    const path = [METASTORE_ID, model.catalogId, model.schemaId, model.id];
    const rows = await this.db.query<{ id: string }>(sql`
      WITH RECURSIVE named(id) AS (
        SELECT unnest(${named}::uuid[])
        UNION SELECT m.member_id FROM group_members m JOIN named ON m.group_id = named.id
      ),
      granted(id) AS (
        SELECT principal_id FROM grants WHERE privilege = 'APPROVE_PROMOTION' AND securable_id = ANY(${path}::uuid[])
        UNION SELECT m.member_id FROM group_members m JOIN granted ON m.group_id = granted.id
      )
      SELECT p.id FROM principals p
      WHERE p.kind <> 'GROUP' AND p.disabled_at IS NULL
        AND EXISTS (SELECT 1 FROM named WHERE id IN (p.id, ${builtInPrincipals.everyone}::uuid))
        AND EXISTS (SELECT 1 FROM granted WHERE id IN (p.id, ${builtInPrincipals.everyone}::uuid))
      ORDER BY p.name_key LIMIT ${mostCandidates}`);
    return rows.map(({ id }) => id);
  }
}
