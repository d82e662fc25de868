import { Unauthenticated } from '@app/access';
import { actAs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type GateRun, isFinished } from '../gate-run.js';
import { GateRunRepository } from '../gate-run.repository.js';
import { Judgements } from '../judgements.service.js';
import {
  GateRunEnded,
  NothingToReport,
  OtherwiseReported,
  ReportTooLate,
  TooMuchProgress,
} from './gate-report.errors.js';
import { digestOf, type GateReport, parseReport, type ReportedProgress } from './gate-report.js';
import { gatesIdentity } from './gates-identity.js';
import { describeValidator, judgementOf, unreached } from './reported-judgement.js';
import { type ValidatorCall, ValidatorCallRepository } from './validator-call.repository.js';

/** Lines that the log of a gate run may have before progress is refused. */
const mostLogLines = 500;

/**
 * What validators report of gate runs after they were asked. The row of the run is the lock: of two reports, or of a report
 * and the end of its time, the first one counts.
 */
@Injectable()
export class GateReports {
  constructor(
    private readonly calls: ValidatorCallRepository,
    private readonly judgements: Judgements,
    private readonly runs: GateRunRepository,
    private readonly transaction: Transaction,
  ) {}

  byId(gateRunId: string): Promise<GateRun | undefined> {
    return this.runs.byId(gateRunId);
  }

  /**
   * The call that a token was sent with.
   * @throws Unauthenticated when it is the token of no call for this run; alike for a run that does not exist
   */
  async authenticate(gateRunId: string, token: string): Promise<ValidatorCall> {
    const call = await this.calls.byToken(gateRunId, token);
    if (!call)
      throw new Unauthenticated(
        'the token is not that of a call for this gate run: send "Authorization: Bearer <token>"',
      );
    return call;
  }

  /**
   * Takes the report of whoever holds the token of a call, as the built-in identity imprimatur-gates on the validator's behalf.
   * @throws as `report`
   */
  reportAsValidator(call: ValidatorCall, input: unknown): Promise<GateRun> {
    return actAs(gatesIdentity, () => this.report(call.gateRunId, input, call), describeValidator(call));
  }

  /**
   * Takes a judgement, or a line of progress. The same judgement again changes nothing. Asks no right: whoever reports has
   * been asked already.
   * @param of the call that it answers; the last one when absent
   * @returns the run as it is then
   * @throws InvalidArgument naming the wrong field; OtherwiseReported, GateRunEnded, ReportTooLate, NothingToReport,
   *   TooMuchProgress
   */
  async report(gateRunId: string, input: unknown, of?: ValidatorCall): Promise<GateRun> {
    const report = parseReport(input);
    return this.transaction.run(async () => {
      const run = await this.locked(gateRunId);
      if (isFinished(run)) return this.afterwards(run, report);
      const latest = await this.calls.latest(run.id);
      if (!latest) throw new NothingToReport(run);
      if (!latest.isOpen) throw new ReportTooLate(latest.reportUntil);
      if ('progress' in report) return this.note(run, report.progress);
      await this.calls.takeOver(run);
      await this.judgements.writeLocked(run, judgementOf(report.judgement, of ?? latest));
      return this.locked(run.id);
    });
  }

  /** Ends the runs whose report has not come in time: one step of the reconciler. @returns how many */
  async endOverdue(): Promise<number> {
    let ended = 0;
    for (const id of await this.calls.overdue()) if (await this.endIfOverdue(id)) ended += 1;
    return ended;
  }

  private endIfOverdue(id: string): Promise<boolean> {
    return this.transaction.run(async () => {
      const run = await this.locked(id);
      const latest = await this.calls.latest(id);
      if (run.status !== 'RUNNING' || run.leaseUntil !== null || !latest || latest.isOpen) return false;
      const why = `validator "${latest.validator}" reported nothing in ${run.timeoutSeconds} s`;
      return this.judgements.writeLocked(run, unreached(why, latest));
    });
  }

  /** A report about a run that has ended: good when it is the one that ended it. */
  private afterwards(run: GateRun, report: GateReport): GateRun {
    const reported = run.inputs?.answer;
    if (reported === undefined || 'progress' in report) throw new GateRunEnded(run);
    if (reported !== digestOf(report.judgement)) throw new OtherwiseReported(run);
    return run;
  }

  private async note(run: GateRun, { percent, comment }: ReportedProgress): Promise<GateRun> {
    if ((await this.calls.countLogLines(run.id)) >= mostLogLines) throw new TooMuchProgress(mostLogLines);
    const text = percent === undefined ? comment : `${percent} %: ${comment}`;
    await this.runs.log(run.id, 'log', text, percent === undefined ? undefined : Math.floor(percent));
    return this.locked(run.id);
  }

  private async locked(id: string): Promise<GateRun> {
    const run = await this.runs.lock(id);
    if (!run) throw new Error(`gate run ${id} is gone`);
    return run;
  }
}
