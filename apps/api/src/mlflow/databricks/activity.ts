import type { DiscussionComment, PromotionRequest } from '@app/promotion';
import { omitUnset } from '../wire/parse.js';

/** What a caller may do with a request, in the words of the workspace registry. */
export type ActivityAction = 'APPROVE_TRANSITION_REQUEST' | 'REJECT_TRANSITION_REQUEST' | 'CANCEL_TRANSITION_REQUEST';

type ActivityType = 'REQUESTED_TRANSITION' | 'APPROVED_REQUEST' | 'REJECTED_REQUEST' | 'CANCELLED_REQUEST';

interface Act {
  type: ActivityType;
  id: string;
  by: string | undefined;
  at: Date;
  comment: string | null | undefined;
  /** The stage of the version before; undefined for who may not read the version. */
  fromStage: string | undefined;
}

/** What became of the request, what a decision is bound to, and where a person looks at it. */
const describe = ({ number, state, stateReason, evidenceDigest }: PromotionRequest, url: string): string =>
  [
    `promotion request ${number} is ${state}${stateReason ? `: ${stateReason}` : ''}`,
    ...(evidenceDigest ? [`evidence: ${evidenceDigest}`] : []),
    url,
  ].join('; ');

/** What somebody did with a promotion request, as an activity of the workspace registry. */
export const toActivity = (request: PromotionRequest, url: string, act: Act) =>
  omitUnset({
    id: act.id,
    activity_type: act.type,
    creation_timestamp: act.at.getTime(),
    last_updated_timestamp: act.at.getTime(),
    user_id: act.by,
    comment: act.comment,
    from_stage: act.fromStage,
    to_stage: request.target.name,
    system_comment: describe(request, url),
  });

export const toComment = ({ id, text, madeAt }: DiscussionComment, author: string) => ({
  id,
  comment: text,
  creation_timestamp: madeAt.getTime(),
  last_updated_timestamp: madeAt.getTime(),
  user_id: author,
});

/** What a decision is bound to, when a comment says it: `evidence: sha256:…`. */
export const evidenceIn = (comment: string | undefined): string | undefined =>
  /\bevidence:\s*(sha256:[0-9a-f]{64})\b/i.exec(comment ?? '')?.[1]?.toLowerCase();
