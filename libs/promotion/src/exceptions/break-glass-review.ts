export const reviewOutcomes = ['JUSTIFIED', 'UNJUSTIFIED'] as const;
export type ReviewOutcome = (typeof reviewOutcomes)[number];

/** The task that a promotion past the policy leaves behind, for a person who did not make it. */
export interface BreakGlassReview {
  requestId: string;
  requestNumber: number;
  /** What was promoted, as it was called then: the model may be gone. */
  modelFullName: string;
  /** Why the policy could not be waited for. */
  justification: string;
  /** Who promoted. */
  actorId: string;
  openedAt: Date;
  dueAt: Date;
  /** It is open, and its time is over. */
  overdue: boolean;
  closedAt: Date | null;
  closedBy: string | null;
  outcome: ReviewOutcome | null;
  comment: string | null;
}
