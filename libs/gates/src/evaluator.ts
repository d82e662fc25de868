import type { GateConfig, GateType } from '@app/policy';
import { artifactIntegrity } from './evaluators/artifact-integrity.js';
import { lineage } from './evaluators/lineage.js';
import { metricRegression } from './evaluators/metric-regression.js';
import { metricThreshold } from './evaluators/metric-threshold.js';
import { modelCard } from './evaluators/model-card.js';
import { signature } from './evaluators/signature.js';
import type { GateInput } from './gate-input.js';
import type { GateLogger, GateRun, Judgement } from './gate-run.js';
import { holdoutEvaluation } from './holdout/holdout-evaluation.js';
import { artifactScan } from './scan/artifact-scan.js';

/** Judges one version. It reads through its input only, and writes nothing but its log. */
export type Evaluator<Type extends GateType> = (
  config: GateConfig<Type>,
  input: GateInput,
  log: GateLogger,
) => Promise<Judgement>;

/** EXTERNAL has no evaluator: a validator judges, and maybe later (validator-calls.service.ts). */
type JudgedHere = Exclude<GateType, 'EXTERNAL'>;

const evaluators: { [Type in JudgedHere]: Evaluator<Type> } = {
  METRIC_THRESHOLD: metricThreshold,
  METRIC_REGRESSION: metricRegression,
  SIGNATURE: signature,
  MODEL_CARD: modelCard,
  LINEAGE: lineage,
  ARTIFACT_INTEGRITY: artifactIntegrity,
  ARTIFACT_SCAN: artifactScan,
  HOLDOUT_EVALUATION: holdoutEvaluation,
};

/** Runs the evaluator of the gate's type. Its configuration was checked when the policy was written. */
export function evaluate(
  { type, config }: Pick<GateRun, 'config'> & { type: JudgedHere },
  input: GateInput,
  log: GateLogger,
): Promise<Judgement> {
  const evaluator = evaluators[type] as Evaluator<JudgedHere>;
  return evaluator(config as GateConfig<JudgedHere>, input, log);
}
