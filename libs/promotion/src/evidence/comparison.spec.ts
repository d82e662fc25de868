import { canonicalJson } from '@app/platform';
import type { EffectiveGate } from '@app/policy';
import type { Metric } from '@app/tracking';
import { type ComparedContent, compareVersions, directionsOf } from './comparison.js';

const metric = (key: string, value: number, digest: string | null = null): Metric => ({
  key,
  value,
  timestamp: 1,
  step: 0,
  modelId: null,
  datasetName: digest && 'holdout',
  datasetDigest: digest,
});
const content = (change: Partial<ComparedContent> = {}): ComparedContent => ({
  modelFullName: 'prod.fraud.scorer',
  number: 1,
  artifactDigest: 'sha256:1',
  artifactSize: 10,
  runId: 'r1',
  metrics: [],
  params: [],
  signature: null,
  requirements: null,
  files: [],
  lineage: undefined,
  ...change,
});
const higher = new Map([['auc', 'HIGHER_IS_BETTER' as const]]);

describe('compareVersions', () => {
  it.each([
    [0.9, 0.95, 'IMPROVED'],
    [0.95, 0.9, 'REGRESSED'],
    [0.9, 0.9, 'UNCHANGED'],
    [Number.NaN, Number.NaN, 'UNCHANGED'],
    [0.9, Number.NaN, 'REGRESSED'],
    [Number.NaN, 0.1, 'IMPROVED'],
    [Number.POSITIVE_INFINITY, 1, 'REGRESSED'],
  ])('a metric from %d to %d has %s', (before, after, verdict) => {
    const compare = (directions?: typeof higher) =>
      compareVersions(
        content({ metrics: [metric('auc', before)] }),
        content({ metrics: [metric('auc', after)] }),
        directions,
      );
    expect(compare(higher).metrics).toMatchObject([{ verdict, direction: 'HIGHER_IS_BETTER' }]);
    expect(compare().metrics).toMatchObject([
      { verdict: verdict === 'UNCHANGED' ? verdict : 'CHANGED', direction: null },
    ]);
    expect(() => canonicalJson(compare(higher))).not.toThrow();
  });

  it('tells lower from higher, what is missing, and other data from the same', () => {
    const { metrics } = compareVersions(
      content({ metrics: [metric('loss', 2, 'd1'), metric('gone', 1), metric('f1', 0.5, 'd1')] }),
      content({ metrics: [metric('new', 1), metric('loss', 1, 'd2'), metric('f1', 0.5, 'd1')] }),
      new Map([['loss', 'LOWER_IS_BETTER' as const]]),
    );
    expect(metrics).toMatchObject([
      { name: 'f1', verdict: 'UNCHANGED', sameDataset: true, delta: 0 },
      { name: 'gone', base: 1, head: null, verdict: 'MISSING', sameDataset: null },
      { name: 'loss', verdict: 'IMPROVED', sameDataset: false, delta: -1, relative: -0.5 },
      { name: 'new', base: null, head: 1, verdict: 'MISSING' },
    ]);
  });

  it('shows what differs of params, requirements, files, data and code', () => {
    const lineage = (commit: string, digest: string) => ({
      runId: 'r1',
      datasets: [{ name: 'train', digest, context: 'training' }],
      sourceCommit: commit,
    });
    const file = (path: string, sha256: string, size = 1) => ({ path, sha256, size });
    const compared = compareVersions(
      content({
        params: [
          { key: 'depth', value: '3' },
          { key: 'seed', value: '1' },
        ],
        requirements: ['numpy==1', 'Scikit_learn==1.4', 'old'],
        files: [file('MLmodel', 'a'), file('gone', 'b', 7)],
        lineage: lineage('c1', 'd1'),
      }),
      content({
        params: [
          { key: 'seed', value: '1' },
          { key: 'depth', value: 'x'.repeat(600) },
        ],
        requirements: ['scikit-learn==1.5', 'numpy==1'],
        files: [file('MLmodel', 'c', 2)],
        lineage: lineage('c1', 'd2'),
      }),
    );
    expect(compared).toMatchObject({
      params: [{ name: 'depth', base: '3', head: `${'x'.repeat(500)}…` }],
      requirements: [
        { name: 'old', base: 'old', head: null },
        { name: 'scikit-learn', base: 'Scikit_learn==1.4', head: 'scikit-learn==1.5' },
      ],
      files: [
        { path: 'MLmodel', base: 1, head: 2 },
        { path: 'gone', base: 7, head: null },
      ],
      sameCommit: true,
      sameDatasets: false,
      base: { files: 2, sourceCommit: 'c1', datasets: [{ name: 'train', digest: 'd1' }] },
    });
  });

  it('gives the same value for the same content in another order, and keeps it short', () => {
    const metrics = Array.from({ length: 600 }, (_, index) => metric(`m${index}`, index));
    const [one, other] = [content({ metrics }), content({ metrics: [...metrics].reverse() })];
    const compared = compareVersions(one, one);
    expect(canonicalJson(compared)).toBe(canonicalJson(compareVersions(other, other)));
    expect(compared.metrics).toHaveLength(500);
    expect(compared.omitted).toEqual({ metrics: 100, changes: 0, params: 0, requirements: 0, files: 0 });
  });
});

describe('directionsOf', () => {
  const gate = (type: string, config: object) => ({ type, config }) as EffectiveGate;

  it('takes directions from gates, and none where they contradict each other', () => {
    const directions = directionsOf([
      gate('METRIC_THRESHOLD', { metric: 'auc', min: 0.9 }),
      gate('METRIC_THRESHOLD', { metric: 'ms', max: 50 }),
      gate('METRIC_THRESHOLD', { metric: 'drift', min: -1, max: 1 }),
      gate('METRIC_REGRESSION', { metric: 'loss', direction: 'LOWER_IS_BETTER' }),
      gate('METRIC_THRESHOLD', { metric: 'odd', min: 1 }),
      gate('METRIC_REGRESSION', { metric: 'odd', direction: 'LOWER_IS_BETTER' }),
      gate('SIGNATURE', {}),
    ]);
    expect(Object.fromEntries(directions)).toEqual({
      auc: 'HIGHER_IS_BETTER',
      ms: 'LOWER_IS_BETTER',
      loss: 'LOWER_IS_BETTER',
    });
  });
});
