import { FailedPrecondition } from '@app/platform';
import { gateInput } from '../../../../test/support/gate-input.js';
import { evaluate } from '../evaluator.js';
import { ModelFailed, type Scoring } from './scoring-job.js';

const scoring: Scoring = {
  runtime: 'ONNX',
  rows: 60,
  metrics: { accuracy: 0.9, f1: Number.NaN },
  unavailable: { roc_auc: 'it needs a probability for each class, and the model answers with none' },
  milliseconds: Array.from({ length: 100 }, (_, index) => index + 1),
  rowsPerSecond: 1234.5,
  isolation: 'NAMESPACES',
  versions: { node: '20.19.0' },
};
const dataset = 'mlflow-artifacts:/7/r/artifacts/holdout.csv';
const config = { dataset, datasetDigest: 'sha256:d', bounds: [], latencyPercentile: 95 };

const judge = (change: object, score: () => Promise<Scoring> = async () => scoring) =>
  evaluate(
    { type: 'HOLDOUT_EVALUATION', config: { ...config, ...change } },
    gateInput({ score }),
    async () => undefined,
  );
const failing = (error: Error) => judge({ maxLatencyMs: 1 }, () => Promise.reject(error));

describe('HOLDOUT_EVALUATION', () => {
  const accuracy = { metric: 'accuracy', min: 0.9 };

  it('passes within the bounds, and tells all that was measured', async () => {
    const judgement = await judge({ bounds: [accuracy], maxLatencyMs: 95 });
    expect(judgement).toEqual({
      status: 'PASSED',
      summary:
        'accuracy is 0.9, within the bound: at least 0.9; the latency p95 in ms is 95, within the bound: at most 95 (60 rows, ONNX)',
      output: {
        runtime: 'ONNX',
        rows: 60,
        metrics: { accuracy: 0.9, f1: 'NaN' },
        unavailable: scoring.unavailable,
        latencyMs: { p50: 50, p95: 95, p99: 99, calls: 100 },
        rowsPerSecond: 1235,
        isolation: 'NAMESPACES',
        versions: { node: '20.19.0' },
      },
      inputs: { artifactDigest: 'sha256:good', dataset, datasetDigest: 'sha256:d' },
    });
    expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
  });

  it.each([
    [
      'a metric below',
      { bounds: [{ metric: 'accuracy', min: 0.91 }] },
      'accuracy is 0.9, below the bound: at least 0.91',
    ],
    ['a metric that is NaN', { bounds: [{ metric: 'f1', min: 0 }] }, 'f1 is NaN, not within the bound: at least 0'],
    [
      'a slow model',
      { bounds: [accuracy], maxLatencyMs: 98, latencyPercentile: 99 },
      'p99 in ms is 99, above the bound',
    ],
    [
      'one of two',
      { bounds: [accuracy, { metric: 'roc_auc', min: 0 }], maxLatencyMs: 1 },
      'the latency p95 in ms is 95',
    ],
  ])('fails for %s, and names what is broken alone', async (_, change, summary) => {
    const judgement = await judge(change);
    expect(judgement).toMatchObject({ status: 'FAILED', summary: expect.stringContaining(summary) });
    expect(judgement.summary).not.toContain('accuracy is 0.9, within');
  });

  it('is no judgement where a metric could not be measured', async () => {
    expect(await judge({ bounds: [accuracy, { metric: 'roc_auc', min: 0.5 }] })).toMatchObject({
      status: 'ERRORED',
      summary: `roc_auc cannot be judged: ${scoring.unavailable.roc_auc} (60 rows, ONNX)`,
      output: { metrics: { accuracy: 0.9 } },
    });
  });

  it('tells a model that cannot answer from one that could not be asked', async () => {
    expect(await failing(new ModelFailed('the model raised ValueError'))).toMatchObject({
      status: 'FAILED',
      summary: 'the model raised ValueError',
      inputs: { datasetDigest: 'sha256:d' },
    });
    expect(await failing(new FailedPrecondition('NO_DATASET', 'there is none'))).toMatchObject({
      status: 'ERRORED',
      summary: 'no judgement was reached: there is none',
      inputs: { datasetDigest: 'sha256:d' },
    });
    await expect(failing(new Error('the disk is full'))).rejects.toThrow('the disk is full');
  });
});
