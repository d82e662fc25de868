import {
  BreakGlassReviewReader,
  type Decision,
  isStale,
  type PromotionRequest,
  RequestRecords,
  type SignedStatement,
} from '@app/promotion';
import { Injectable } from '@nestjs/common';
import type { Dossier } from './dossier.schema.js';
import { isoInstant, type People } from './people.js';

const ruleName = ({ policy, name }: { policy: string; name: string }): string => `${policy}/${name}`;

/** What people did with a request: decisions, discussions, the review of a break-glass promotion. */
@Injectable()
export class ReviewParts {
  constructor(
    private readonly records: RequestRecords,
    private readonly reviews: BreakGlassReviewReader,
  ) {}

  /** With the approval rules that name each reviewer, himself or through a group, as it is now. */
  async decisions(request: PromotionRequest, people: People): Promise<Dossier['decisions']> {
    const decisions = await this.records.decisionsOf(request.id);
    const { approvals } = request.effectivePolicy;
    const named = await this.records.namedAmong(
      approvals.flatMap(({ principalIds }) => principalIds),
      decisions.map(({ principalId }) => principalId),
    );
    const rulesOf = ({ principalId }: Decision) =>
      approvals
        .filter(({ principalIds }) =>
          named.some(({ namedId, personId }) => personId === principalId && principalIds.includes(namedId)),
        )
        .map(ruleName);
    return decisions.map((decision) => ({
      verdict: decision.verdict,
      reviewer: people.person(decision.principalId),
      rules: rulesOf(decision),
      comment: decision.comment,
      evidenceDigest: decision.evidenceDigest,
      stale: isStale(request, decision),
      decidedAt: decision.decidedAt.toISOString(),
      endedAt: isoInstant(decision.endedAt),
      ending: decision.ending,
    }));
  }

  /**
   * The approval rules.
   * @param texts the revisions that the caller may read: of the others he is not told whom they name
   * @param statement who filled their places, once it is signed
   */
  approvals(
    { effectivePolicy }: PromotionRequest,
    texts: ReadonlyMap<string, unknown>,
    statement: SignedStatement | undefined,
    people: People,
  ): Dossier['approvals'] {
    const counted = statement && countedIn(statement);
    return effectivePolicy.approvals.map((rule, index) => ({
      rule: ruleName(rule),
      need: rule.count,
      dryRun: rule.dryRun,
      named: texts.has(rule.policyRevisionId) ? rule.principalIds.map((id) => people.person(id)) : null,
      counted: counted?.[index]?.counted.map(({ id }) => people.person(id)) ?? null,
    }));
  }

  async discussion(request: PromotionRequest, people: People): Promise<Dossier['discussion']> {
    const threads = await this.records.threadsOf(request.id);
    const comments = await this.records.commentsOf(request.id);
    return threads.map((thread) => ({
      blocking: thread.blocking,
      openedBy: people.person(thread.openedBy),
      openedAt: thread.openedAt.toISOString(),
      resolvedBy: people.personOrNull(thread.resolvedBy),
      resolvedAt: isoInstant(thread.resolvedAt),
      comments: comments
        .filter(({ threadId }) => threadId === thread.id)
        .map(({ authorId, text, madeAt }) => ({ author: people.person(authorId), text, at: madeAt.toISOString() })),
    }));
  }

  async breakGlassReview(request: PromotionRequest, people: People): Promise<Dossier['review']> {
    const [review] = await this.reviews.ofRequests([request.id]);
    if (!review) return null;
    const { openedAt, dueAt, closedAt, closedBy, outcome, comment } = review;
    return {
      openedAt: openedAt.toISOString(),
      dueAt: dueAt.toISOString(),
      closedAt: isoInstant(closedAt),
      closedBy: people.personOrNull(closedBy),
      outcome,
      comment,
    };
  }
}

/** Of each approval rule in their order (promotion-statement.ts). */
function countedIn({ envelope }: SignedStatement): { counted: { id: string }[] }[] {
  const { predicate } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
  return predicate.approvals;
}
