// The process that scores an ONNX model: job.json in its working directory says what to do, file descriptor 3 takes the
// answer, and what is printed is log. It is started by onnx-scoring.ts.
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { jsonNumber } from '../evaluators/metric-bounds.js';
import { classificationMetrics, type Measurement, regressionMetrics } from './holdout-metrics.js';
import { column, type HoldoutTable, numbersOf, readTable } from './holdout-table.js';
import { classAnswers, className, type OnnxOutput, regressionAnswers } from './onnx-answers.js';
import { OnnxModel } from './onnx-model.js';
import { ModelRaised, type OnnxJob, Unable } from './scoring-answer.js';

const warmUpCalls = 5;
const latencyCalls = 200;

async function score(job: OnnxJob) {
  const table = await readTable(job.dataset, job.format, job.maxRows);
  if (table.rows === 0) throw new Unable('the dataset has no rows');
  if (column(table, job.label).includes(null)) {
    throw new Unable(`rows of the dataset have no value in the label column ${job.label}`);
  }
  const features = job.features ?? [...table.columns.keys()].filter((name) => name !== job.label);
  const model = await OnnxModel.load(job.model);
  const { outputs, seconds } = await answersFor(model, table, features);
  const { metrics, unavailable } = measure(job, table, outputs);
  const milliseconds = await latencies(model, table, features);
  const wire = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, jsonNumber(value)]));
  const versions = { node: process.versions.node, 'onnxruntime-web': OnnxModel.version };
  return { status: 'DONE', rows: table.rows, metrics: wire, unavailable, milliseconds, seconds, versions };
}

async function answersFor(model: OnnxModel, table: HoldoutTable, features: readonly string[]) {
  const began = performance.now();
  let outputs: (OnnxOutput & { values: (number | string)[] })[] | undefined;
  for (let from = 0; from < table.rows; from += model.rowsAtOnce) {
    const batch = await model.answer(table, features, from, Math.min(from + model.rowsAtOnce, table.rows));
    outputs ??= batch.map((output) => ({ ...output, values: [] }));
    for (const [index, output] of outputs.entries())
      for (const value of batch[index]?.values ?? []) output.values.push(value);
  }
  return { outputs: outputs ?? [], seconds: (performance.now() - began) / 1000 };
}

function measure({ task, label }: OnnxJob, table: HoldoutTable, outputs: readonly OnnxOutput[]): Measurement {
  if (task === 'REGRESSION')
    return regressionMetrics(numbersOf(column(table, label), label), regressionAnswers(outputs));
  const labels = column(table, label).map((cell) => className(cell as Exclude<typeof cell, null>));
  return classificationMetrics(labels, classAnswers(outputs, labels));
}

/** Of single rows, which is how a model is asked that serves; spread over the dataset. */
async function latencies(model: OnnxModel, table: HoldoutTable, features: readonly string[]): Promise<number[]> {
  const calls = Math.min(table.rows, latencyCalls);
  const rows = Array.from({ length: calls }, (_, call) => Math.floor((call * table.rows) / calls));
  for (const row of rows.slice(0, warmUpCalls)) await model.answer(table, features, row, row + 1);
  const milliseconds: number[] = [];
  for (const row of rows) {
    const began = performance.now();
    await model.answer(table, features, row, row + 1);
    milliseconds.push(performance.now() - began);
  }
  return milliseconds;
}

async function answer(): Promise<unknown> {
  try {
    return await score(JSON.parse(await readFile('job.json', 'utf8')));
  } catch (error) {
    if (error instanceof Unable) return { status: 'UNABLE', message: error.message };
    if (error instanceof ModelRaised) return { status: 'RAISED', message: error.message };
    throw error;
  }
}

writeFileSync(3, JSON.stringify(await answer()));
