import type { Caller } from '@app/platform';
import type { PromotionRequest } from '../promotion-request.js';
import { type Makers, separations } from '../review/review.js';

/** Those of the rules below that keep somebody from judging what is his own. */
export const ownReportRules: readonly string[] = ['REQUESTER_CANNOT_REPORT', 'MAKER_CANNOT_REPORT'];

/**
 * Why this caller may not report the judgement of a gate; undefined when he may. A report opens the way for a version like
 * an approval does, and REPORT_GATE comes with owning the model: whoever asks for the promotion, or is kept by separation of
 * duties from approving it, does not judge it either. The requester never does, whatever the policy lets him approve.
 */
export function reportObjection(
  request: Pick<PromotionRequest, 'effectivePolicy' | 'requesterId'>,
  makers: Makers,
  { id, kind }: Pick<Caller, 'id' | 'kind'>,
): { rule: string; explanation: string } | undefined {
  if (kind !== 'SERVICE_PRINCIPAL') {
    return { rule: 'NOT_A_SERVICE', explanation: 'A gate is reported by a service principal, not by a person.' };
  }
  if (id === request.requesterId) {
    return {
      rule: 'REQUESTER_CANNOT_REPORT',
      explanation: 'You opened the request: its gates are reported by somebody else.',
    };
  }
  if (separations(request, makers, id).length > 0) {
    return {
      rule: 'MAKER_CANNOT_REPORT',
      explanation: 'You made this version, and the policy separates who makes it from who judges it.',
    };
  }
  return undefined;
}
