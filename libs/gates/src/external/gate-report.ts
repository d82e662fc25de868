import { createHash } from 'node:crypto';
import { canonicalJson, InvalidArgument, jsonProblem } from '@app/platform';
import { z } from 'zod';

const longest = { summary: 1000, comment: 1000 } as const;
const outputBound = { maxBytes: 64 * 1024, maxDepth: 20 } as const;

/** One line, whatever came: it stands in logs and lists. */
const line = (most: number) =>
  z
    .string()
    .transform((text) => text.replace(/[\s\p{Cc}]+/gu, ' ').trim())
    .pipe(
      z
        .string()
        .min(1)
        .max(most)
        .refine((text) => !/\p{Cs}/u.test(text), 'holds half of a surrogate pair'),
    );

const output = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const problem = jsonProblem(value, outputBound);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

const judgement = z.strictObject({
  /** ERRORED: the validator could reach no judgement, and that is never a pass. */
  status: z.enum(['PASSED', 'FAILED', 'ERRORED']),
  summary: line(longest.summary),
  output: output.default({}),
});

const progress = z.strictObject({
  percent: z.number().min(0).max(100).optional(),
  comment: line(longest.comment),
});

/** How a validator judges a version. */
export type ReportedJudgement = z.output<typeof judgement>;
/** How far it is. */
export type ReportedProgress = z.output<typeof progress>;
export type GateReport = { judgement: ReportedJudgement } | { progress: ReportedProgress };

/**
 * The judgement that a validator gives.
 * @throws InvalidArgument that names each wrong field, and what is wrong with it
 */
export const parseJudgement = (input: unknown): ReportedJudgement => parsed(judgement, input);

/**
 * What a validator reports of a gate run: a judgement, or `{ progress: … }`.
 * @throws InvalidArgument that names each wrong field, and what is wrong with it
 */
export function parseReport(input: unknown): GateReport {
  const isProgress = typeof input === 'object' && input !== null && 'progress' in input;
  return isProgress ? parsed(z.strictObject({ progress }), input) : { judgement: parsed(judgement, input) };
}

function parsed<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const { success, data, error } = schema.safeParse(input);
  if (success) return data;
  const problems = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path.map(String), key], message: 'there is no such field' }))
      : [{ path: issue.path.map(String), message: issue.message }],
  );
  const message = problems.map((problem) => `${problem.path.join('.') || 'report'}: ${problem.message}`).join('; ');
  throw new InvalidArgument(message, problems[0]?.path);
}

/** SHA-256 over the canonical JSON (RFC 8785): whoever has the value can compute it again. */
export const digestOf = (value: unknown): string =>
  `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
