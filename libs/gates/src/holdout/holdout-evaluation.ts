import { FailedPrecondition } from '@app/platform';
import { type GateConfig, latencyPercentiles } from '@app/policy';
import { againstBounds, jsonNumber } from '../evaluators/metric-bounds.js';
import type { GateInput } from '../gate-input.js';
import type { GateLogger, Judgement } from '../gate-run.js';
import { percentile } from './holdout-metrics.js';
import { ModelFailed, type Scoring } from './scoring-job.js';

type Config = GateConfig<'HOLDOUT_EVALUATION'>;

/**
 * HOLDOUT_EVALUATION: the model is asked about every row of the dataset, and its answers are held against the bounds. A
 * model that is loaded and cannot answer has FAILED; whatever keeps it from being asked is ERRORED.
 */
export async function holdoutEvaluation(config: Config, input: GateInput, log: GateLogger): Promise<Judgement> {
  const { dataset, datasetDigest } = config;
  const inputs = { artifactDigest: input.version.artifactDigest, dataset, datasetDigest };
  try {
    const scoring = await input.score(config, log);
    return { ...verdict(config, scoring), output: outputOf(scoring), inputs };
  } catch (error) {
    if (error instanceof ModelFailed) return { status: 'FAILED', summary: error.message, output: {}, inputs };
    if (error instanceof FailedPrecondition) {
      const summary = `no judgement was reached: ${error.message}`;
      return { status: 'ERRORED', summary, output: {}, inputs };
    }
    throw error;
  }
}

function verdict(config: Config, scoring: Scoring): Pick<Judgement, 'status' | 'summary'> {
  const { bounds, maxLatencyMs, latencyPercentile } = config;
  const { metrics, unavailable, milliseconds, rows, runtime } = scoring;
  const measured = bounds.flatMap(({ metric, ...range }) => {
    const value = metrics[metric];
    return value === undefined ? [] : [againstBounds(metric, value, range)];
  });
  if (maxLatencyMs !== undefined) {
    const latency = rounded(percentile(milliseconds, latencyPercentile));
    measured.push(againstBounds(`the latency p${latencyPercentile} in ms`, latency, { max: maxLatencyMs }));
  }
  const missing = bounds.filter(({ metric }) => metrics[metric] === undefined);
  const broken = measured.filter(({ holds }) => !holds);
  const on = `(${rows} rows, ${runtime})`;
  const text = (parts: readonly { text: string }[]) => `${parts.map((part) => part.text).join('; ')} ${on}`;
  // What is broken is broken, whatever else cannot be told.
  if (broken.length > 0) return { status: 'FAILED', summary: text(broken) };
  if (missing.length === 0) return { status: 'PASSED', summary: text(measured) };
  const why = missing.map(({ metric }) => ({
    text: `${metric} cannot be judged: ${unavailable[metric] ?? 'it was not measured'}`,
  }));
  return { status: 'ERRORED', summary: text(why) };
}

function outputOf({ metrics, milliseconds, rowsPerSecond, unavailable, ...scoring }: Scoring): Record<string, unknown> {
  const latency = latencyPercentiles.map((percent) => [`p${percent}`, rounded(percentile(milliseconds, percent))]);
  return {
    ...scoring,
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, jsonNumber(value)])),
    unavailable,
    latencyMs: { ...Object.fromEntries(latency), calls: milliseconds.length },
    rowsPerSecond: Math.round(rowsPerSecond),
  };
}

/** To the microsecond: no clock here knows more. */
const rounded = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;
