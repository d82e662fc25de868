import { readFileSync } from 'node:fs';
import path from 'node:path';
import { classificationMetrics, type Measurement, percentile, regressionMetrics } from './holdout-metrics.js';
import { classAnswers, type OnnxOutput } from './onnx-answers.js';

interface Case {
  name: string;
  task: 'CLASSIFICATION' | 'REGRESSION';
  labels: (string | number)[];
  answers: (string | number | (string | number)[])[];
  metrics: Record<string, number | string>;
  unavailable: string[];
}

/** Made by scikit-learn; see make.py beside it. */
const cases: Case[] = JSON.parse(
  readFileSync(path.join(__dirname, '../../../../test/fixtures/holdout/metrics.json'), 'utf8'),
);

/** The answers of a case as the tensor that an ONNX model would give. */
function output({ answers }: Case): OnnxOutput {
  const values = answers.flat();
  const whole = values.every((value) => Number.isInteger(value)) && !Array.isArray(answers[0]);
  return { name: 'y', type: whole ? 'int64' : 'float64', width: values.length / answers.length, values };
}

function measured(given: Case): Measurement {
  if (given.task === 'REGRESSION') return regressionMetrics(given.labels.map(Number), given.answers.map(Number));
  const labels = given.labels.map(String);
  return classificationMetrics(labels, classAnswers([output(given)], labels));
}

describe('metrics', () => {
  it.each(cases.map((given) => [given.name, given] as const))('are those of scikit-learn: %s', (_, given) => {
    const { metrics, unavailable } = measured(given);
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(given.metrics).sort());
    for (const [name, value] of Object.entries(given.metrics)) expect(metrics[name]).toBeCloseTo(Number(value), 10);
    expect(Object.keys(unavailable).sort()).toEqual(given.unavailable);
  });

  it('are NaN where an answer is', () => {
    expect(regressionMetrics([1, 2], [1, Number.NaN]).metrics).toEqual({
      rmse: Number.NaN,
      mae: Number.NaN,
      r2: Number.NaN,
    });
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [hundred, 50, 50],
    [hundred, 95, 95],
    [hundred, 99, 99],
    [[3, 1, 2], 50, 2],
    [[3, 1, 2], 99, 3],
    [[7], 50, 7],
  ])('is a value that was measured', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });
});
