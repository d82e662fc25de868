import { InvalidArgument, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { DatasetReader, type DatasetSummary } from './dataset.reader.js';
import { type DatasetInput, demandActiveRun } from './run.js';
import { checkedInputs } from './run-input.js';
import { RunInputRepository } from './run-input.repository.js';
import { TrackingAccess } from './tracking-access.js';

const most = 1000;
/** MLflow's limit (mlflow/server/handlers.py). */
const mostExperiments = 20;

/** What a run has read and made. Like its metrics it is data of the run, and no event of the audit trail. */
@Injectable()
export class RunInputs {
  constructor(
    private readonly guard: TrackingAccess,
    private readonly inputs: RunInputRepository,
    private readonly datasets: DatasetReader,
    private readonly transaction: Transaction,
  ) {}

  /** @throws InvalidArgument for what is too long or too much, FailedPrecondition when the run is deleted */
  async logInputs(runId: string, datasets: readonly DatasetInput[], modelIds: readonly string[]): Promise<void> {
    const { run } = await this.guard.run('EDIT', runId);
    const checked = checkedInputs(atMost('datasets', datasets));
    const models = atMost('models', modelIds).map((modelId) => ({ modelId }));
    demandActiveRun(run);
    await this.guard.demandModels('READ', modelIds);
    await this.transaction.run(async () => {
      await this.inputs.addDatasets(run.experimentId, runId, checked);
      await this.inputs.addModels(runId, 'INPUT', models);
    });
  }

  /** @throws InvalidArgument for too many, FailedPrecondition when the run is deleted */
  async logOutputs(runId: string, models: readonly { modelId: string; step: number }[]): Promise<void> {
    const { run } = await this.guard.run('EDIT', runId);
    atMost('models', models);
    demandActiveRun(run);
    await this.guard.demandModels(
      'EDIT',
      models.map(({ modelId }) => modelId),
    );
    await this.transaction.run(() => this.inputs.addModels(runId, 'OUTPUT', models));
  }

  /**
   * What runs of the given experiments have read, as far as the caller may READ them; the first 1,000 datasets.
   * @throws InvalidArgument for no experiment, and for more than 20
   */
  async datasetsOf(experimentIds: readonly string[]): Promise<DatasetSummary[]> {
    if (experimentIds.length === 0) {
      throw new InvalidArgument('SearchDatasets request must specify at least one experiment_id.', ['experiment_ids']);
    }
    if (experimentIds.length > mostExperiments) {
      throw new InvalidArgument(
        `SearchDatasets request cannot specify more than ${mostExperiments} experiment_ids. Received ${experimentIds.length} experiment_ids.`,
        ['experiment_ids'],
      );
    }
    return this.datasets.ofExperiments(experimentIds);
  }
}

function atMost<T>(field: string, items: readonly T[]): readonly T[] {
  if (items.length > most) throw new InvalidArgument(`${field}: ${items.length} of them, at most ${most}`, [field]);
  return items;
}
