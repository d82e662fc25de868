import type { GateStatus } from '@app/gates';
import { InvalidArgument } from '@app/platform';
import type { Violation, ViolationKind } from '@app/promotion';

export const governanceReportFormat = 'imprimatur-governance-report/1';

/** By which way versions came to hold targets. */
export interface Ways {
  total: number;
  /** By a promotion request that was approved. */
  byRequest: number;
  breakGlass: number;
  /** By nobody's leave. On a protected target there should be none. */
  direct: number;
}

/** Moves of stages and aliases onto a version; a target that was cleared is none. */
export interface TransitionCoverage {
  total: number;
  /** A policy protected the target when it was moved; one that only rehearses does not. */
  protected: Ways;
  unprotected: Ways;
}

export interface RequestCounts {
  opened: number;
  applied: number;
  rejected: number;
  /** Cancelled, expired or superseded. */
  otherwiseClosed: number;
  /** Of those that were applied. */
  appliedWithEvidence: number;
  appliedWithStatement: number;
}

export interface DecisionCounts {
  approve: number;
  reject: number;
  requestChanges: number;
  /** Of the requests that were decided on first in the period: from their opening to that. null: there are none. */
  medianSecondsToFirst: number | null;
}

export interface UncoveredHolder {
  model: string;
  /** stage Production, or alias champion. */
  target: string;
  version: number;
}

/** Who holds Production or champion now. */
export interface HolderCoverage {
  total: number;
  /** No policy protects the target. */
  uncovered: number;
  /** The first hundred of them, by name. */
  holders: UncoveredHolder[];
}

export interface ReviewCounts {
  opened: number;
  closed: number;
  /** As it is now. */
  open: number;
  overdue: number;
}

export interface SealingState {
  events: number;
  refusals: number;
  sealed: number;
  /** The newest: over how many events of the whole log, and whether its signature and root hold. */
  checkpoint: { treeSize: number; createdAt: Date; problem: string | null } | null;
}

export interface ReportedViolation extends Violation {
  requestNumber: number | null;
  /** Where the request is looked at. */
  url: string | null;
}

/** How far the moves of a period were governed, and what went another way (docs/dossier.md). */
export interface GovernanceReport {
  format: typeof governanceReportFormat;
  /** The full name of a catalog, a schema or a model; null: everything. */
  within: string | null;
  /** The first instant that counts. */
  from: Date;
  /** The first instant that no longer counts. */
  to: Date;
  madeAt: Date;
  transitions: TransitionCoverage;
  requests: RequestCounts;
  /** Runs that ended in the period. */
  gates: { status: GateStatus; count: number }[];
  decisions: DecisionCounts;
  holders: HolderCoverage;
  reviews: ReviewCounts;
  audit: SealingState;
  violations: {
    counts: { kind: ViolationKind; count: number }[];
    /** The newest hundred. */
    newest: ReportedViolation[];
  };
}

/** @throws InvalidArgument when the period is none */
export function requirePeriod(from: Date, to: Date): void {
  if (from < to) return;
  throw new InvalidArgument(`from: ${from.toISOString()} is not before to, ${to.toISOString()}`, ['from']);
}
