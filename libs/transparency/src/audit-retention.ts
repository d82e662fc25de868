import { InvalidArgument } from '@app/platform';

/**
 * What decides how long an event is kept: refusals; sessions and access tokens; runs, experiments and logged models; all else.
 * Which event is of which, the function audit_event_class in the database says. What tells of the log itself is of none: it is
 * kept for ever.
 */
export const auditClasses = ['REFUSALS', 'CREDENTIALS', 'TRACKING', 'GOVERNANCE'] as const;
export type AuditClass = (typeof auditClasses)[number];

/** A rule can be taken back before it deletes anything. */
const [leastDays, mostDays] = [30, 36_500];

/** How long events of a class are kept, at least. */
export interface AuditRetention {
  eventClass: AuditClass;
  /** null: for ever. */
  days: number | null;
  /** When that was said; null: it never was. */
  changedAt: Date | null;
}

/** @throws InvalidArgument for too few or too many days */
export function checkedDays(days: number | null): number | null {
  if (days === null || (days >= leastDays && days <= mostDays)) return days;
  throw new InvalidArgument(`days: ${days} is not between ${leastDays} and ${mostDays}; null keeps for ever`, ['days']);
}
