export type { DatasetSummary } from './dataset.reader.js';
export type { Experiment, ExperimentDetails, LifecycleStage, ViewType } from './experiment.js';
export type { ExperimentSearch } from './experiment.reader.js';
export { Experiments, type NewExperiment } from './experiment.service.js';
export type { ExperimentFilter, ExperimentOrder } from './experiment-list.reader.js';
export type { LoggedModel, LoggedModelDetails, LoggedModelStatus } from './logged-model.js';
export type { LoggedModelSearch } from './logged-model.reader.js';
export { LoggedModels, type NewLoggedModel } from './logged-model.service.js';
export type { DatasetScope, LoggedModelOrdering } from './logged-model-search.js';
export type { LogBatch } from './metric.js';
export { MetricHistories } from './metric-history.service.js';
export type {
  Dataset,
  DatasetInput,
  Metric,
  Metric as LatestMetric,
  Param,
  Run,
  RunDetails,
  RunStatus,
} from './run.js';
export type { RunSearch } from './run.reader.js';
export { type NewRun, Runs } from './run.service.js';
export { RunData } from './run-data.service.js';
export { RunInputs } from './run-input.service.js';
export type { RunFilter, RunOrder } from './run-list.reader.js';
export { type RunLineage, RunRecords } from './run-records.js';
export type { Condition, Ordering, Search } from './search.js';
export type { Tag } from './tag.js';
export { TrackingModule } from './tracking.module.js';
