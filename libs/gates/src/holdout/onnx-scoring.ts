import path from 'node:path';
import { FailedPrecondition } from '@app/platform';
import { type IsolationLevel, projectRoot } from './isolation.js';
import { answers, type OnnxJob } from './scoring-answer.js';
import type { Scoring, ScoringJob } from './scoring-job.js';
import type { ScoringSteps } from './scoring-steps.js';

/** The process is always the built one: it is started by itself, and Node takes no TypeScript. */
const script = path.join(projectRoot, 'dist/libs/gates/src/holdout/score-onnx.js');

interface OnnxOptions {
  level: IsolationLevel;
  memoryBytes: number;
  /** Brings a file of the version into the working directory. */
  copy: (path: string, to: string) => Promise<void>;
}

/**
 * Scores an ONNX model in WebAssembly in a process of Node. The model is data, and no code: it sees features only, though
 * the labels are in the same process.
 */
export async function scoreOnnx(
  { config, signature, flavors, files }: ScoringJob,
  steps: ScoringSteps,
  { level, memoryBytes, copy }: OnnxOptions,
): Promise<Scoring> {
  await copy(onnxFile(flavors, files), 'model.onnx');
  const { format, label, task, maxRows } = config;
  const features = config.features ?? namedInputs(signature);
  const job: OnnxJob = { model: 'model.onnx', dataset: 'dataset', format, label, features, task, maxRows };
  await steps.folder.write('job.json', JSON.stringify(job));
  const heap = `--max-old-space-size=${Math.floor(memoryBytes / 2 ** 20)}`;
  const { status, seconds, ...measured } = await steps.run({
    name: 'score the model',
    begunAt: 10,
    command: [process.execPath, heap, script],
    answer: answers.onnx,
    memoryOf: 'DATA',
    level,
  });
  return { ...measured, runtime: 'ONNX', rowsPerSecond: measured.rows / Math.max(seconds, 1e-6), isolation: level };
}

/** The file that the MLmodel file names, or the only one of its kind. */
function onnxFile(flavors: ScoringJob['flavors'], files: ScoringJob['files']): string {
  const named = (flavors?.onnx as { data?: unknown } | undefined)?.data;
  if (typeof named === 'string') return named;
  const [only, ...others] = files.map((file) => file.path).filter((file) => file.endsWith('.onnx'));
  if (only !== undefined && others.length === 0) return only;
  throw new FailedPrecondition(
    'NO_RUNTIME',
    'no ONNX model can be told among the files: there is no onnx flavor in the MLmodel file, and not exactly one file .onnx',
  );
}

/** The order in which a model with one input takes its columns, where its signature tells. */
function namedInputs(signature: ScoringJob['signature']): string[] | null {
  const names = signature?.inputs?.map(({ name }) => name) ?? [];
  return names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
    ? (names as string[])
    : null;
}
