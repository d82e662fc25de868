import { jsonProblem } from '@app/platform';
import { z } from 'zod';
import { holdoutEvaluation } from './holdout-configuration.js';
import { label } from './label.js';

/** What one gate may list: more would be a mistake, and every list is walked for every file or field. */
const most = { paths: 100, tags: 50, sections: 50, imports: 200, metrics: 50 } as const;

/** What a policy may hand to a validator: it is sent with every call. */
const parametersBound = { maxBytes: 16 * 1024, maxDepth: 20 } as const;

const metricName = z.string().min(1).max(250);
const datasetName = z.string().min(1).max(500);

const artifactPath = z
  .string()
  .regex(
    /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\\\0]{1,1024}$/,
    'must be a path inside the version, without "." and ".."; "*" stands for any characters but "/", "?" for one of them, "**" for any folders',
  );

const metricThreshold = z
  .strictObject({
    metric: metricName,
    min: z.number().optional(),
    max: z.number().optional(),
    /** The name of the dataset that the metric must have been measured on. */
    dataset: datasetName.optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min, or max, or both')
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min must not be above max');

const metricDirections = ['HIGHER_IS_BETTER', 'LOWER_IS_BETTER'] as const;
export type MetricDirection = (typeof metricDirections)[number];

const metricRegression = z
  .strictObject({
    metric: metricName,
    direction: z.enum(metricDirections),
    /** How much worse than the incumbent the candidate may be, in the metric's own unit. 0: not at all. */
    maxAbsolute: z.number().min(0).optional(),
    /** The same as a part of the incumbent's value: 0.02 allows it to be 2 % worse. */
    maxRelative: z.number().min(0).max(1).optional(),
    dataset: datasetName.optional(),
    /** Both must have been measured on one dataset: the same name and, where a run recorded it, the same digest. */
    sameDataset: z.boolean().default(true),
    /** What to say where nobody holds the target. */
    withoutIncumbent: z.enum(['PASS', 'FAIL']).default('PASS'),
  })
  .refine(
    ({ maxAbsolute, maxRelative }) => maxAbsolute !== undefined || maxRelative !== undefined,
    'needs maxAbsolute, or maxRelative, or both (both must then hold); 0 allows no regression',
  );

const signatureParts = ['inputs', 'outputs', 'params'] as const;
export type SignaturePart = (typeof signatureParts)[number];

const signature = z.strictObject({
  /** Parts that the signature must have; one of them is always needed. */
  requiredParts: z.array(z.enum(signatureParts)).max(signatureParts.length).default([]),
  /** Whoever calls the incumbent must be able to call the candidate. */
  compatibleWithIncumbent: z.boolean().default(true),
});

const tagKey = z.string().min(1).max(255);
const heading = z.string().trim().min(1).max(200);

const modelCard = z
  .strictObject({
    /** Characters that the description of the version, or of its model, must have. 0: none is needed. */
    minDescriptionLength: z.int().min(0).max(5000).default(1),
    /** Tags that the version or its model must have, with a value. */
    tags: z.array(tagKey).max(most.tags).default([]),
    /** Headings of Markdown under which there must be text, in a description or in a model card among the files. */
    sections: z.array(heading).max(most.sections).default([]),
  })
  .refine(
    ({ minDescriptionLength, tags, sections }) => minDescriptionLength + tags.length + sections.length > 0,
    'asks for nothing: needs minDescriptionLength, tags or sections',
  );

const lineage = z
  .strictObject({
    run: z.boolean().default(true),
    /** A dataset input of the run, with its digest. */
    dataset: z.boolean().default(true),
    /** The commit that the run was started from: the tag mlflow.source.git.commit. */
    sourceCommit: z.boolean().default(true),
  })
  .refine(
    ({ run, dataset, sourceCommit }) => run || dataset || sourceCommit,
    'asks for nothing: needs run, dataset or sourceCommit',
  );

const artifactIntegrity = z
  .strictObject({
    maxBytes: z.int().min(1).optional(),
    requiredPaths: z.array(artifactPath).max(most.paths).default([]),
    forbiddenPaths: z.array(artifactPath).max(most.paths).default([]),
  })
  .refine(
    ({ requiredPaths, forbiddenPaths }) => !requiredPaths.some((path) => forbiddenPaths.includes(path)),
    'the same path must not be required and forbidden',
  );

const importRule = z
  .string()
  .max(400)
  .regex(
    /^[A-Za-z_*][\w.*]*:[A-Za-z_*<][\w.*<>]*$/,
    'must be module:name, for example "mypackage.models:Scorer"; "*" stands for any characters',
  );

const artifactScan = z.strictObject({
  /** Imports of pickles that pass beside those known to be safe. What is known to be dangerous passes only when it is named without "*". */
  allow: z
    .array(importRule.refine((rule) => !/^\**:/.test(rule), 'must name a module: "*" alone would allow everything'))
    .max(most.imports)
    .default([]),
  /** Imports that never pass, whatever else allows them. */
  deny: z.array(importRule).max(most.imports).default([]),
  /** What to say of binary files of a format that the scan does not know: it cannot tell what loading them does. */
  unknownFormats: z.enum(['FAIL', 'REPORT']).default('FAIL'),
  /** How many bytes compressed files and archives may unpack to, all together. */
  maxUnpackedBytes: z
    .int()
    .min(1)
    .max(2 ** 42)
    .default(16 * 2 ** 30),
});

const parameters = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const problem = jsonProblem(value, parametersBound);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

const external = z.strictObject({
  /** By its name. Whether there is one is checked where the policy is written (policies.service.ts). */
  validator: label('the name of a validator'),
  /** For the validator, which alone knows what they mean. */
  parameters: parameters.default({}),
  /** Those of the version and of the incumbent that the validator is told; one that was not logged is left out. */
  metrics: z.array(metricName).max(most.metrics).default([]),
});

/**
 * The configuration of every type of gate (domain.md, section 6), checked when a policy is written. A new type is one
 * entry here and one evaluator in libs/gates.
 */
export const gateConfigurations = {
  METRIC_THRESHOLD: metricThreshold,
  METRIC_REGRESSION: metricRegression,
  SIGNATURE: signature.prefault({}),
  MODEL_CARD: modelCard.prefault({}),
  LINEAGE: lineage.prefault({}),
  ARTIFACT_INTEGRITY: artifactIntegrity.prefault({}),
  ARTIFACT_SCAN: artifactScan.prefault({}),
  EXTERNAL: external,
  HOLDOUT_EVALUATION: holdoutEvaluation,
};

export type GateType = keyof typeof gateConfigurations;
export type GateConfig<Type extends GateType> = z.output<(typeof gateConfigurations)[Type]>;
export const gateTypes = Object.keys(gateConfigurations) as GateType[];
