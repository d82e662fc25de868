import { InvalidArgument } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { MetricHistoryReader, type RunMetric, type StepRange } from './metric-history.reader.js';
import { RunListReader } from './run-list.reader.js';
import { TrackingAccess } from './tracking-access.js';

/** MLflow's limits (mlflow/server/handlers.py). */
const mostRuns = 100;

/** One metric of many runs. Asks READ of every run. */
@Injectable()
export class MetricHistories {
  constructor(
    private readonly guard: TrackingAccess,
    private readonly runs: RunListReader,
    private readonly histories: MetricHistoryReader,
  ) {}

  /**
   * The first points, by run, then in the order of time. A run that the caller may not READ has none.
   * @throws InvalidArgument for no run, for more than 100, and for an empty key
   */
  async ofRuns(runIds: readonly string[], key: string, most: number): Promise<RunMetric[]> {
    if (runIds.length === 0) {
      throw new InvalidArgument('GetMetricHistoryBulk request must specify at least one run_id.', ['run_id']);
    }
    demandFew('GetMetricHistoryBulk request cannot specify more than', runIds);
    if (key === '') {
      throw new InvalidArgument('GetMetricHistoryBulk request must specify a metric_key.', ['metric_key']);
    }
    const readable = await this.runs.byIds(runIds);
    return this.histories.ofRuns(
      readable.map(({ id }) => id),
      key,
      most,
    );
  }

  /**
   * Points for a drawing: those of about `mostSteps` steps, which are the same for every run.
   * @throws InvalidArgument for more than 100 runs, and for a range that ends before it begins
   * @throws NotFound for a run that the caller may not READ
   */
  async sampled(
    runIds: readonly string[],
    key: string,
    mostSteps: number,
    range: StepRange | undefined,
  ): Promise<RunMetric[]> {
    demandFew('GetMetricHistoryBulkInterval request must specify at most', runIds);
    if (range && range.first > range.last) {
      throw new InvalidArgument(
        `end_step must be greater than start_step. Found start_step=${range.first} and end_step=${range.last}.`,
        ['end_step'],
      );
    }
    const distinct = [...new Set(runIds)];
    const readable = new Set((await this.runs.byIds(distinct)).map(({ id }) => id));
    const missing = distinct.find((id) => !readable.has(id));
    // The refusal is worded, and recorded, where every other is.
    if (missing !== undefined) await this.guard.run('READ', missing);
    return this.histories.sampled(distinct, key, mostSteps, range);
  }
}

function demandFew(sentence: string, runIds: readonly string[]): void {
  if (runIds.length > mostRuns) {
    throw new InvalidArgument(`${sentence} ${mostRuns} run_ids. Received ${runIds.length} run_ids.`, ['run_ids']);
  }
}
