import type { DatasetSummary, Experiment, LoggedModelDetails, Metric, Run, RunDetails } from '@app/tracking';
import { doubleText, omitUnset } from '../wire/parse.js';

/** Our nouns in MLflow's messages (mlflow/protos/service.proto). */
export const toMlflowExperiment = (experiment: Experiment) =>
  omitUnset({
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycleStage,
    last_update_time: experiment.updatedAt.getTime(),
    creation_time: experiment.createdAt.getTime(),
    tags: experiment.tags,
  });

export const toMlflowDatasetSummary = ({ experimentId, name, digest, context }: DatasetSummary) =>
  omitUnset({ experiment_id: experimentId, name, digest, context });

export const toMlflowRunInfo = (run: Run) =>
  omitUnset({
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycleStage,
  });

/** A point of a run names no logged model: clients log those that name none once more for each model of the run. */
export const toMlflowMetric = (metric: Metric & { runId?: string }) =>
  omitUnset({
    key: metric.key,
    value: doubleText(metric.value),
    timestamp: metric.timestamp,
    step: metric.step,
    dataset_name: metric.datasetName,
    dataset_digest: metric.datasetDigest,
    run_id: metric.runId,
  });

export const toMlflowRun = (run: RunDetails) => ({
  info: toMlflowRunInfo(run),
  data: omitUnset({ metrics: run.metrics.map(toMlflowMetric), params: run.params, tags: run.tags }),
  inputs: omitUnset({
    dataset_inputs: run.datasetInputs.map(({ tags, dataset }) =>
      omitUnset({
        tags,
        dataset: omitUnset({
          name: dataset.name,
          digest: dataset.digest,
          source_type: dataset.sourceType,
          source: dataset.source,
          schema: dataset.schema,
          profile: dataset.profile,
        }),
      }),
    ),
    model_inputs: run.modelInputs.map(({ modelId }) => ({ model_id: modelId })),
  }),
  outputs: omitUnset({
    model_outputs: run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
  }),
});

export const toMlflowLoggedModel = (model: LoggedModelDetails) => ({
  info: omitUnset({
    model_id: model.id,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.createdMs,
    last_updated_timestamp_ms: model.updatedMs,
    artifact_uri: model.artifactUri,
    status: model.status,
    model_type: model.modelType,
    source_run_id: model.sourceRunId,
    status_message: model.statusMessage,
    tags: model.tags,
  }),
  data: omitUnset({
    params: model.params,
    metrics: model.metrics.map((metric) => ({ ...toMlflowMetric(metric), model_id: model.id })),
  }),
});
