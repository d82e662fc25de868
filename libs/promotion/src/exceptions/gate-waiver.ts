import { type GateRun, isBlocking } from '@app/gates';
import type { Caller } from '@app/platform';
import type { PromotionRequest } from '../promotion-request.js';

/** A proposal that a gate which was not passed shall not stand in the way, and what became of it. */
export interface GateWaiver {
  id: string;
  gateRunId: string;
  requestId: string;
  reason: string;
  proposedBy: string;
  proposedAt: Date;
  state: 'PROPOSED' | 'CONFIRMED' | 'DECLINED';
  decidedBy: string | null;
  decidedAt: Date | null;
  comment: string | null;
}

/** It stands in the way, and has judged: what was cancelled is run again instead. */
export const isWaivable = (run: GateRun): boolean => isBlocking(run) && run.status !== 'CANCELLED';

/** Why this caller may not be the second person; undefined when he may. */
export function waiverObjection(
  { proposedBy }: Pick<GateWaiver, 'proposedBy'>,
  { requesterId }: Pick<PromotionRequest, 'requesterId'>,
  { id, kind }: Pick<Caller, 'id' | 'kind'>,
): { rule: string; explanation: string } | undefined {
  if (kind !== 'USER')
    return { rule: 'NOT_A_PERSON', explanation: 'A waiver is confirmed by a person, not by a service.' };
  if (id === proposedBy) {
    return { rule: 'PROPOSER_CANNOT_CONFIRM', explanation: 'You proposed this waiver: another person confirms it.' };
  }
  if (id === requesterId) {
    return {
      rule: 'REQUESTER_CANNOT_CONFIRM',
      explanation: 'You opened the request: a waiver of its gates is confirmed by another person.',
    };
  }
  return undefined;
}
