import type { Named, RunState } from './event.js';

/** A job of OpenLineage. Its namespace is the experiment that it is kept in. */
export interface Job extends Named {
  id: string;
  experimentId: string;
  createdAt: Date;
  /** The time of its newest event, as the producer says. */
  lastEventAt: Date;
  /** The run whose first event is the newest; null: no event named a run. */
  latestRun: JobRun | null;
}

/** One run of a job, as its events tell. */
export interface JobRun {
  /** A UUID of the producer. */
  runId: string;
  /** null: only events without a state have come. */
  state: RunState | null;
  /** The time of the event that put it into the state. */
  stateAt: Date | null;
  /** The time of its START. */
  startedAt: Date | null;
  firstEventAt: Date;
  lastEventAt: Date;
  parentRunId: string | null;
  /** `namespace/name`, as the producer names it: it need not be known here. */
  parentJob: string | null;
}
