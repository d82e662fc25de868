import { Access, PrincipalRepository, type Securable, SecurableRepository } from '@app/access';
import { actAs, type Caller, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { DiscussionRepository } from './discussion/discussion.repository.js';
import { BreakGlassReviewRepository } from './exceptions/break-glass-review.repository.js';
import { waiverObjection } from './exceptions/gate-waiver.js';
import { GateWaiverRepository } from './exceptions/gate-waiver.repository.js';
import { PromotionAudienceReader } from './promotion-audience.reader.js';
import type { PromotionRequest } from './promotion-request.js';
import { PromotionRequestReader } from './promotion-request.reader.js';
import { PromotionRequestRepository } from './promotion-request.repository.js';
import { Reviewers } from './review/reviewers.js';

/** What somebody is told, as he may read it himself: the request, and what was said of it. */
export interface Told {
  request: PromotionRequest;
  /** The reason of a waiver, or a comment. */
  text: string | null;
  /** Who said it, or asks. */
  byId: string;
}

/**
 * Whom something about a request concerns, by the rules that let him act on it and no others: `…For` asks as the person
 * himself, with the rights of now, and answers undefined when it does not concern him (any more) or he may not see it.
 * `…People` are those whom it concerns, out of everybody. For the worker: the caller is asked for nothing.
 */
@Injectable()
export class PromotionAudience {
  constructor(
    private readonly access: Access,
    private readonly candidates: PromotionAudienceReader,
    private readonly discussions: DiscussionRepository,
    private readonly principals: PrincipalRepository,
    private readonly reader: PromotionRequestReader,
    private readonly requests: PromotionRequestRepository,
    private readonly reviewers: Reviewers,
    private readonly reviews: BreakGlassReviewRepository,
    private readonly securables: SecurableRepository,
    private readonly waivers: GateWaiverRepository,
  ) {}

  /** In whose inbox the request is, with this evidence: whose decision could still change what becomes of it. */
  async approvalPeople(requestId: string, evidenceDigest: string): Promise<Caller[]> {
    const found = await this.open(requestId);
    if (!found) return [];
    const eligible = await this.reviewers.eligible(found.request.effectivePolicy, found.model);
    const people = await this.people(eligible.map(({ id }) => id));
    return this.those(people, (person) => this.approvalFor(person, requestId, evidenceDigest));
  }

  async approvalFor(person: Caller, requestId: string, evidenceDigest: string): Promise<Told | undefined> {
    return this.asShown(person, requestId, async (request) => {
      if (request.evidenceDigest !== evidenceDigest || !(await this.reader.awaits(requestId))) return undefined;
      return { request, text: request.justification, byId: request.requesterId };
    });
  }

  /** Who may be the second person for a waiver. */
  async waiverPeople(waiverId: string): Promise<Caller[]> {
    const waiver = await this.waivers.byId(waiverId);
    const found = waiver && (await this.open(waiver.requestId));
    if (!found) return [];
    return this.those(await this.candidates.holders('WAIVE_GATE', found.model), (person) =>
      this.waiverFor(person, waiverId),
    );
  }

  async waiverFor(person: Caller, waiverId: string): Promise<Told | undefined> {
    const waiver = await this.waivers.byId(waiverId);
    if (waiver?.state !== 'PROPOSED') return undefined;
    return this.asShown(person, waiver.requestId, async (request, model) => {
      if (request.state !== 'BLOCKED' || waiverObjection(waiver, request, person)) return undefined;
      if (!(await this.access.allowed('WAIVE_GATE', model))) return undefined;
      return { request, text: waiver.reason, byId: waiver.proposedBy };
    });
  }

  /** Who may close the review of a promotion past the policy. */
  async reviewPeople(requestId: string): Promise<Caller[]> {
    const found = await this.open(requestId);
    if (!found) return [];
    const holders = await this.candidates.holders('APPROVE_PROMOTION', found.model);
    return this.those(holders, (person) => this.reviewFor(person, requestId));
  }

  async reviewFor(person: Caller, requestId: string): Promise<Told | undefined> {
    return this.asShown(person, requestId, async (request, model) => {
      const review = await this.reviews.of(requestId);
      if (!review || review.closedAt || review.actorId === person.id || person.kind !== 'USER') return undefined;
      if (!(await this.access.allowed('APPROVE_PROMOTION', model))) return undefined;
      return { request, text: request.justification, byId: review.actorId };
    });
  }

  /** Whose request it is. */
  async requester(requestId: string): Promise<Caller[]> {
    const request = await this.requests.byId(requestId);
    return request ? this.people([request.requesterId]) : [];
  }

  async outcomeFor(person: Caller, requestId: string, state: string): Promise<Told | undefined> {
    return this.asShown(person, requestId, async (request) => {
      // Who went past the policy has had his answer.
      if (request.state !== state || request.requesterId !== person.id || request.kind === 'BREAK_GLASS')
        return undefined;
      return { request, text: request.stateReason, byId: request.requesterId };
    });
  }

  /** Whom a comment answers: the requester, and who else has spoken in the thread. */
  async commentPeople(requestId: string, commentId: string): Promise<Caller[]> {
    const [comment, request] = [await this.discussions.commentInThread(commentId), await this.requests.byId(requestId)];
    if (!comment || !request) return [];
    const ids = new Set([request.requesterId, ...comment.speakerIds]);
    ids.delete(comment.authorId);
    return this.those(await this.people([...ids]), (person) => this.commentFor(person, requestId, commentId));
  }

  async commentFor(person: Caller, requestId: string, commentId: string): Promise<Told | undefined> {
    return this.asShown(person, requestId, async (request) => {
      const comment = await this.discussions.commentInThread(commentId);
      return comment && { request, text: comment.text, byId: comment.authorId };
    });
  }

  /** Runs `look` as the person, on the request as he sees it. */
  private asShown(
    person: Caller,
    requestId: string,
    look: (request: PromotionRequest, model: Securable) => Promise<Told | undefined>,
  ): Promise<Told | undefined> {
    return actAs(person, async () => {
      try {
        const request = await this.reader.get(requestId);
        const model = await this.securables.byId(request.modelId);
        return model && (await look(request, model));
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        throw error;
      }
    });
  }

  private async open(requestId: string): Promise<{ request: PromotionRequest; model: Securable } | undefined> {
    const request = await this.requests.byId(requestId);
    const model = request && (await this.securables.byId(request.modelId));
    return model && { request, model };
  }

  private async those(people: readonly Caller[], concerns: (person: Caller) => Promise<unknown>): Promise<Caller[]> {
    const found: Caller[] = [];
    for (const person of people) if (await concerns(person)) found.push(person);
    return found;
  }

  /** Those of them that are enabled users: nobody else reads what he is told. */
  private async people(ids: readonly string[]): Promise<Caller[]> {
    const principals = await this.principals.byIds(ids);
    return principals
      .filter(({ kind, disabledAt }) => kind === 'USER' && disabledAt === null)
      .map(({ id, name, kind }) => ({ id, name, kind }));
  }
}
