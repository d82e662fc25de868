import type { Judgement } from '../gate-run.js';
import { digestOf, type ReportedJudgement } from './gate-report.js';
import type { ValidatorCall } from './validator-call.repository.js';

type Asked = Pick<ValidatorCall, 'validator' | 'questionDigest'>;

/** What the audit trail calls a validator, on whose behalf the service writes its judgement down. */
export const describeValidator = ({ validator }: Pick<ValidatorCall, 'validator'>): string => `validator ${validator}`;

/** The judgement of a validator as the gate run keeps it, with the digests of what was asked and what was answered. */
export const judgementOf = (reported: ReportedJudgement, { validator, questionDigest }: Asked): Judgement => ({
  ...reported,
  inputs: { validator, question: questionDigest, answer: digestOf(reported) },
});

/** That there is none. @param asked the call that it was not reached by; absent when none was made */
export const unreached = (why: string, asked?: Asked): Judgement => ({
  status: 'ERRORED',
  summary: `no judgement was reached: ${why}`,
  output: {},
  inputs: asked ? { validator: asked.validator, question: asked.questionDigest } : {},
});
