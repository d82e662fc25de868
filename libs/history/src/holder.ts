import type { Target } from '@app/policy';

/** A version that held a target as of a time. */
export interface Holder {
  target: Target;
  versionNumber: number;
  /** null: the version was deleted since. */
  versionId: string | null;
  since: Date;
  /** The move that put it there. */
  transitionId: string;
  /** The event of that move; null for moves of before events had the instant of their change. */
  eventId: string | null;
}
