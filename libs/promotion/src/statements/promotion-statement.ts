import type { Principal } from '@app/access';
import { canonicalJson } from '@app/platform';
import type { Transition } from '@app/registry';
import type { PromotionRequest } from '../promotion-request.js';
import type { Decision } from '../review/review.js';

/** What the statement says of its subject. docs/attestations.md describes each field; a change of them makes a v2. */
export const promotionPredicateType = 'https://imprimatur.dev/attestations/promotion/v1';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, and its media type. */
const statementType = 'https://in-toto.io/Statement/v1';
export const statementMediaType = 'application/vnd.in-toto+json';

/** What a statement is made of: the request as it was applied. */
export interface AppliedPromotion {
  request: PromotionRequest;
  /** The move itself; absent when the version held the target already. */
  transition: Transition | undefined;
  appliedAt: Date;
  /** The decisions that counted. */
  decisions: readonly Decision[];
  /** For each approval rule, who filled a place in it. */
  filled: readonly string[][];
  /** Everybody who is named, as he was called then. */
  people: readonly Pick<Principal, 'id' | 'name'>[];
}

/** The statement in canonical JSON (RFC 8785): the evidence within it has the digest that the decisions name. */
export function promotionStatement(applied: AppliedPromotion): string {
  const { request } = applied;
  const { modelFullName, versionNumber, artifactDigest } = request;
  return canonicalJson({
    _type: statementType,
    subject: [
      { name: `${modelFullName}/${versionNumber}`, digest: { sha256: artifactDigest.replace(/^sha256:/, '') } },
    ],
    predicateType: promotionPredicateType,
    predicate: predicateOf(applied),
  });
}

function predicateOf({ request, transition, appliedAt, decisions, filled, people }: AppliedPromotion) {
  const person = (id: string) => ({ id, name: people.find((each) => each.id === id)?.name ?? null });
  const { modelId, modelFullName, versionNumber, target, effectivePolicy } = request;
  return {
    request: {
      id: request.id,
      number: request.number,
      kind: request.kind,
      requester: person(request.requesterId),
      justification: request.justification,
      createdAt: request.createdAt.toISOString(),
    },
    model: { id: modelId, fullName: modelFullName },
    version: versionNumber,
    target: { kind: target.kind, name: target.name },
    evidence: request.evidence,
    evidenceDigest: request.evidenceDigest,
    decisions: decisions.map(({ principalId, verdict, comment, evidenceDigest, decidedAt }) => ({
      reviewer: person(principalId),
      verdict,
      comment,
      evidenceDigest,
      decidedAt: decidedAt.toISOString(),
    })),
    approvals: effectivePolicy.approvals.map(({ policy, name, count, dryRun }, rule) => ({
      policy,
      name,
      dryRun,
      need: count,
      counted: (filled[rule] ?? []).map(person),
    })),
    transition: transition ? { id: transition.id, replacedVersion: transition.replacedVersionNumber } : null,
    appliedAt: appliedAt.toISOString(),
  };
}
