import { z } from 'zod';
import { principalName, strictObject } from './schema-parts.js';
import { nameKey } from './securable-kind.js';

const seconds = (most: number) => z.int().min(0).max(most);

const metricThreshold = strictObject({
  metric: z.string().min(1).max(250),
  min: z.number().optional(),
  max: z.number().optional(),
  dataset: z.string().min(1).max(500).optional().meta({ description: 'What the metric must have been measured on' }),
})
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min, or max, or both')
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min must not be above max');

const artifactIntegrity = strictObject({
  maxBytes: z.int().min(1).optional().meta({ description: 'Of all files together' }),
  requiredPaths: z.array(z.string()).max(100).default([]),
  forbiddenPaths: z.array(z.string()).max(100).default([]),
});

const everyGate = {
  key: z.string().min(1).max(63).meta({ description: 'Its name within the policy' }),
  required: z.boolean().default(true).meta({ description: 'An advisory gate is run and shown, and stops nothing' }),
  timeoutSeconds: z.int().min(1).max(86_400).default(600),
  attempts: z.int().min(1).max(10).default(3),
};

const gate = z.discriminatedUnion('type', [
  strictObject({ ...everyGate, type: z.literal('METRIC_THRESHOLD'), metricThreshold }),
  strictObject({ ...everyGate, type: z.literal('SIGNATURE') }),
  strictObject({
    ...everyGate,
    type: z.literal('ARTIFACT_INTEGRITY'),
    artifactIntegrity: artifactIntegrity.prefault({}),
  }),
]);

const approvalRule = strictObject({
  name: z.string().min(1).max(63),
  count: z.int().min(1).max(100).meta({ description: 'How many approvals it takes' }),
  approvers: z
    .array(principalName)
    .min(1, 'names nobody who may approve')
    .max(100)
    .meta({ description: 'Names of groups, users and service principals' }),
});

const areDistinct = (names: readonly string[]): boolean => new Set(names.map(nameKey)).size === names.length;

/** What a promotion policy says (docs/domain.md, section 4), with every default that the API has. */
export const policyRules = strictObject({
  protects: strictObject({
    stages: z.array(z.enum(['Staging', 'Production', 'Archived'])).default([]),
    aliases: z
      .array(z.string().min(1).max(255))
      .max(100)
      .default([])
      .meta({ description: 'In which "*" stands for any characters: champion, prod-*' }),
  }).refine(({ stages, aliases }) => stages.length + aliases.length > 0, 'names no stage and no alias'),
  gates: z
    .array(gate)
    .max(50)
    .default([])
    .refine((gates) => areDistinct(gates.map(({ key }) => key)), 'two gates have the same key'),
  approvals: z
    .array(approvalRule)
    .max(20)
    .default([])
    .refine((rules) => areDistinct(rules.map(({ name }) => name)), 'two approval rules have the same name'),
  separationOfDuties: strictObject({
    requester: z.boolean().default(true),
    versionCreator: z.boolean().default(true),
    runUser: z.boolean().default(true),
  })
    .prefault({})
    .meta({ description: 'Who may not approve; all on when left out' }),
  waitSeconds: seconds(90 * 86_400)
    .default(0)
    .meta({ description: 'Between the last approval and the move' }),
  expiresAfterSeconds: z
    .int()
    .min(1)
    .max(366 * 86_400)
    .nullable()
    .default(null)
    .meta({ description: 'After which an open request expires; null for never' }),
  archiveIncumbent: z.boolean().default(true).meta({ description: 'The holder of a stage is archived' }),
  dismissStaleDecisions: z
    .boolean()
    .default(true)
    .meta({ description: 'A decision on evidence that has changed since does not count' }),
  dryRun: z.boolean().default(false).meta({ description: 'Evaluated and recorded, and stops nothing' }),
}).meta({ id: 'PolicyRules' });

export type PolicyRules = z.output<typeof policyRules>;
