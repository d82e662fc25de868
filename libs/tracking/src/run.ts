import { FailedPrecondition, InvalidArgument } from '@app/platform';
import type { LifecycleStage } from './experiment.js';
import { runNameTag } from './run-name.js';
import type { Tag } from './tag.js';

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface Run {
  id: string;
  experimentId: string;
  name: string;
  /** What the client sent as user_id; the principal is the one that authenticated. */
  userId: string;
  principalId: string | null;
  status: RunStatus;
  startTime: number;
  endTime: number | null;
  artifactUri: string;
  lifecycleStage: LifecycleStage;
}

export interface Metric {
  key: string;
  /** NaN and the infinities are values. */
  value: number;
  timestamp: number;
  step: number;
  modelId: string | null;
  datasetName: string | null;
  datasetDigest: string | null;
}

export interface Param {
  key: string;
  value: string;
}

export interface Dataset {
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema: string | null;
  profile: string | null;
}

export interface DatasetInput {
  dataset: Dataset;
  tags: Tag[];
}

/** A run with all that was logged to it; of each metric the latest value. */
export interface RunDetails extends Run {
  metrics: Metric[];
  params: Param[];
  tags: Tag[];
  datasetInputs: DatasetInput[];
  modelInputs: { modelId: string }[];
  modelOutputs: { modelId: string; step: number }[];
}

/** @throws FailedPrecondition when the run is deleted */
export function demandActiveRun({ id, lifecycleStage }: Pick<Run, 'id' | 'lifecycleStage'>): void {
  if (lifecycleStage !== 'active') {
    throw new FailedPrecondition(
      'RUN_DELETED',
      `The run ${id} must be in the 'active' state. Current state is ${lifecycleStage}.`,
    );
  }
}

/**
 * The name that a new run is given by its request: as an argument, or as the tag mlflow.runName.
 * @throws InvalidArgument when the two differ
 */
export function requestedRunName(name: string | undefined, tags: readonly Tag[]): string | undefined {
  const tag = tags.find(({ key }) => key === runNameTag)?.value;
  if (name && tag && name !== tag) {
    throw new InvalidArgument(
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${name}', mlflow.runName='${tag}').`,
      ['run_name'],
    );
  }
  return name || tag || undefined;
}
