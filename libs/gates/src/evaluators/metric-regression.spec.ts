import type { GateConfig } from '@app/policy';
import { gateInput, incumbent, metric } from '../../../../test/support/gate-input.js';
import { metricRegression } from './metric-regression.js';

type Config = GateConfig<'METRIC_REGRESSION'>;
const asked = (change: Partial<Config>): Config => ({
  metric: 'auc',
  direction: 'HIGHER_IS_BETTER',
  sameDataset: true,
  withoutIncumbent: 'PASS',
  ...change,
});
type Measured = ReturnType<typeof metric>;
const judge = (config: Partial<Config>, now: Measured | undefined, then: Measured | undefined) =>
  metricRegression(
    asked(config),
    gateInput({
      latestMetrics: async () => (now ? [now] : []),
      incumbent: incumbent({ latestMetrics: async () => (then ? [then] : []) }),
    }),
  );

describe('METRIC_REGRESSION', () => {
  it.each<[number, number, Partial<Config>, string, string]>([
    [0.95, 0.9, { maxAbsolute: 0 }, 'PASSED', 'IMPROVED'],
    [0.9, 0.9, { maxAbsolute: 0 }, 'PASSED', 'UNCHANGED'],
    [0.89, 0.9, { maxAbsolute: 0.01 }, 'PASSED', 'WITHIN_ALLOWANCE'],
    [0.88, 0.9, { maxAbsolute: 0.01 }, 'FAILED', 'REGRESSED'],
    [0.8999999, 0.9, { maxAbsolute: 0 }, 'FAILED', 'REGRESSED'],
    [0.882, 0.9, { maxRelative: 0.02 }, 'PASSED', 'WITHIN_ALLOWANCE'],
    [0.88, 0.9, { maxRelative: 0.02 }, 'FAILED', 'REGRESSED'],
    [0.88, 0.9, { maxRelative: 0.1, maxAbsolute: 0.01 }, 'FAILED', 'REGRESSED'],
    [12, 10, { direction: 'LOWER_IS_BETTER', maxRelative: 0.1 }, 'FAILED', 'REGRESSED'],
    [11, 10, { direction: 'LOWER_IS_BETTER', maxRelative: 0.1 }, 'PASSED', 'WITHIN_ALLOWANCE'],
    [9, 10, { direction: 'LOWER_IS_BETTER', maxRelative: 0 }, 'PASSED', 'IMPROVED'],
    [-12, -10, { maxRelative: 0.1 }, 'FAILED', 'REGRESSED'],
    [Number.NaN, 0.9, { maxAbsolute: 1 }, 'FAILED', 'NOT_COMPARABLE'],
    [0.9, Number.NaN, { maxAbsolute: 1 }, 'FAILED', 'NOT_COMPARABLE'],
    [Number.NEGATIVE_INFINITY, 0.9, { maxAbsolute: 1 }, 'FAILED', 'REGRESSED'],
    [Number.POSITIVE_INFINITY, 0.9, { maxAbsolute: 0 }, 'PASSED', 'IMPROVED'],
  ])('%d after %d under %j is %s: %s', async (now, then, config, status, verdict) => {
    const judgement = await judge(config, metric('auc', now), metric('auc', then));
    expect(judgement).toMatchObject({ status, output: { verdict } });
    expect(JSON.parse(JSON.stringify(judgement.output))).toEqual(judgement.output);
  });

  it('says by how much, and what was allowed', async () => {
    const { summary } = await judge({ maxAbsolute: 0.01, maxRelative: 0.05 }, metric('auc', 0.8), metric('auc', 0.9));
    expect(summary).toBe('auc is 0.8, and 0.9 for the incumbent: worse by 0.1, at most 0.01 and 5 % of it allowed');
  });

  const holdout = (digest?: string) => ({ name: 'holdout', digest });
  it.each([
    ['another name', holdout('d1'), { name: 'test', digest: 'd1' }],
    ['another digest', holdout('d2'), holdout('d1')],
    ['no digest', holdout(), holdout('d1')],
    ['no dataset', null, holdout('d1')],
  ])('reaches no judgement on %s, unless the policy does not mind', async (_what, now, then) => {
    const [candidate, held] = [metric('auc', 0.95, now), metric('auc', 0.9, then)];
    expect(await judge({ maxAbsolute: 0 }, candidate, held)).toMatchObject({
      status: 'ERRORED',
      output: { verdict: 'OTHER_DATASET' },
      inputs: { candidate: { datasetDigest: now?.digest ?? null }, incumbent: { datasetDigest: 'd1' } },
    });
    expect(await judge({ maxAbsolute: 0, sameDataset: false }, candidate, held)).toMatchObject({ status: 'PASSED' });
  });

  it('compares on the dataset that the policy names only', async () => {
    const on = (name: string) =>
      judge({ maxAbsolute: 0, dataset: name }, metric('auc', 1, holdout('d')), metric('auc', 1, holdout('d')));
    expect(await on('holdout')).toMatchObject({ status: 'PASSED' });
    expect(await on('live')).toMatchObject({ status: 'ERRORED', output: { verdict: 'OTHER_DATASET' } });
  });

  it.each([
    ['the candidate', undefined, metric('auc', 1), 'the candidate has no such metric in its run r1'],
    ['the incumbent', metric('auc', 1), undefined, 'the incumbent, version 1, has no such metric in its run r0'],
  ])('reaches no judgement without the metric of %s', async (_who, now, then, why) => {
    expect(await judge({ maxAbsolute: 0 }, now, then)).toMatchObject({
      status: 'ERRORED',
      summary: `auc cannot be compared: ${why}`,
      output: { verdict: 'MISSING_METRIC' },
    });
  });

  it('passes and says so where nobody holds the target, unless the policy asks for an incumbent', async () => {
    const alone = (config: Partial<Config>) =>
      metricRegression(asked(config), gateInput({ latestMetrics: async () => [metric('auc', 0.9)] }));
    expect(await alone({ maxAbsolute: 0 })).toMatchObject({
      status: 'PASSED',
      summary: 'auc has nothing to be held against: nobody holds the target',
      output: { verdict: 'NO_INCUMBENT', candidate: 0.9 },
    });
    expect(await alone({ maxAbsolute: 0, withoutIncumbent: 'FAIL' })).toMatchObject({
      status: 'FAILED',
      output: { verdict: 'NO_INCUMBENT' },
    });
  });
});
