import type { GateConfig } from '@app/policy';
import type { Metric } from '@app/tracking';
import { jsonNumber } from '../evaluators/metric-bounds.js';
import type { GateInput, JudgedVersion } from '../gate-input.js';
import type { GateRun } from '../gate-run.js';

/** The request that a gate run belongs to, as far as a validator is told of it. */
export interface AskedRequest {
  number: number;
  model: string;
  target: { kind: string; name: string };
}

type AskedVersion = Awaited<ReturnType<typeof askedVersion>>;

/**
 * What a validator is asked. It holds neither times nor ids of runs: the same question has the same digest, in another
 * attempt and in another round too.
 */
export interface ValidatorQuestion {
  request: { number: number; target: AskedRequest['target'] };
  model: string;
  candidate: AskedVersion;
  /** Who holds the target; null when nobody does. */
  incumbent: AskedVersion | null;
  gate: string;
  parameters: Record<string, unknown>;
}

export async function questionOf(
  { key, config }: Pick<GateRun, 'key' | 'config'>,
  input: GateInput,
  { number, model, target }: AskedRequest,
): Promise<ValidatorQuestion> {
  const { metrics, parameters } = config as GateConfig<'EXTERNAL'>;
  const incumbent = await input.incumbent();
  return {
    request: { number, target },
    model,
    candidate: await askedVersion(input, metrics),
    incumbent: incumbent ? await askedVersion(incumbent, metrics) : null,
    gate: key,
    parameters,
  };
}

async function askedVersion({ version, latestMetrics }: JudgedVersion, keys: readonly string[]) {
  const metrics = keys.length > 0 ? await latestMetrics() : [];
  return {
    version: version.number,
    artifactDigest: version.artifactDigest,
    runId: version.runId,
    metrics: metrics.filter(({ key }) => keys.includes(key)).map(askedMetric),
  };
}

const askedMetric = ({ key, value, step, datasetName, datasetDigest }: Metric) => ({
  key,
  value: jsonNumber(value),
  step,
  dataset: datasetName === null ? null : { name: datasetName, digest: datasetDigest },
});
