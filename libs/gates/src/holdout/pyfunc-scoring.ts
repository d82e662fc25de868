import path from 'node:path';
import { FailedPrecondition } from '@app/platform';
import { type IsolationLevel, scoringScripts } from './isolation.js';
import { answers } from './scoring-answer.js';
import { ModelFailed, type Scoring, type ScoringJob } from './scoring-job.js';
import type { ScoringSteps } from './scoring-steps.js';

const script = path.join(scoringScripts, 'pyfunc.py');

interface PyfuncOptions {
  python: string;
  /** How the model's process is held. */
  level: IsolationLevel;
  /** Brings a file of the version into the working directory. */
  copy: (path: string, to: string) => Promise<void>;
}

/**
 * Scores a model of any flavor in a Python environment. The model is code of somebody whom nobody trusts yet: its process
 * has the features and no label, and what it answers is measured by another one.
 */
export async function scorePyfunc(
  { config, files }: ScoringJob,
  steps: ScoringSteps,
  { python, level, copy }: PyfuncOptions,
): Promise<Scoring> {
  const { folder } = steps;
  const { format, label, task, maxRows, features = null } = config;
  // Our own script alone reads the dataset and measures, and hands files to the next step.
  const own: IsolationLevel = level === 'NONE' ? 'NONE' : 'LIMITS';
  const command = (step: string) => [python, '-I', '-B', '-u', script, step];

  await folder.write('job.json', JSON.stringify({ format, label, task, maxRows, features }));
  const { labels } = await steps.run({
    name: 'read the dataset',
    begunAt: 10,
    command: command('split'),
    answer: answers.split,
    memoryOf: 'ADDRESSES',
    level: own,
  });
  await folder.remove('dataset');

  for (const file of files) await copy(file.path, `model/${file.path}`);
  const predicted = await steps.run({
    name: 'score the model',
    begunAt: 30,
    command: command('predict'),
    answer: answers.predict,
    memoryOf: 'ADDRESSES',
    level,
  });
  if (predicted.answers.length !== labels.length) {
    throw new ModelFailed(`the model answered with ${predicted.answers.length} values for ${labels.length} rows`);
  }

  await folder.write('answers.json', JSON.stringify({ labels, answers: predicted.answers }));
  const { metrics, unavailable, versions } = await steps.run({
    name: 'measure the answers',
    begunAt: 80,
    command: command('measure'),
    answer: answers.measure,
    memoryOf: 'ADDRESSES',
    level: own,
  });
  return {
    runtime: 'PYFUNC',
    rows: labels.length,
    metrics,
    unavailable,
    milliseconds: predicted.milliseconds,
    rowsPerSecond: labels.length / Math.max(predicted.seconds, 1e-6),
    isolation: level,
    versions: { ...predicted.versions, ...versions },
  };
}

/** @throws FailedPrecondition NO_RUNTIME when there is no Python, or nothing to hold it in that is asked for */
export function requirePython(python: string | undefined, level: IsolationLevel, required: IsolationLevel): string {
  if (python === undefined) {
    throw new FailedPrecondition(
      'NO_RUNTIME',
      'the model needs Python: set GATE_PYTHON to the python of an environment with mlflow, pandas, pyarrow, scikit-learn and what the model itself needs',
    );
  }
  if (required === 'NAMESPACES' && level !== 'NAMESPACES') {
    throw new FailedPrecondition(
      'NO_RUNTIME',
      'the model runs code of its own, and the worker cannot isolate it here (docs/gates.md): permit it namespaces, or set GATE_ISOLATION to LIMITS',
    );
  }
  return python;
}
