import { AsyncResource } from 'node:async_hooks';
import { AuditLog, type AuditRow, type NewAuditEvent } from '@app/audit';
import { Batcher, Outbox, type OutboxMessage, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { GateRun, Judgement } from './gate-run.js';
import { type FinishedRun, GateRunRepository } from './gate-run.repository.js';
import { gateRunFinished } from './gates.events.js';

/** A judgement with what belongs into its transaction, which several share. */
interface Reached {
  run: GateRun;
  judgement: Judgement;
  message: OutboxMessage;
  audited(finished: FinishedRun): AuditRow;
}

/**
 * Ends gate runs. The judgements that one process reaches at about the same time are written in one transaction: each
 * of them is a change of its request, and these are committed one after the other, in the order of their feed (docs/adr/0012).
 */
@Injectable()
export class Judgements {
  private readonly reached = new Batcher((reached: readonly Reached[]) => this.writeAll(reached));

  constructor(
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
    private readonly runs: GateRunRepository,
    private readonly transaction: Transaction,
  ) {}

  /** @returns false when the claim was lost: the judgement is not this one's to give */
  async write(run: GateRun, judgement: Judgement): Promise<boolean> {
    const reached: Reached = {
      run,
      judgement,
      message: this.outbox.message(gateRunFinished, { gateRunId: run.id, promotionRequestId: run.requestId }),
      // In the transaction of many it is still this job that acts, under the id of the request that caused it.
      audited: AsyncResource.bind((finished: FinishedRun) => this.audit.row(eventOf(run, judgement, finished))),
    };
    while (!(await this.reached.add(reached))) {
      // Lost, or locked by somebody: this waits for him, alone, and tells which.
      if (!(await this.runs.renew(run))) return false;
    }
    return true;
  }

  private writeAll(reached: readonly Reached[]): Promise<boolean[]> {
    return this.transaction.run(async () => {
      const finished = await this.runs.finish(
        reached.map(({ run: { id, attempt }, judgement }) => ({ id, attempt, ...judgement })),
      );
      const finishedOf = ({ run }: Reached) =>
        finished.find(({ id, attempt }) => id === run.id && attempt === run.attempt);
      const written = reached.filter(finishedOf);
      if (written.length > 0) {
        await this.audit.write(written.map((one) => one.audited(finishedOf(one) as FinishedRun)));
        await this.outbox.write(written.map(({ message }) => message));
      }
      return reached.map((one) => written.includes(one));
    });
  }
}

function eventOf(
  run: GateRun,
  { status, summary, output }: Judgement,
  { versionName, model }: FinishedRun,
): NewAuditEvent {
  return {
    action: 'gate_run.finished',
    object: { kind: 'GATE_RUN', id: run.id, name: versionName ? `${versionName} ${run.key}` : run.key, within: model },
    after: { status, attempt: run.attempt, output, promotionRequestId: run.requestId },
    reason: summary,
  };
}
