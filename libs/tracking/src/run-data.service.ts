import { InvalidArgument, NotFound, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { checkedBatch, type LogBatch } from './metric.js';
import { MetricReader } from './metric.reader.js';
import { modelHistoryTag, modelSummary, withModel } from './model-history.js';
import { demandActiveRun, type Metric } from './run.js';
import { RunRepository } from './run.repository.js';
import { RunDataRepository } from './run-data.repository.js';
import { runNameTag } from './run-name.js';
import { TrackingAccess } from './tracking-access.js';

/**
 * What a run reports of itself while it trains. No event of the audit trail: it is the run's data, in high volume, and
 * a param cannot be changed nor a metric's history be rewritten.
 */
@Injectable()
export class RunData {
  constructor(
    private readonly guard: TrackingAccess,
    private readonly runs: RunRepository,
    private readonly data: RunDataRepository,
    private readonly metrics: MetricReader,
    private readonly transaction: Transaction,
  ) {}

  /**
   * Stores a batch as a whole, or nothing of it, in a number of statements that does not depend on its size.
   * @throws InvalidArgument for what breaks a limit, and for a param that was logged with another value
   * @throws NotFound for a logged model that a metric names and the caller may not EDIT
   * @throws FailedPrecondition when the run is deleted
   */
  async log(runId: string, batch: Partial<LogBatch>): Promise<void> {
    const { run } = await this.guard.run('EDIT', runId);
    const { metrics, params, tags } = checkedBatch(batch);
    demandActiveRun(run);
    await this.guard.demandModels(
      'EDIT',
      metrics.map(({ modelId }) => modelId),
    );
    const name = tags.find(({ key }) => key === runNameTag)?.value;
    await this.transaction.run(async () => {
      const changed = await this.data.addParams(runId, params);
      if (changed.length > 0) throw changedParams(runId, changed);
      await this.data.addMetrics(runId, metrics);
      await this.runs.setTags(runId, tags);
      if (name) await this.runs.update(runId, { name });
    });
  }

  /**
   * Notes a model that a client of MLflow 2 has logged, in the run's tag for it.
   * @param json its MLmodel file as JSON
   * @throws InvalidArgument when it is no model, or the tag would become too long; FailedPrecondition when the run is deleted
   */
  async logModel(runId: string, json: string): Promise<void> {
    const { run } = await this.guard.run('EDIT', runId);
    demandActiveRun(run);
    const summary = modelSummary(json);
    await this.transaction.run(async () => {
      const value = withModel(await this.runs.lockTag(runId, modelHistoryTag), summary);
      await this.runs.setTags(runId, [{ key: modelHistoryTag, value }]);
    });
  }

  /** @throws NotFound when there is no such tag */
  async deleteTag(runId: string, key: string): Promise<void> {
    const { run } = await this.guard.run('EDIT', runId);
    demandActiveRun(run);
    const deleted = await this.transaction.run(() => this.runs.deleteTag(runId, key));
    if (!deleted) throw new NotFound('Tag', key);
  }

  /** Every value of a metric, in the order of time, by pages of up to 25,000. Asks READ. */
  async history(runId: string, key: string, page: PageArgs): Promise<Page<Metric>> {
    await this.guard.run('READ', runId);
    return this.metrics.history(runId, key, page);
  }
}

function changedParams(runId: string, changed: { key: string; logged: string; given: string }[]): InvalidArgument {
  const sentences = changed.map(
    ({ key, logged, given }) =>
      `Param with key='${key}' was already logged with value='${logged}' for run ID='${runId}'. Attempted logging new value '${given}'.`,
  );
  return new InvalidArgument(
    `Changing param values is not allowed. ${sentences.join(' ')} Nothing of this request was stored.`,
    ['params'],
    { keys: changed.map(({ key }) => key) },
  );
}
