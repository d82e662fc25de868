import { InvalidArgument } from '@app/platform';
import type { LifecycleStage } from './experiment.js';
import type { Metric, Param } from './run.js';
import type { Tag } from './tag.js';

export type LoggedModelStatus = 'LOGGED_MODEL_PENDING' | 'LOGGED_MODEL_READY' | 'LOGGED_MODEL_UPLOAD_FAILED';

/** The files that log_model wrote, before anybody registers them. */
export interface LoggedModel {
  /** `m-` and 32 hexadecimal digits. */
  id: string;
  experimentId: string;
  name: string;
  modelType: string | null;
  sourceRunId: string | null;
  artifactUri: string;
  status: LoggedModelStatus;
  statusMessage: string | null;
  principalId: string | null;
  lifecycleStage: LifecycleStage;
  createdMs: number;
  updatedMs: number;
}

export interface LoggedModelDetails extends LoggedModel {
  params: Param[];
  tags: Tag[];
  /** Of each metric that names the model the latest value, by run and dataset. */
  metrics: (Metric & { runId: string })[];
}

/**
 * A logged model's name, with MLflow's rule.
 * @throws InvalidArgument naming the characters that it must not have
 */
export function loggedModelName(name: string): string {
  if (name === '' || name.length > 500 || /[/:.%"']/.test(name)) {
    throw new InvalidArgument(
      `Invalid model name (${name.slice(0, 100)}) provided. Model name must be a non-empty string of at most 500 characters and cannot contain the following characters: ['/', ':', '.', '%', '"', "'"]`,
      ['name'],
    );
  }
  return name;
}
