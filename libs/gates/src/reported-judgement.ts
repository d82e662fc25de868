import { digestOf, type ReportedJudgement } from './gate-report.js';
import type { Judgement } from './gate-run.js';
import type { ValidatorCall } from './validator-call.repository.js';

/** The judgement of a validator as the gate run keeps it, with the digests of what was asked and what was answered. */
export const judgementOf = (
  reported: ReportedJudgement,
  { validator, questionDigest }: Pick<ValidatorCall, 'validator' | 'questionDigest'>,
): Judgement => ({
  ...reported,
  inputs: { validator, question: questionDigest, answer: digestOf(reported) },
});

export const unreached = (why: string): Judgement => ({
  status: 'ERRORED',
  summary: `no judgement was reached: ${why}`,
  output: {},
  inputs: {},
});
