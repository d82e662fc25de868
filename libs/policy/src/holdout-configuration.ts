import { z } from 'zod';

/** What a holdout evaluation measures for each task; scikit-learn's names and meanings (docs/gates.md). */
export const holdoutMetrics = {
  CLASSIFICATION: ['accuracy', 'precision', 'recall', 'f1', 'roc_auc', 'log_loss'],
  REGRESSION: ['rmse', 'mae', 'r2'],
} as const;

const holdoutTasks = ['CLASSIFICATION', 'REGRESSION'] as const;
export type HoldoutTask = (typeof holdoutTasks)[number];
const datasetFormats = ['CSV', 'PARQUET'] as const;
export type DatasetFormat = (typeof datasetFormats)[number];
const modelRuntimes = ['AUTO', 'ONNX', 'PYFUNC'] as const;
export type ModelRuntime = (typeof modelRuntimes)[number];
export const latencyPercentiles = [50, 95, 99] as const;

const columnName = z.string().min(1).max(500);

const metricBound = z
  .strictObject({ metric: z.string(), min: z.number().optional(), max: z.number().optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min, or max, or both')
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min must not be above max');

const bounds = z
  .array(metricBound)
  .max(20)
  .refine((all) => new Set(all.map(({ metric }) => metric)).size === all.length, 'two bounds name the same metric')
  .default([]);

/** The configuration of a HOLDOUT_EVALUATION gate. */
export const holdoutEvaluation = z
  .strictObject({
    /** Where the dataset is in the artifact store, below the experiment that says who may read it. */
    dataset: z
      .string()
      .max(2048)
      .regex(
        /^mlflow-artifacts:\/(0|[1-9]\d{0,17})(\/(?!\.\.?(\/|$))(?!.*%(2[eEfF]|5[cC]|00))[^/\\\p{Cc}]+)+$/u,
        'must be the URI of a file in the artifact store, as MLflow names it: mlflow-artifacts:/<experiment id>/<run id>/artifacts/holdout.csv',
      ),
    /** The only bytes that are judged on: other ones at the same place are no dataset. */
    datasetDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits in lower case'),
    format: z.enum(datasetFormats),
    label: columnName,
    /** The columns that the model is given; when left out, those of its signature, or all but the label. */
    features: z.array(columnName).min(1).max(5000).optional(),
    task: z.enum(holdoutTasks),
    bounds,
    maxLatencyMs: z.number().positive().optional(),
    latencyPercentile: z.literal(latencyPercentiles).default(95),
    runtime: z.enum(modelRuntimes).default('AUTO'),
    maxRows: z.int().min(1).max(1_000_000).default(100_000),
  })
  .refine(
    (config) => config.bounds.length > 0 || config.maxLatencyMs !== undefined,
    'asks for nothing: needs bounds, or maxLatencyMs, or both',
  )
  .refine(({ features, label }) => !features?.includes(label), 'the label must not be among the features')
  .superRefine(({ task, bounds }, context) => {
    const known: readonly string[] = holdoutMetrics[task];
    for (const [index, { metric }] of bounds.entries()) {
      if (known.includes(metric)) continue;
      context.addIssue({
        code: 'custom',
        path: ['bounds', index, 'metric'],
        input: metric,
        message: `no metric of ${task}; there are ${known.join(', ')}`,
      });
    }
  });
