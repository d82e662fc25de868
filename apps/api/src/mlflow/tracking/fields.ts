import { z } from 'zod';
import { double, enumeration, optional, required, wholeNumber } from '../wire/parse.js';

/** Fields that several calls of the tracking API share. */
export const keyValue = z.object({ key: required, value: z.string().default('') });
export const keyValues = optional(z.array(keyValue));

/** As in MLflow on SQL, experiments are numbered: another text is no id, and not that of an absent one. */
export const experimentId = required.regex(/^-?\d+$/, {
  error: ({ input }) => `Invalid experiment ID '${input}'. Experiment ID must be a valid integer.`,
});

export const viewType = enumeration({ ACTIVE_ONLY: 1, DELETED_ONLY: 2, ALL: 3 }).default('ACTIVE_ONLY');
export const filterText = optional(z.string());
export const pageToken = optional(z.string());

export const metric = z
  .object({
    key: required,
    value: double,
    timestamp: wholeNumber.pipe(z.number().min(0, 'Timestamp must be a nonnegative long (64-bit integer)')),
    step: optional(wholeNumber),
    model_id: optional(z.string()),
    dataset_name: optional(z.string()),
    dataset_digest: optional(z.string()),
  })
  .transform(({ key, value, timestamp, step, model_id, dataset_name, dataset_digest }) => ({
    key,
    value,
    timestamp,
    step: step ?? 0,
    modelId: model_id || null,
    datasetName: dataset_name || null,
    datasetDigest: dataset_digest || null,
  }));

/** Older clients name the run by run_uuid alone. */
export const ofRun = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess(
    (params) => {
      const { run_id, run_uuid, ...rest } = (params ?? {}) as Record<string, unknown>;
      return { ...rest, run_id: run_id || run_uuid };
    },
    z.object({ run_id: required, ...shape }),
  );
