import { Conflict, FailedPrecondition } from '@app/platform';
import type { GateRun } from '../gate-run.js';

type Ended = Pick<GateRun, 'status' | 'summary'>;

/** Another judgement was reported first, and stands. */
export class OtherwiseReported extends Conflict {
  constructor({ status, summary }: Ended) {
    super('GATE_REPORTED', `the gate run was reported already, and otherwise: it is ${status}: ${summary}`, { status });
  }
}

/** It ended without a report: its time was over, or its request was closed. */
export class GateRunEnded extends FailedPrecondition {
  constructor({ status, summary }: Ended) {
    super('GATE_RUN_ENDED', `the gate run is ${status} and takes no report any more: ${summary}`, { status });
  }
}

/** Its time is over, and it is about to be ERRORED. */
export class ReportTooLate extends FailedPrecondition {
  constructor(until: Date) {
    super('REPORT_TOO_LATE', `the gate run was to be reported until ${until.toISOString()}`, { until });
  }
}

/** It was not sent to its validator yet, or its gate is of another type. */
export class NothingToReport extends FailedPrecondition {
  constructor({ status, type }: Pick<GateRun, 'status' | 'type'>) {
    super('NOTHING_TO_REPORT', `the gate run, of type ${type}, is ${status}, and no validator was asked about it`, {
      status,
    });
  }
}

export class TooMuchProgress extends FailedPrecondition {
  constructor(most: number) {
    super('TOO_MUCH_PROGRESS', `progress: the log of the gate run has ${most} lines already; report the judgement`);
  }
}
