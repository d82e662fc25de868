import { Access } from '@app/access';
import { AuditLog } from '@app/audit';
import { FailedPrecondition, Outbox, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type Locked, LockedRequests } from '../locked-requests.js';
import { ForbiddenByRule, ThreadNotFound } from '../promotion.errors.js';
import { discussionCommentMade } from '../promotion.events.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import { auditedRequest, requiredText, requireOpen } from '../promotion-request.js';
import { VisibleRequests } from '../visible-requests.js';
import type { DiscussionComment, DiscussionThread } from './discussion.js';
import { DiscussionRepository } from './discussion.repository.js';

/**
 * Discussions on requests. Whoever may see the request and holds EXECUTE on the model may speak. A thread that blocks
 * keeps the request from being approved: opening one needs APPROVE_PROMOTION, as a decision does.
 */
@Injectable()
export class Discussions {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly discussions: DiscussionRepository,
    private readonly locked: LockedRequests,
    private readonly outbox: Outbox,
    private readonly progress: PromotionProgress,
    private readonly transaction: Transaction,
    private readonly visible: VisibleRequests,
  ) {}

  /**
   * Opens a thread with its first comment.
   * @throws NotFound, PermissionDenied, InvalidArgument; RequestClosed for a thread that blocks
   */
  async open(input: { number: number; text: string; blocking: boolean }): Promise<DiscussionThread> {
    const { caller, request, model } = await this.visible.byNumber(input.number);
    await this.access.authorize('EXECUTE', model, 'REGISTERED_MODEL', model.fullName);
    if (input.blocking) {
      await this.access.authorize('APPROVE_PROMOTION', model, 'REGISTERED_MODEL', model.fullName);
    }
    const text = requiredText(input.text, 'text', 'say something');
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(request);
      if (input.blocking) requireOpen(locked.request);
      const thread = await this.discussions.open({
        requestId: request.id,
        blocking: input.blocking,
        openedBy: caller.id,
      });
      const made = await this.discussions.comment({ threadId: thread.id, authorId: caller.id, text });
      await this.changed(locked, 'discussion_thread.opened', thread, text);
      await this.outbox.add(discussionCommentMade, { promotionRequestId: request.id, commentId: made.id });
      return thread;
    });
  }

  /** Answers in a thread. @throws NotFound, PermissionDenied, InvalidArgument */
  async comment(input: { threadId: string; text: string }): Promise<DiscussionComment> {
    const { caller, thread, request, model } = await this.authorize(input.threadId);
    const text = requiredText(input.text, 'text', 'say something');
    return this.transaction.run(async () => {
      const made = await this.discussions.comment({ threadId: thread.id, authorId: caller.id, text });
      const object = auditedRequest(request, model);
      await this.audit.record({
        action: 'discussion_comment.made',
        object,
        after: { thread: thread.id },
        reason: text,
      });
      await this.outbox.add(discussionCommentMade, { promotionRequestId: request.id, commentId: made.id });
      return made;
    });
  }

  /**
   * Settles a thread. One that blocks is settled by whoever opened it; when he is away, by a holder of MANAGE who did not
   * open the request. The request may be approved by it.
   * @throws NotFound, PermissionDenied, ForbiddenByRule; FailedPrecondition when it is resolved
   */
  async resolve(input: { threadId: string }): Promise<DiscussionThread> {
    const { caller, thread, request, model } = await this.authorize(input.threadId);
    if (thread.blocking && thread.openedBy !== caller.id) {
      if (request.requesterId === caller.id) {
        const explanation = 'You opened the request: a thread that blocks it is resolved by who opened the thread.';
        throw new ForbiddenByRule('MANAGE', { rule: 'REQUESTER_CANNOT_RESOLVE', explanation }, model);
      }
      await this.access.authorize('MANAGE', model, 'REGISTERED_MODEL', model.fullName);
    }
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(request);
      const resolved = await this.discussions.resolve(thread.id, caller.id);
      if (!resolved) throw new FailedPrecondition('THREAD_RESOLVED', `thread: it is resolved already`);
      await this.changed(locked, 'discussion_thread.resolved', resolved, null);
      return resolved;
    });
  }

  /**
   * Takes a settlement back; of a thread that blocks, with the right to open one.
   * @throws NotFound, PermissionDenied; FailedPrecondition when it is open; RequestClosed for a thread that blocks
   */
  async reopen(input: { threadId: string }): Promise<DiscussionThread> {
    const { thread, request, model } = await this.authorize(input.threadId);
    if (thread.blocking) {
      await this.access.authorize('APPROVE_PROMOTION', model, 'REGISTERED_MODEL', model.fullName);
    }
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(request);
      if (thread.blocking) requireOpen(locked.request);
      const reopened = await this.discussions.reopen(thread.id);
      if (!reopened) throw new FailedPrecondition('THREAD_OPEN', 'thread: it is not resolved');
      await this.changed(locked, 'discussion_thread.reopened', reopened, null);
      return reopened;
    });
  }

  private async authorize(threadId: string) {
    const thread = await this.discussions.thread(threadId);
    if (!thread) throw new ThreadNotFound(threadId);
    const visible = await this.visible.byId(thread.requestId, () => new ThreadNotFound(threadId));
    await this.access.authorize('EXECUTE', visible.model, 'REGISTERED_MODEL', visible.model.fullName);
    return { ...visible, thread };
  }

  /** Writes it down; of a thread that blocks, the request is looked at again. */
  private async changed(locked: Locked, action: string, { id, blocking }: DiscussionThread, reason: string | null) {
    const object = auditedRequest(locked.request, locked.model);
    await this.audit.record({ action, object, after: { thread: id, blocking }, reason });
    if (blocking) await this.progress.review(locked);
  }
}
