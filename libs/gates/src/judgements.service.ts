import { AuditLog, type NewAuditEvent } from '@app/audit';
import { type Batched, Batcher, Outbox, type OutboxMessage, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { GateRun, Judgement } from './gate-run.js';
import { type FinishedRun, GateRunRepository } from './gate-run.repository.js';
import { gateRunFinished } from './gates.events.js';

/** A run with the judgement that its evaluator came to. */
interface Reached {
  run: GateRun;
  judgement: Judgement;
}

interface Consequences {
  event: ReturnType<AuditLog['row']>;
  message: OutboxMessage;
}

/**
 * Ends gate runs. The judgements that one process reaches at about the same time are written in one transaction: each
 * of them is a change of its request, and these are committed one after the other, in the order of their feed (docs/adr/0012).
 */
@Injectable()
export class Judgements {
  private readonly reached = new Batcher((batch: readonly Batched<Reached>[]) => this.writeAll(batch));

  constructor(
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
    private readonly runs: GateRunRepository,
    private readonly transaction: Transaction,
  ) {}

  /** @returns false when the claim was lost: the judgement is not this one's to give */
  async write(run: GateRun, judgement: Judgement): Promise<boolean> {
    while (!(await this.reached.add({ run, judgement }))) {
      // Lost, or locked by somebody: this waits for him, alone, and tells which.
      if (!(await this.runs.renew(run))) return false;
    }
    return true;
  }

  /**
   * The same for one run that the running transaction has locked, in which it is written.
   * @returns false when it is not this one's to end any more
   */
  async writeLocked(run: GateRun, judgement: Judgement): Promise<boolean> {
    const [finished] = await this.runs.finish([{ ...judgement, id: run.id, attempt: run.attempt }]);
    if (finished) await this.record([this.consequences({ run, judgement }, finished)]);
    return finished !== undefined;
  }

  private writeAll(batch: readonly Batched<Reached>[]): Promise<boolean[]> {
    // Of two judgements of one claim the first counts.
    const byClaim = new Map(batch.toReversed().map((one) => [claimOf(one.item.run), one]));
    const judged = [...byClaim.values()].map(({ item: { run, judgement } }) => ({
      ...judgement,
      id: run.id,
      attempt: run.attempt,
    }));
    return this.transaction.run(async () => {
      const finished = await this.runs.finish(judged);
      const written = finished.map((row) => ({ row, ...(byClaim.get(claimOf(row)) as Batched<Reached>) }));
      await this.record(written.map(({ row, item, asCaller }) => asCaller(() => this.consequences(item, row))));
      const reached = new Set(written.map(({ item }) => item));
      return batch.map(({ item }) => reached.has(item));
    });
  }

  private async record(consequences: readonly Consequences[]): Promise<void> {
    if (consequences.length === 0) return;
    await this.audit.write(consequences.map(({ event }) => event));
    await this.outbox.write(consequences.map(({ message }) => message));
  }

  /** What is written with a judgement, in the name of the job that reached it. */
  private consequences({ run, judgement }: Reached, finished: FinishedRun): Consequences {
    return {
      event: this.audit.row(eventOf(run, judgement, finished)),
      message: this.outbox.message(gateRunFinished, { gateRunId: run.id, promotionRequestId: run.requestId }),
    };
  }
}

const claimOf = ({ id, attempt }: Pick<GateRun, 'id' | 'attempt'>): string => `${id} ${attempt}`;

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
