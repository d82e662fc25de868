import type { ArtifactFile, OpenArtifact } from '@app/artifacts';
import type { GateConfig } from '@app/policy';
import type { Signature } from '@app/registry';
import type { GateLogger } from '../gate-run.js';
import type { IsolationLevel } from './isolation.js';

/** What is to be scored, and on what. */
export interface ScoringJob {
  config: GateConfig<'HOLDOUT_EVALUATION'>;
  /** What the MLmodel file says of how the model is loaded. */
  flavors: Record<string, unknown> | null;
  signature: Signature | null;
  files: readonly ArtifactFile[];
  open: (path: string) => Promise<OpenArtifact | undefined>;
  openDataset: () => Promise<OpenArtifact | undefined>;
  log: GateLogger;
  timeoutSeconds: number;
  /** Ends all processes of the job. */
  signal: AbortSignal;
}

/** What was measured. */
export interface Scoring {
  runtime: 'ONNX' | 'PYFUNC';
  rows: number;
  metrics: Readonly<Record<string, number>>;
  /** Of the metrics that could not be measured: why. */
  unavailable: Readonly<Record<string, string>>;
  /** How long calls with a single row took. */
  milliseconds: readonly number[];
  rowsPerSecond: number;
  isolation: IsolationLevel;
  versions: Readonly<Record<string, string>>;
}

/** The model was asked, and could not answer: that is a judgement of it. */
export class ModelFailed extends Error {}
