import type { GateConfig } from '@app/policy';
import type { GateInput } from '../gate-input.js';
import type { Judgement } from '../gate-run.js';
import { againstBounds, jsonNumber } from './metric-bounds.js';
import { withoutRun } from './without-run.js';

/** METRIC_THRESHOLD: the latest value of a metric of the version's run against bounds, both inclusive. */
export async function metricThreshold(
  config: GateConfig<'METRIC_THRESHOLD'>,
  { version, latestMetrics }: GateInput,
): Promise<Judgement> {
  const { metric: key, min, max, dataset } = config;
  const inputs = { runId: version.runId };
  const unreached = (summary: string): Judgement => ({ status: 'ERRORED', summary, output: {}, inputs });

  if (!version.runId) return unreached(`${key} cannot be judged: the version ${withoutRun(version)}`);
  const metric = (await latestMetrics()).find((candidate) => candidate.key === key);
  if (!metric) return unreached(`${key} cannot be judged: run ${version.runId} has no such metric`);
  const { value, datasetName, datasetDigest, step } = metric;
  if (dataset !== undefined && datasetName !== dataset) {
    const found = datasetName === null ? 'no named dataset' : `dataset "${datasetName}"`;
    return unreached(`${key} cannot be judged: it was measured on ${found}, the policy asks for "${dataset}"`);
  }

  const { holds, text } = againstBounds(key, value, { min, max });
  return {
    status: holds ? 'PASSED' : 'FAILED',
    summary: text,
    output: { ...config, value: jsonNumber(value), step },
    inputs: { ...inputs, datasetName, datasetDigest },
  };
}
