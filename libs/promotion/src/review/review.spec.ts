import type { EffectivePolicy } from '@app/policy';
import { type Decision, ruleProgress, stateAfterReview, type Verdict } from './review.js';

const rule = (name: string, count: number, dryRun = false) => ({ name, count, dryRun });
const policy = (...approvals: ReturnType<typeof rule>[]) => ({ approvals }) as unknown as EffectivePolicy;

describe('ruleProgress', () => {
  it('waits for no rule of a policy that is tried out, and shows how far it is', () => {
    const tried = policy(rule('leads', 1), rule('board', 2, true));
    const approvers = [{ id: 'ada', rules: [0, 1] }];
    expect(ruleProgress(tried, approvers)).toEqual({ filled: [['ada'], ['ada']], met: true });
  });

  it('takes nobody from a binding rule for one that is tried out', () => {
    const tried = policy(rule('board', 1, true), rule('leads', 1));
    expect(ruleProgress(tried, [{ id: 'ada', rules: [0, 1] }])).toEqual({ filled: [['ada'], ['ada']], met: true });
  });

  it('is not met by a rule that is tried out', () => {
    const tried = policy(rule('board', 1, true), rule('leads', 1));
    expect(ruleProgress(tried, [{ id: 'ada', rules: [0] }])).toEqual({ filled: [['ada'], []], met: false });
  });
});

describe('stateAfterReview', () => {
  const decided = (...verdicts: Verdict[]) => verdicts.map((verdict) => ({ verdict }) as Decision);

  it.each([
    ['REJECTED', decided('APPROVE', 'REQUEST_CHANGES', 'REJECT'), true],
    ['CHANGES_REQUESTED', decided('REQUEST_CHANGES', 'APPROVE'), true],
    ['APPROVED', decided('APPROVE'), true],
    ['AWAITING_APPROVAL', decided('APPROVE'), false],
  ])('is %s', (state, decisions, met) => {
    expect(stateAfterReview(decisions, met)).toBe(state);
  });
});
