import { Access, PrincipalRepository } from '@app/access';
import { type GateRun, GateRuns, isBlocking, isFinished } from '@app/gates';
import { actAs, type Batched, Batcher, Outbox, Transaction } from '@app/platform';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { ArtifactCheck } from './artifact-check.js';
import { Comparisons } from './evidence/comparisons.service.js';
import { evidenceOf } from './evidence/evidence.js';
import { type Locked, LockedRequests } from './locked-requests.js';
import { promotionRequestApproved } from './promotion.events.js';
import { PromotionApplication } from './promotion-application.js';
import type { PromotionRequest, PromotionState } from './promotion-request.js';
import { type DueWork, PromotionRequestRepository } from './promotion-request.repository.js';
import { awaitedDiscussions, stateAfterReview } from './review/review.js';
import { Reviewers } from './review/reviewers.js';

/**
 * Brings requests on: after gates, after decisions, when their time has come. No right is asked: whoever decides has
 * been asked already, and the worker acts as the built-in identity imprimatur-gates, on behalf of who opened the request.
 * Each step may be repeated at any time: it looks at the rows under the lock, and does what they call for.
 */
@Injectable()
export class PromotionProgress {
  private readonly judged = new Batcher((batch: readonly Batched<string>[]) => this.evaluateAll(batch));

  constructor(
    private readonly access: Access,
    private readonly application: PromotionApplication,
    private readonly artifacts: ArtifactCheck,
    private readonly comparisons: Comparisons,
    private readonly gates: GateRuns,
    private readonly locked: LockedRequests,
    private readonly outbox: Outbox,
    private readonly principals: PrincipalRepository,
    private readonly requests: PromotionRequestRepository,
    private readonly reviewers: Reviewers,
    private readonly transaction: Transaction,
    private readonly versions: VersionRecords,
  ) {}

  /** Looks at a validating request again, when one of its gates has finished; locks it when that was the last one. */
  async evaluate(requestId: string): Promise<void> {
    this.access.caller();
    await this.judged.add(requestId);
  }

  /** Applies an approved request whose wait is over. Every byte of the version is read again first. */
  async apply(requestId: string): Promise<void> {
    this.access.caller();
    const seen = await this.requests.byId(requestId);
    const version = seen?.state === 'APPROVED' ? await this.versions.byId(seen.versionId) : undefined;
    if (!seen || !version || !(await this.requests.isDue(requestId, 'applyAfter'))) return;
    const digest = await this.artifacts.digestOf(version);
    await this.forRequester(seen, async () => {
      const locked = await this.locked.lock(seen);
      if (locked?.request.state !== 'APPROVED') return;
      if (await this.requests.isDue(requestId, 'applyAfter')) await this.application.apply(locked, digest);
    });
  }

  /** What is due by the clock, or was left behind by a lost message: for the reconciler. */
  due(): Promise<DueWork[]> {
    return this.requests.due();
  }

  /** Does one piece of it. */
  async bringOn({ id, work }: DueWork): Promise<void> {
    if (work === 'EVALUATE') await this.evaluate(id);
    else if (work === 'REVIEW') await this.reviewAgain(id);
    // Reading the files may take minutes: a job does it, not the reconciler.
    else if (work === 'APPLY') await this.outbox.add(promotionRequestApproved, { promotionRequestId: id });
    else await this.close(id);
  }

  /** One transaction for the requests of each model, which is locked for all of them; each request once. */
  private async evaluateAll(batch: readonly Batched<string>[]): Promise<undefined[]> {
    const callers = new Map(batch.map((one) => [one.item, one]));
    const judged = await this.requests.judged([...callers.keys()]);
    const requesters = await this.principals.byIds(judged.map(({ requesterId }) => requesterId));
    const nameOf = (request: PromotionRequest) => requesters.find(({ id }) => id === request.requesterId)?.name;
    for (const modelId of new Set(judged.map((request) => request.modelId))) {
      await this.transaction.run(async () => {
        for (const seen of judged.filter((request) => request.modelId === modelId)) {
          const evaluate = () => actAs(this.access.caller(), () => this.evaluateSeen(seen), nameOf(seen));
          await callers.get(seen.id)?.asCaller(evaluate);
        }
      });
    }
    return batch.map(() => undefined);
  }

  private async evaluateSeen(seen: PromotionRequest): Promise<void> {
    const locked = await this.locked.lock(seen);
    if (locked) await this.evaluateLocked(locked);
  }

  /** Everything after the gates of a round have finished. Call it under the lock. */
  async evaluateLocked(locked: Locked): Promise<Locked> {
    if (locked.request.state !== 'VALIDATING') return locked;
    const runs = await this.gates.ofRequests([locked.request.id]);
    if (!runs.every(isFinished)) return locked;

    const blocking = runs.filter(isBlocking);
    if (blocking.length > 0) {
      const reason = blocking.map(({ key, status, summary }) => `gate "${key}" ${status}: ${summary}`).join('; ');
      return this.block(locked, reason);
    }
    const required = runs.filter(({ required }) => required).length;
    const reason = required === 1 ? 'the required gate has passed' : `all ${required} required gates have passed`;
    return this.review(await this.locked.move(locked, 'AWAITING_APPROVAL', reason, await this.evidence(locked, runs)));
  }

  /** Ends a round that leads no further, with the evidence as it stands. Call it under the lock, when no gate runs. */
  async block(locked: Locked, reason: string): Promise<Locked> {
    const runs = await this.gates.ofRequests([locked.request.id]);
    return this.locked.move(locked, 'BLOCKED', reason, await this.evidence(locked, runs));
  }

  private async evidence({ request }: Locked, runs: readonly GateRun[]) {
    const { evidence, digest } = evidenceOf(request, runs, await this.comparisons.ofRequest(request));
    return { evidence, evidenceDigest: digest };
  }

  /**
   * Works out where a validated request stands after its decisions, and applies it when every rule is met and there is
   * no wait. Call it under the lock.
   * @param digest what the caller has just read of the version's bytes; without it the worker reads them, and applies
   */
  async review(locked: Locked, digest?: string): Promise<Locked> {
    const { request, model, version } = locked;
    if (!reviewed.includes(request.state)) return locked;
    await this.requests.noteReviewed(request.id);
    const { decisions, met, unresolved } = await this.reviewers.tally(request, model, version);
    const state = stateAfterReview(decisions, met);
    if (state === request.state || (request.state === 'BLOCKED' && state !== 'REJECTED')) return locked;
    if (state === 'APPROVED') return this.approve(locked, digest);
    const last = decisions.filter(({ verdict }) => verdict !== 'APPROVE').at(-1);
    const awaited = unresolved > 0 ? awaitedDiscussions(unresolved) : 'the approval rules are not all met';
    return this.locked.move(locked, state, last?.comment ?? awaited, {
      approvedAt: null,
      applyAfter: null,
    });
  }

  private async approve(locked: Locked, digest: string | undefined): Promise<Locked> {
    // Changes that were asked for and then withdrawn lead back through the review.
    const pending =
      locked.request.state === 'CHANGES_REQUESTED'
        ? await this.locked.move(locked, 'AWAITING_APPROVAL', 'no change is asked for any more')
        : locked;
    const approvedAt = await this.requests.now();
    const { waitSeconds } = pending.request.effectivePolicy;
    const applyAfter = new Date(approvedAt.getTime() + waitSeconds * 1000);
    const reason =
      waitSeconds > 0 ? `every rule is met; applied after ${applyAfter.toISOString()}` : 'every rule is met';
    const approved = await this.locked.move(pending, 'APPROVED', reason, { approvedAt, applyAfter });
    if (waitSeconds > 0) return approved;
    if (digest !== undefined) return this.application.apply(approved, digest);
    await this.outbox.add(promotionRequestApproved, { promotionRequestId: approved.request.id });
    return approved;
  }

  /** Counts the decisions again, because rights have changed: a reviewer who had lost his may have it back. */
  private async reviewAgain(requestId: string): Promise<void> {
    const seen = await this.requests.byId(requestId);
    if (seen?.state !== 'AWAITING_APPROVAL') return;
    await this.forRequester(seen, async () => {
      const locked = await this.locked.lock(seen);
      if (locked?.request.state === 'AWAITING_APPROVAL') await this.review(locked);
    });
  }

  /** A transaction whose events tell on whose behalf the worker acts. */
  private async forRequester({ requesterId }: PromotionRequest, work: () => Promise<void>): Promise<void> {
    const requester = await this.principals.byId(requesterId);
    await actAs(this.access.caller(), () => this.transaction.run(work), requester?.name);
  }

  private async close(requestId: string): Promise<void> {
    const seen = await this.requests.byId(requestId);
    if (!seen) return;
    await this.transaction.run(async () => {
      const locked = await this.locked.lock(seen);
      if (!locked || locked.request.closedAt || locked.request.state === 'APPROVED') return;
      if (!(await this.requests.isDue(requestId, 'expiresAt'))) return;
      await this.locked.move(locked, 'EXPIRED', 'it was not decided in time');
    });
  }
}

/** Where decisions move a request. In BLOCKED, only a rejection does. */
const reviewed: readonly PromotionState[] = ['AWAITING_APPROVAL', 'CHANGES_REQUESTED', 'APPROVED', 'BLOCKED'];
