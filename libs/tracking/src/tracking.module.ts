import { Module } from '@nestjs/common';
import { DatasetReader } from './dataset.reader.js';
import { ExperimentReader } from './experiment.reader.js';
import { ExperimentRepository } from './experiment.repository.js';
import { Experiments } from './experiment.service.js';
import { ExperimentListReader } from './experiment-list.reader.js';
import { LoggedModelReader } from './logged-model.reader.js';
import { LoggedModelRepository } from './logged-model.repository.js';
import { LoggedModels } from './logged-model.service.js';
import { MetricReader } from './metric.reader.js';
import { MetricHistoryReader } from './metric-history.reader.js';
import { MetricHistories } from './metric-history.service.js';
import { RunReader } from './run.reader.js';
import { RunRepository } from './run.repository.js';
import { Runs } from './run.service.js';
import { RunDataRepository } from './run-data.repository.js';
import { RunData } from './run-data.service.js';
import { RunInputRepository } from './run-input.repository.js';
import { RunInputs } from './run-input.service.js';
import { RunListReader } from './run-list.reader.js';
import { RunRecords } from './run-records.js';
import { TrackingAccess } from './tracking-access.js';

const services = [Experiments, Runs, RunData, RunInputs, LoggedModels, MetricHistories, RunRecords];

@Module({
  providers: [
    DatasetReader,
    ExperimentListReader,
    ExperimentReader,
    ExperimentRepository,
    LoggedModelReader,
    LoggedModelRepository,
    MetricHistoryReader,
    MetricReader,
    RunDataRepository,
    RunInputRepository,
    RunListReader,
    RunReader,
    RunRepository,
    TrackingAccess,
    ...services,
  ],
  exports: services,
})
export class TrackingModule {}
