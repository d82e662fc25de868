import type { Rows } from './case.js';
import { awaiting, blocked, champion, decided, evidenceOf, open, validated } from './promotions.js';
import type { WalkWorld } from './world.js';

async function thread(w: WalkWorld) {
  const request = await awaiting(w);
  const opened = await w.done('discussionThreadOpen', { number: request.number, text: 'x' }, 'discussionThread { id }');
  return { ...request, threadId: opened.discussionThread.id as string };
}

async function waiver(w: WalkWorld) {
  const request = await blocked(w);
  const { number, gate } = request;
  const proposed = await w.done('gateWaiverPropose', { number, gate, reason: 'x' }, 'gateWaiver { id }');
  return { ...request, waiverId: proposed.gateWaiver.id as string };
}

async function applied(w: WalkWorld) {
  const request = await awaiting(w);
  await decided(w, request, 'APPROVE');
  return request;
}

async function broken(w: WalkWorld) {
  const model = await w.made(1);
  const input = { model, version: 1, target: champion, justification: 'x' };
  const { promotionRequest } = await w.done('promotionBreakGlass', input, 'promotionRequest { number }');
  return { model, number: promotionRequest.number as number, name: `promotion request ${promotionRequest.number}` };
}

const mayRead = { reader: 'whoever reads the model may discuss its promotion' };
const hasNone = {
  reader: 'whoever sees the request may take back his own decision: that he made none is no lack of a privilege',
};

/** Promotion requests, and what is said and decided about them. */
export const promotionRows: Rows = {
  promotionRequestCreate: async (w) => {
    const model = await w.made(1);
    const name = `promotion request ${await nextNumber(w)}`;
    return {
      input: { model, version: 1, target: champion, justification: 'because' },
      events: [
        `promotion_request.created ${name} (after, reason)`,
        // No gate is asked for: it waits for approval at once.
        `promotion_request.awaiting_approval ${name} (before, after, reason)`,
      ],
    };
  },
  // The last approval applies it: every step of the way is a change of state, and the alias moves.
  promotionRequestDecide: async (w) => {
    const { number, name, model } = await awaiting(w);
    return {
      input: { number, verdict: 'APPROVE', comment: 'x', evidenceDigest: await evidenceOf(w, number) },
      by: w.lead,
      events: [
        `promotion_request.decided ${name} (after, reason)`,
        `promotion_request.approved ${name} (before, after, reason)`,
        `model_alias.set ${model}@champion (after, reason)`,
        `promotion_request.applied ${name} (before, after, reason)`,
      ],
    };
  },
  promotionRequestDecisionWithdraw: async (w) => {
    const request = await awaiting(w);
    await decided(w, request, 'REQUEST_CHANGES');
    return {
      input: { number: request.number, reason: 'x' },
      by: w.lead,
      notRefused: hasNone,
      events: [
        `promotion_request.decision_withdrawn ${request.name} (before, reason)`,
        `promotion_request.awaiting_approval ${request.name} (before, after, reason)`,
      ],
    };
  },
  promotionRequestCancel: async (w) => {
    const { number, name } = await awaiting(w);
    return { input: { number, reason: 'x' }, events: [`promotion_request.cancelled ${name} (before, after, reason)`] };
  },
  promotionRequestGatesRerun: async (w) => {
    const { number, name } = await blocked(w);
    return { input: { number }, events: [`promotion_request.validating ${name} (before, after, reason)`] };
  },
  promotionRequestResubmit: async (w) => {
    const request = await awaiting(w);
    await decided(w, request, 'REQUEST_CHANGES');
    return {
      input: { number: request.number, comment: 'x' },
      events: [`promotion_request.awaiting_approval ${request.name} (before, after, reason)`],
    };
  },
  promotionRequestRollback: async (w) => {
    const model = await w.made(2);
    for (const version of [1, 2]) await decided(w, await open(w, model, champion, version), 'APPROVE');
    const number = await nextNumber(w);
    return {
      input: { model, target: champion, justification: 'x' },
      events: [`promotion_request.created promotion request ${number} (after, reason)`],
    };
  },
  promotionBreakGlass: async (w) => {
    const model = await w.made(1);
    const name = `promotion request ${await nextNumber(w)}`;
    return {
      input: { model, version: 1, target: champion, justification: 'x' },
      events: [
        `model_alias.set ${model}@champion (after, reason)`,
        `promotion_request.glass_broken ${name} (after, reason)`,
        `promotion_request.applied ${name} (before, after, reason)`,
      ],
    };
  },
  breakGlassReviewClose: async (w) => {
    const { number, name } = await broken(w);
    return {
      input: { number, outcome: 'JUSTIFIED', comment: 'x' },
      by: w.lead,
      events: [`break_glass_review.closed ${name} (after, reason)`],
    };
  },
  gateRunReport: async (w) => {
    const { gateRunId, key, model } = await validated(w);
    const service = await w.reporter();
    return {
      input: { gateRunId: Buffer.from(`GateRun:${gateRunId}`).toString('base64url'), status: 'PASSED', summary: 'x' },
      by: service,
      events: [`gate_run.finished ${model}/1 ${key} (after, reason)`],
      onceMore: 'NOTHING',
    };
  },
  gateWaiverPropose: async (w) => {
    const { number, gate, name } = await blocked(w);
    return { input: { number, gate, reason: 'x' }, events: [`gate_waiver.proposed ${name} (after, reason)`] };
  },
  gateWaiverConfirm: async (w) => {
    const { waiverId, name } = await waiver(w);
    return {
      input: { waiverId },
      by: w.lead,
      events: [
        `gate_waiver.confirmed ${name} (after, reason)`,
        `promotion_request.validating ${name} (before, after, reason)`,
        `promotion_request.awaiting_approval ${name} (before, after, reason)`,
      ],
    };
  },
  gateWaiverDecline: async (w) => {
    const { waiverId, name } = await waiver(w);
    return { input: { waiverId, comment: 'x' }, by: w.lead, events: [`gate_waiver.declined ${name} (after, reason)`] };
  },
  discussionThreadOpen: async (w) => {
    const { number, name } = await awaiting(w);
    return {
      input: { number, text: 'x' },
      events: [`discussion_thread.opened ${name} (after, reason)`],
      notRefused: mayRead,
    };
  },
  discussionCommentMake: async (w) => {
    const { threadId, name } = await thread(w);
    return {
      input: { threadId, text: 'x' },
      events: [`discussion_comment.made ${name} (after, reason)`],
      notRefused: mayRead,
    };
  },
  discussionThreadResolve: async (w) => {
    const { threadId, name } = await thread(w);
    return {
      input: { threadId },
      events: [`discussion_thread.resolved ${name} (after)`],
      onceMore: 'NOTHING',
      notRefused: mayRead,
    };
  },
  discussionThreadReopen: async (w) => {
    const { threadId, name } = await thread(w);
    await w.done('discussionThreadResolve', { threadId });
    return {
      input: { threadId },
      events: [`discussion_thread.reopened ${name} (after)`],
      onceMore: 'NOTHING',
      notRefused: mayRead,
    };
  },
};

/** The number that the next request gets. */
async function nextNumber(w: WalkWorld): Promise<number> {
  return (await applied(w)).number + 1;
}
