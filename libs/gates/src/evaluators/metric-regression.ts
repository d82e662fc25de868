import type { GateConfig } from '@app/policy';
import type { ModelVersion } from '@app/registry';
import type { Metric } from '@app/tracking';
import type { GateInput, JudgedVersion } from '../gate-input.js';
import type { Judgement } from '../gate-run.js';
import { jsonNumber } from './metric-bounds.js';
import { withoutRun } from './without-run.js';

type Config = GateConfig<'METRIC_REGRESSION'>;

/** What the two values are to each other; each has its own sentence. */
export type RegressionVerdict =
  | 'IMPROVED'
  | 'UNCHANGED'
  | 'WITHIN_ALLOWANCE'
  | 'REGRESSED'
  | 'NOT_COMPARABLE'
  | 'MISSING_METRIC'
  | 'OTHER_DATASET'
  | 'NO_INCUMBENT';

const statuses: Record<RegressionVerdict, Judgement['status']> = {
  IMPROVED: 'PASSED',
  UNCHANGED: 'PASSED',
  WITHIN_ALLOWANCE: 'PASSED',
  REGRESSED: 'FAILED',
  NOT_COMPARABLE: 'FAILED',
  MISSING_METRIC: 'ERRORED',
  OTHER_DATASET: 'ERRORED',
  NO_INCUMBENT: 'PASSED',
};

interface Measured {
  name: string;
  version: Pick<ModelVersion, 'runId' | 'namedRunId'>;
  metric: Metric | undefined;
}

/** METRIC_REGRESSION: the latest value of a metric of the version's run, held against that of the incumbent's run. */
export async function metricRegression(config: Config, input: GateInput): Promise<Judgement> {
  const { metric: key, withoutIncumbent } = config;
  const incumbent = await input.incumbent();
  const candidate = await measured('the candidate', input, key);
  if (!incumbent) {
    const verdict = {
      verdict: 'NO_INCUMBENT' as const,
      summary: `${key} has nothing to be held against: nobody holds the target`,
    };
    const judgement = judgementOf(config, verdict, { candidate });
    return withoutIncumbent === 'PASS'
      ? judgement
      : { ...judgement, status: 'FAILED', summary: `${verdict.summary}, and the policy asks for an incumbent` };
  }
  const both = {
    candidate,
    incumbent: await measured(`the incumbent, version ${incumbent.version.number},`, incumbent, key),
  };
  return judgementOf(config, verdictOf(config, both.candidate, both.incumbent), both);
}

async function measured(name: string, { version, latestMetrics }: JudgedVersion, key: string): Promise<Measured> {
  return { name, version, metric: (await latestMetrics()).find((metric) => metric.key === key) };
}

function verdictOf(
  config: Config,
  candidate: Measured,
  incumbent: Measured,
): { verdict: RegressionVerdict; summary: string } {
  const { metric: key, dataset, sameDataset } = config;
  for (const { name, version, metric } of [candidate, incumbent]) {
    if (!metric) {
      const why = version.runId === null ? withoutRun(version) : `has no such metric in its run ${version.runId}`;
      return { verdict: 'MISSING_METRIC', summary: `${key} cannot be compared: ${name} ${why}` };
    }
    if (dataset !== undefined && metric.datasetName !== dataset) {
      const summary = `${key} cannot be compared: ${name} was measured on ${datasetOf(metric)}, the policy asks for "${dataset}"`;
      return { verdict: 'OTHER_DATASET', summary };
    }
  }
  const [now, then] = [candidate.metric as Metric, incumbent.metric as Metric];
  if (sameDataset && (now.datasetName !== then.datasetName || now.datasetDigest !== then.datasetDigest)) {
    const summary = `${key} cannot be compared: the candidate was measured on ${datasetOf(now)}, the incumbent on ${datasetOf(then)}`;
    return { verdict: 'OTHER_DATASET', summary };
  }
  return compare(config, now.value, then.value);
}

/** By how much the candidate is worse decides; NaN is neither better nor worse than anything, and passes nothing. */
function compare(config: Config, now: number, then: number): { verdict: RegressionVerdict; summary: string } {
  const { metric: key, direction, maxAbsolute, maxRelative } = config;
  const values = `${key} is ${now}, and ${then} for the incumbent`;
  if (now === then) return { verdict: 'UNCHANGED', summary: `${values}: unchanged` };
  const worse = direction === 'HIGHER_IS_BETTER' ? then - now : now - then;
  if (Number.isNaN(worse)) return { verdict: 'NOT_COMPARABLE', summary: `${values}: they cannot be compared` };
  if (worse < 0) return { verdict: 'IMPROVED', summary: `${values}: better by ${shown(-worse)}` };
  const allowed = [
    ...(maxAbsolute === undefined ? [] : [{ amount: maxAbsolute, text: `${maxAbsolute}` }]),
    ...(maxRelative === undefined
      ? []
      : [{ amount: maxRelative * Math.abs(then), text: `${shown(maxRelative * 100)} % of it` }]),
  ];
  const asked = `at most ${allowed.map(({ text }) => text).join(' and ')} allowed`;
  // The difference of two decimal fractions is rarely exact: 0.9 - 0.89 is more than 0.01.
  const slack = Number.EPSILON * 4 * Math.max(Math.abs(now), Math.abs(then));
  return Number.isFinite(worse) && allowed.every(({ amount }) => worse <= amount + slack)
    ? { verdict: 'WITHIN_ALLOWANCE', summary: `${values}: worse by ${shown(worse)}, ${asked}` }
    : { verdict: 'REGRESSED', summary: `${values}: worse by ${shown(worse)}, ${asked}` };
}

const shown = (value: number): string => String(Number(value.toPrecision(6)));

const datasetOf = ({ datasetName, datasetDigest }: Metric): string => {
  if (datasetName === null) return 'no named dataset';
  return datasetDigest === null ? `"${datasetName}" without a digest` : `"${datasetName}" with digest ${datasetDigest}`;
};

function judgementOf(
  config: Config,
  { verdict, summary }: { verdict: RegressionVerdict; summary: string },
  sides: { candidate: Measured; incumbent?: Measured },
): Judgement {
  const each = (of: (side: Measured) => unknown) =>
    Object.fromEntries(Object.entries(sides).map(([name, side]) => [name, of(side)]));
  return {
    status: statuses[verdict],
    summary,
    output: { ...config, verdict, ...each(({ metric }) => (metric ? jsonNumber(metric.value) : null)) },
    inputs: each(({ version, metric }) => ({
      runId: version.runId,
      datasetName: metric?.datasetName ?? null,
      datasetDigest: metric?.datasetDigest ?? null,
    })),
  };
}
