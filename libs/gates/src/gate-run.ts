import type { GateType } from '@app/policy';

export const gateStatuses = ['QUEUED', 'RUNNING', 'PASSED', 'FAILED', 'ERRORED', 'WAIVED', 'CANCELLED'] as const;
export type GateStatus = (typeof gateStatuses)[number];

/** One run of one gate of a promotion request (domain.md, section 6). */
export interface GateRun {
  id: string;
  requestId: string;
  versionId: string;
  /** Who held the target when the round began; null when nobody did. */
  incumbentVersionId: string | null;
  policyRevisionId: string;
  /** The round of the request that it belongs to: the gates of a blocked request may run again. */
  round: number;
  /** `policy/gate`, unique in the round. */
  key: string;
  type: GateType;
  required: boolean;
  config: unknown;
  timeoutSeconds: number;
  maxAttempts: number;
  attempt: number;
  status: GateStatus;
  /** How far it is, in percent, as far as the gate tells. */
  progress: number | null;
  /** One sentence for people, with the measured value and the bound. */
  summary: string | null;
  /** Measured values. */
  output: Record<string, unknown> | null;
  /** Digests of what went in. */
  inputs: Record<string, unknown> | null;
  queuedAt: Date;
  startedAt: Date | null;
  leaseUntil: Date | null;
  /** A run that is to be tried again waits until then. */
  retryAt: Date | null;
  finishedAt: Date | null;
}

export interface GateLogLine {
  line: number;
  at: Date;
  stream: 'log' | 'error';
  text: string;
}

/** One line of a gate's log, and how far the gate is with it, in whole percent. */
export type GateLogger = (text: string, percent?: number) => Promise<void>;

/**
 * What an evaluator answers. FAILED: the model was judged and fell short. ERRORED: no judgement could be reached,
 * because something that it needs is missing. An exception is neither: it is our own trouble, and is tried again.
 */
export interface Judgement {
  status: 'PASSED' | 'FAILED' | 'ERRORED';
  summary: string;
  /** Values of JSON only: they become part of the evidence. */
  output: Record<string, unknown>;
  inputs: Record<string, unknown>;
  /** The validator whose judgement it is, as the audit trail calls him. Absent: the service judged by itself. */
  judgedBy?: string;
}

export const isFinished = ({ status }: Pick<GateRun, 'status'>): boolean => status !== 'QUEUED' && status !== 'RUNNING';

/** Does the run stand in the way of a promotion? An advisory gate never does, an error is never a pass. */
export const isBlocking = ({ required, status }: Pick<GateRun, 'required' | 'status'>): boolean =>
  required && status !== 'PASSED' && status !== 'WAIVED';

/** The pause before the next attempt, after trouble that is not the model's: doubled each time, and bounded. */
export const retryDelaySeconds = (attempt: number): number => Math.min(2 ** (attempt - 1), 300);

/** How long a claim holds without being renewed, and how often it is renewed. */
export const leaseSeconds = 15;
export const heartbeatSeconds = 4;
