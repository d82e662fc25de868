import { InvalidArgument } from '@app/platform';
import { parsePolicyRules } from './policy.js';

const holdout = {
  dataset: 'mlflow-artifacts:/7/r/artifacts/holdout.csv',
  datasetDigest: `sha256:${'a'.repeat(64)}`,
  format: 'CSV',
  label: 'is_fraud',
  task: 'CLASSIFICATION',
  bounds: [{ metric: 'roc_auc', min: 0.9 }],
};
const parse = (change: object) =>
  parsePolicyRules({
    protects: { aliases: ['champion'] },
    gates: [{ key: 'holdout', type: 'HOLDOUT_EVALUATION', config: { ...holdout, ...change } }],
  });
const refusal = (change: object): InvalidArgument => {
  try {
    parse(change);
  } catch (error) {
    if (error instanceof InvalidArgument) return error;
  }
  throw new Error('the rules were not refused');
};

describe('the configuration of HOLDOUT_EVALUATION', () => {
  it('has defaults for what is left out', () => {
    expect(parse({}).gates[0]?.config).toEqual({
      ...holdout,
      latencyPercentile: 95,
      runtime: 'AUTO',
      maxRows: 100_000,
    });
    expect(parse({ bounds: undefined, maxLatencyMs: 5 }).gates[0]?.config).toMatchObject({
      bounds: [],
      maxLatencyMs: 5,
    });
  });

  it.each([
    ['asks for nothing', { bounds: [] }, '', 'asks for nothing: needs bounds, or maxLatencyMs, or both'],
    [
      'names no metric of its task',
      { bounds: [{ metric: 'rmse', max: 1 }] },
      '.bounds.0.metric',
      '"rmse" is not valid: no metric of CLASSIFICATION; there are accuracy, precision, recall, f1, roc_auc, log_loss',
    ],
    ['has a metric without a bound', { bounds: [{ metric: 'f1' }] }, '.bounds.0', 'needs min, or max, or both'],
    [
      'has bounds that nothing meets',
      { bounds: [{ metric: 'f1', min: 2, max: 1 }] },
      '.bounds.0',
      'min must not be above max',
    ],
    [
      'bounds a metric twice',
      { bounds: [holdout.bounds[0], holdout.bounds[0]] },
      '.bounds',
      'two bounds name the same metric',
    ],
    [
      'names a dataset elsewhere',
      { dataset: 's3://bucket/holdout.csv' },
      '.dataset',
      'must be the URI of a file in the',
    ],
    ['names a folder', { dataset: 'mlflow-artifacts:/7/r/' }, '.dataset', 'must be the URI of a file in the'],
    [
      'leads on in other words',
      { dataset: 'mlflow-artifacts:/7/%2E%2e/8/x.csv' },
      '.dataset',
      'must be the URI of a file',
    ],
    ['has a name that is empty', { dataset: 'mlflow-artifacts:/7//x.csv' }, '.dataset', 'must be the URI of a file'],
    ['leads out of the store', { dataset: 'mlflow-artifacts:/7/../8/x.csv' }, '.dataset', 'must be the URI of a file'],
    [
      'has no digest',
      { datasetDigest: 'sha256:latest' },
      '.datasetDigest',
      'must be sha256: and 64 hexadecimal digits',
    ],
    ['gives the label away', { features: ['age', 'is_fraud'] }, '', 'the label must not be among the features'],
    ['asks for another percentile', { latencyPercentile: 90 }, '.latencyPercentile', '90 is not valid'],
    ['asks for no time at all', { maxLatencyMs: 0 }, '.maxLatencyMs', '0 is not valid'],
    ['takes too many rows', { maxRows: 2_000_000 }, '.maxRows', '2000000 is not valid'],
  ])('is refused when it %s', (_, change, field, message) => {
    const refused = refusal(change);
    expect(refused.path?.join('.')).toBe(`rules.gates.0.config${field}`);
    expect(refused.message).toContain(message);
  });
});
