import { z } from 'zod';
import { readableText } from './readable-text.js';

/** No answer of the model can be had, or judged, and that is not for the model to answer for. */
export class Unable extends Error {}

/** The model was asked, and could not answer. */
export class ModelRaised extends Error {}

const refused = [
  z.strictObject({ status: z.literal('UNABLE'), message: z.string() }),
  z.strictObject({ status: z.literal('RAISED'), message: z.string() }),
] as const;

/** JSON knows neither NaN nor infinities. */
const measured = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform(Number);
/** Some of it a stranger's process says: it must be such that PostgreSQL takes it, and people can read it. */
const version = z.string().regex(/^[\w.+-]{1,100}$/);
const versions = z.record(version, version);
/** One answer of a model, or one for each class. */
const cell = z.union([z.number(), z.string(), z.boolean()]);
const milliseconds = z.array(z.number().nonnegative()).min(1).max(10_000);
const measurement = {
  metrics: z.record(z.string(), measured),
  /** Of the metrics that could not be measured: why. */
  unavailable: z.record(
    z.string(),
    z.string().transform((text) => readableText(text, 500)),
  ),
};

/** What one process of an evaluation answers, as JSON on file descriptor 3: that it is done, or why it is not. */
export const answers = {
  split: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('DONE'), labels: z.array(z.union([z.string(), z.number()])).min(1) }),
    ...refused,
  ]),
  predict: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('DONE'),
      answers: z.array(z.union([cell, z.array(cell)])),
      milliseconds,
      seconds: z.number().nonnegative(),
      versions,
    }),
    ...refused,
  ]),
  measure: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('DONE'), ...measurement, versions }),
    ...refused,
  ]),
  onnx: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('DONE'),
      rows: z.int().positive(),
      ...measurement,
      milliseconds,
      seconds: z.number().nonnegative(),
      versions,
    }),
    ...refused,
  ]),
};

/** What the process that scores an ONNX model is to do: `job.json` in its working directory. */
export interface OnnxJob {
  model: string;
  dataset: string;
  format: 'CSV' | 'PARQUET';
  label: string;
  /** In the order in which the model takes them. */
  features: string[] | null;
  task: 'CLASSIFICATION' | 'REGRESSION';
  maxRows: number;
}
