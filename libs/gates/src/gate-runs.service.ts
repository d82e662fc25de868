import { Access } from '@app/access';
import { actAs, type Batched, Batcher, DomainError, LOGGER, Outbox, Transaction } from '@app/platform';
import type { EffectiveGate } from '@app/policy';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { evaluate } from './evaluator.js';
import { ValidatorCalls } from './external/validator-calls.service.js';
import { type GateInput, GateInputs } from './gate-input.js';
import { type GateRun, heartbeatSeconds, type Judgement } from './gate-run.js';
import { GateRunRepository, type Round } from './gate-run.repository.js';
import { gateRunQueued } from './gates.events.js';
import { Judgements } from './judgements.service.js';

/**
 * Runs of gates. No right is asked: requests bring them up and wind them up inside their own transactions, the worker
 * runs them as the built-in identity imprimatur-gates, and no door leads here.
 */
@Injectable()
export class GateRuns {
  /** What this process has claimed and not finished. */
  private readonly held = new Map<string, GateRun>();
  private readonly claims = new Batcher((batch: readonly Batched<string>[]) =>
    this.claimAll(batch.map(({ item }) => item)),
  );

  constructor(
    private readonly access: Access,
    private readonly inputs: GateInputs,
    private readonly judgements: Judgements,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly outbox: Outbox,
    private readonly runs: GateRunRepository,
    private readonly transaction: Transaction,
    private readonly validators: ValidatorCalls,
  ) {}

  /** Queues the gates of one round of a request. Call it in the transaction that opens the round. */
  async queue(gates: readonly EffectiveGate[], round: Round): Promise<void> {
    const queued = await this.runs.insert(gates, round);
    await this.outbox.addAll(gateRunQueued, queued);
  }

  /** The runs of the latest round of each request. */
  ofRequests(requestIds: readonly string[]): Promise<GateRun[]> {
    return this.runs.ofRequests(requestIds);
  }

  /**
   * Lets a run that was not passed stand in nobody's way. Call it in the transaction that decides so.
   * @param summary who says so, and why, with what the gate had said
   */
  async waive(run: GateRun, summary: string): Promise<void> {
    if (!(await this.runs.waive(run.id, summary)))
      throw new Error(`gate run ${run.id} is ${run.status}: nothing to waive`);
    await this.log(run, 'log', `WAIVED: ${summary}`);
  }

  /** Ends what has not finished. Call it in the transaction that closes or blocks the request. @param summary why */
  cancelOf(requestId: string, summary: string): Promise<void> {
    return this.runs.cancelOf(requestId, summary);
  }

  /**
   * Brings a queued run to its judgement, once. Safe to be called again at any time and by several workers: the claim
   * lets one of them in, and only the latest claim may finish.
   * @returns what was judged and how, for the worker's statistics; undefined when there was nothing to do, it is to be tried
   *   again, or its validator reports later
   */
  async run(gateRunId: string): Promise<{ type: GateRun['type']; status: Judgement['status'] } | undefined> {
    const caller = this.access.caller();
    const run = await this.claims.add(gateRunId);
    if (!run) return undefined;
    this.held.set(run.id, run);
    try {
      const judgement = await this.judge(run);
      if (!judgement) return undefined;
      const write = () => this.judgements.write(run, judgement);
      if (!(await actAs(caller, write, judgement.judgedBy))) return undefined;
      return { type: run.type, status: judgement.status };
    } finally {
      this.held.delete(run.id);
    }
  }

  /** Queues again what was lost on the way: one step of the reconciler. @returns how many */
  async requeueStranded(): Promise<number> {
    return this.transaction.run(async () => {
      const stranded = await this.runs.stranded();
      if (stranded.length > 0) await this.outbox.addAll(gateRunQueued, stranded);
      return stranded.length;
    });
  }

  /** Gives back what this process still holds, when it is stopped. */
  async release(): Promise<void> {
    if (this.held.size > 0) await this.runs.release([...this.held.values()]);
  }

  /** Each run is given to one of those who ask for it, also when two of them do at once. */
  private async claimAll(ids: readonly string[]): Promise<(GateRun | undefined)[]> {
    const claimed = new Map((await this.runs.claim([...new Set(ids)])).map((run) => [run.id, run]));
    return ids.map((id) => {
      const run = claimed.get(id);
      claimed.delete(id);
      return run;
    });
  }

  private async judge(run: GateRun): Promise<Judgement | undefined> {
    const errored = (summary: string): Judgement => ({ status: 'ERRORED', summary, output: {}, inputs: {} });
    // A run whose worker died each time: its last claim is taken only to say so.
    if (run.attempt > run.maxAttempts) {
      if (run.type === 'EXTERNAL' && (await this.validators.awaitReport(run))) return undefined;
      return errored(`no judgement was reached: the worker ended in the middle of each of ${run.maxAttempts} attempts`);
    }
    const stop = new AbortController();
    const input = await this.inputs.of(run, stop.signal);
    if (!input) return errored('no judgement was reached: the version no longer exists');
    try {
      return await this.evaluateInTime(run, input, stop);
    } catch (error) {
      // The same files and rows would be refused again: there is nothing to wait for.
      if (error instanceof DomainError && error.kind !== 'UNAVAILABLE') {
        return errored(`no judgement was reached: ${error.message}`);
      }
      this.logger.warn(
        { err: error, gateRunId: run.id, attempt: run.attempt },
        'a gate run failed to reach a judgement',
      );
      const message = error instanceof Error ? error.message : String(error);
      await this.log(run, 'error', message);
      if (run.attempt >= run.maxAttempts) {
        return errored(`no judgement was reached in ${run.maxAttempts} attempts: ${message}`);
      }
      // The reconciler queues it again, in its first round after the pause.
      await this.runs.putBack(run);
      return undefined;
    }
  }

  /**
   * Renews the lease while the evaluator works, and gives up at the gate's timeout.
   * @returns undefined when the claim was lost: the request was closed, or another worker has taken the run over; and when
   *   its validator reports later
   */
  private async evaluateInTime(run: GateRun, input: GateInput, stop: AbortController): Promise<Judgement | undefined> {
    let heartbeat: NodeJS.Timeout | undefined;
    const lost = new Promise<undefined>((resolve) => {
      heartbeat = setInterval(() => {
        this.runs.renew(run).then(
          (held) => held || resolve(undefined),
          (error) => this.logger.warn({ err: error, gateRunId: run.id }, 'a lease was not renewed'),
        );
      }, heartbeatSeconds * 1000);
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<Judgement>((resolve) => {
      const summary = `no judgement was reached within the time limit of ${run.timeoutSeconds} s`;
      const answer = () => resolve({ status: 'ERRORED', summary, output: {}, inputs: {} });
      timer = setTimeout(answer, run.timeoutSeconds * 1000);
    });
    try {
      return await Promise.race([this.evaluate(run, input), timeout, lost]);
    } finally {
      clearInterval(heartbeat);
      clearTimeout(timer);
      // An evaluator that nobody waits for any more reads no further.
      stop.abort();
    }
  }

  private evaluate(run: GateRun, input: GateInput): Promise<Judgement | undefined> {
    const { type, config } = run;
    const log = (text: string, percent?: number) => this.log(run, 'log', text, percent);
    return type === 'EXTERNAL' ? this.validators.judge(run, input, log) : evaluate({ type, config }, input, log);
  }

  private log(run: GateRun, stream: 'log' | 'error', text: string, percent?: number): Promise<void> {
    return this.runs.log(run.id, stream, text, percent);
  }
}
