import { DomainError, InvalidArgument } from '@app/platform';
import { parseJudgement, type ReportedJudgement } from './gate-report.js';

/** What came back from a call of a validator. */
export interface ValidatorAnswer {
  status: number;
  body: string;
  /** The body was longer than we read. */
  truncated: boolean;
}

/** What an answer means. REFUSED: another call would be answered in the same way. */
export type Meaning =
  | { kind: 'JUDGED'; judgement: ReportedJudgement }
  | { kind: 'LATER' }
  | { kind: 'REFUSED'; why: string };

/** It may be otherwise in a moment: the call is made again. */
export class ValidatorUnavailable extends DomainError {
  constructor(message: string) {
    super('UNAVAILABLE', 'VALIDATOR_UNAVAILABLE', message);
  }
}

const shownCharacters = 300;

/**
 * @throws ValidatorUnavailable for 408, 429 and 5xx
 */
export function meaningOf(answer: ValidatorAnswer): Meaning {
  const { status } = answer;
  if (status === 202) return { kind: 'LATER' };
  if (status === 200) return judged(answer);
  if (status === 408 || status === 429 || status >= 500) {
    throw new ValidatorUnavailable(`the validator answered ${status}${beginningOf(answer)}`);
  }
  const hint = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return { kind: 'REFUSED', why: `the validator answered ${status}${hint}${beginningOf(answer)}` };
}

function judged(answer: ValidatorAnswer): Meaning {
  const misunderstood = (why: string): Meaning => ({
    kind: 'REFUSED',
    why: `the answer of the validator is no judgement: ${why}${beginningOf(answer)}`,
  });
  if (answer.truncated) return misunderstood('it is too long');
  try {
    return { kind: 'JUDGED', judgement: parseJudgement(JSON.parse(answer.body)) };
  } catch (error) {
    if (error instanceof SyntaxError) return misunderstood('it is not JSON');
    if (error instanceof InvalidArgument) return misunderstood(error.message);
    throw error;
  }
}

/** The beginning of the body, in one line that can be stored: without control characters and halves of characters. */
function beginningOf({ body }: ValidatorAnswer): string {
  const line = body
    .slice(0, shownCharacters)
    .replace(/[\s\p{Cc}\p{Cs}]+/gu, ' ')
    .trim();
  return line ? `: ${line}` : '';
}
