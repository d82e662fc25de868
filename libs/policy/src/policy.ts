import { InvalidArgument } from '@app/platform';
import { z } from 'zod';
import { gateConfigurations } from './gate-configuration.js';
import { label } from './label.js';
import { stages, type Target } from './target.js';

/** Which gates a policy asks of a rollback. */
export const rollbackGates = ['INTEGRITY', 'ALL'] as const;

/** What every gate has, beside its type and the type's configuration. */
const gate = <Type extends string, Configuration extends z.ZodType>(type: Type, config: Configuration) =>
  z.strictObject({
    key: label('the key of a gate'),
    type: z.literal(type),
    config,
    required: z.boolean().default(true),
    timeoutSeconds: z.int().min(1).max(86_400).default(600),
    attempts: z.int().min(1).max(10).default(3),
  });

const policyGate = z.discriminatedUnion('type', [
  gate('METRIC_THRESHOLD', gateConfigurations.METRIC_THRESHOLD),
  gate('METRIC_REGRESSION', gateConfigurations.METRIC_REGRESSION),
  gate('SIGNATURE', gateConfigurations.SIGNATURE),
  gate('MODEL_CARD', gateConfigurations.MODEL_CARD),
  gate('LINEAGE', gateConfigurations.LINEAGE),
  gate('ARTIFACT_INTEGRITY', gateConfigurations.ARTIFACT_INTEGRITY),
  gate('ARTIFACT_SCAN', gateConfigurations.ARTIFACT_SCAN),
  gate('EXTERNAL', gateConfigurations.EXTERNAL),
  gate('HOLDOUT_EVALUATION', gateConfigurations.HOLDOUT_EVALUATION),
]);

const unique = <Item>(items: readonly Item[], keyOf: (item: Item) => string): boolean =>
  new Set(items.map((item) => keyOf(item).toLowerCase())).size === items.length;

const approvalRule = z.strictObject({
  name: label('the name of an approval rule'),
  count: z.int().min(1).max(100),
  /** Users, service principals and groups who may fill a place. */
  principalIds: z.array(z.uuid()).min(1, 'names nobody who may approve').max(100),
});

const approvalRules = z
  .array(approvalRule)
  .max(20)
  .refine((rules) => unique(rules, ({ name }) => name), 'two approval rules have the same name');

/** What is asked of a way back to the version that held the target before (domain.md, section 5). */
const rollback = z.strictObject({
  /** INTEGRITY: of the gates those that look at the files, for the version has passed the others before. */
  gates: z.enum(rollbackGates).default('INTEGRITY'),
  /** Rules of its own; null: those of a promotion. */
  approvals: approvalRules.nullable().default(null),
});

const separationOfDuties = z.strictObject({
  requester: z.boolean().default(true),
  versionCreator: z.boolean().default(true),
  runUser: z.boolean().default(true),
});

const protectedStages = z.enum(stages).exclude(['None'], 'must be Staging, Production or Archived');
const aliasPattern = z
  .string()
  .regex(/^[A-Za-z0-9_*-]{1,255}$/, 'must be an alias, in which "*" stands for any characters');

const policyRules = z.strictObject({
  protects: z
    .strictObject({
      stages: z.array(protectedStages).default([]),
      aliases: z.array(aliasPattern).max(100).default([]),
    })
    .refine((targets) => targets.stages.length + targets.aliases.length > 0, 'names no stage and no alias'),
  gates: z
    .array(policyGate)
    .max(50)
    .default([])
    .refine((gates) => unique(gates, ({ key }) => key), 'two gates have the same key'),
  approvals: approvalRules.default([]),
  rollback: rollback.prefault({}),
  separationOfDuties: separationOfDuties.prefault({}),
  waitSeconds: z
    .int()
    .min(0)
    .max(90 * 86_400)
    .default(0),
  expiresAfterSeconds: z
    .int()
    .min(1)
    .max(366 * 86_400)
    .nullable()
    .default(null),
  archiveIncumbent: z.boolean().default(true),
  dismissStaleDecisions: z.boolean().default(true),
  dryRun: z.boolean().default(false),
});

/** The gate that a rollback has when no policy has one of its type. */
export const integrityGate = (): PolicyGate => policyGate.parse({ key: 'integrity', type: 'ARTIFACT_INTEGRITY' });

export type PolicyRules = z.output<typeof policyRules>;
export type PolicyGate = z.output<typeof policyGate>;
export type ApprovalRule = z.output<typeof approvalRule>;
export type SeparationOfDuties = z.output<typeof separationOfDuties>;

/** The wrong value, before what would be right; objects and lists are named by their path well enough. */
const shown = (value: unknown): string =>
  ['string', 'number', 'boolean'].includes(typeof value)
    ? `${JSON.stringify(value)?.slice(0, 100)} is not valid: `
    : '';

/**
 * The rules of a policy revision, checked and with every default filled in.
 * @throws InvalidArgument that names each wrong field, what is wrong with it and, as its path, the first of them
 */
export function parsePolicyRules(input: unknown, field = 'rules'): PolicyRules {
  const parsed = policyRules.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = [field, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such field' }));
    }
    return [{ path, message: `${shown(issue.input)}${issue.message}` }];
  });
  const message = problems.map((problem) => `${problem.path.join('.')}: ${problem.message}`).join('; ');
  throw new InvalidArgument(message, problems[0]?.path);
}

/**
 * The name of a policy, checked.
 * @throws InvalidArgument
 */
export function policyName(name: string, field = 'name'): string {
  const parsed = label('the name of a policy').safeParse(name);
  if (parsed.success) return parsed.data;
  throw new InvalidArgument(`${field}: "${name}" is not valid: ${parsed.error.issues[0]?.message}`, [field]);
}

const longestReason = 5000;

/**
 * Why a policy is changed or ends, checked: it stands in the audit trail for good.
 * @throws InvalidArgument when it is empty or too long
 */
export function policyReason(reason: string, field = 'reason'): string {
  const text = reason.trim();
  if (text.length > 0 && text.length <= longestReason) return text;
  throw new InvalidArgument(`${field}: has ${text.length} characters, 1 to ${longestReason} are needed`, [field]);
}

export const policyNameKey = (name: string): string => name.toLowerCase();

/** Does the policy name this target? Aliases match without case, so that Champion cannot slip past champion. */
export function protects({ protects: { stages, aliases } }: PolicyRules, target: Target): boolean {
  if (target.kind === 'STAGE') return (stages as readonly string[]).includes(target.name);
  const alias = target.name.toLowerCase();
  return aliases.some((pattern) => matchesPattern(pattern.toLowerCase(), alias));
}

/** "*" stands for any characters, none included. Walked without a regular expression, whose backtracking a pattern could abuse. */
function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [head = '', tail = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return pattern === text;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  const end = text.length - tail.length;
  let position = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}
