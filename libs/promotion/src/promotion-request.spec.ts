import { InvalidArgument } from '@app/platform';
import { parseTarget } from '@app/policy';
import fc from 'fast-check';
import {
  isClosed,
  mayMove,
  optionalText,
  type PromotionState,
  promotionStates,
  requiredText,
  requireOpen,
  requireState,
} from './promotion-request.js';

describe('the state machine', () => {
  const closed = ['APPLIED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'SUPERSEDED'];

  it('never leaves a closed state', () => {
    expect(promotionStates.filter(isClosed)).toEqual(closed);
  });

  it('leads to APPLIED from APPROVED only, and to APPROVED from AWAITING_APPROVAL only', () => {
    const into = (state: PromotionState) => promotionStates.filter((from) => mayMove(from, state));
    expect(into('APPLIED')).toEqual(['APPROVED']);
    expect(into('APPROVED')).toEqual(['AWAITING_APPROVAL']);
    expect(into('VALIDATING')).toEqual(['BLOCKED', 'AWAITING_APPROVAL']);
  });

  it('can be ended from every open state, in every way', () => {
    for (const from of promotionStates.filter((state) => !isClosed(state))) {
      for (const to of ['REJECTED', 'CANCELLED', 'EXPIRED', 'SUPERSEDED'] as const)
        expect(mayMove(from, to)).toBe(true);
    }
  });

  it('reaches APPLIED on no way around the gates and the approval', () => {
    const walk = fc.array(fc.constantFrom(...promotionStates), { maxLength: 30 });
    fc.assert(
      fc.property(walk, (wishes) => {
        const path: PromotionState[] = ['VALIDATING'];
        for (const wish of wishes) if (mayMove(path.at(-1) as PromotionState, wish)) path.push(wish);
        if (path.at(-1) !== 'APPLIED') return;
        expect(path.at(-2)).toBe('APPROVED');
        const validated = path.lastIndexOf('VALIDATING');
        expect(path.slice(validated)).toContain('AWAITING_APPROVAL');
      }),
      { numRuns: 2000 },
    );
  });

  it('names the state in its refusals', () => {
    const applied = { number: 12, state: 'APPLIED' } as const;
    expect(() => requireOpen(applied)).toThrow('promotion request 12 is APPLIED: it is closed');
    expect(() => requireState(applied, ['BLOCKED'], 'run its gates again')).toThrow('is closed');
    const validating = { number: 12, state: 'VALIDATING' } as const;
    expect(() => requireState(validating, ['BLOCKED', 'APPROVED'], 'run its gates again')).toThrow(
      'promotion request 12 is VALIDATING: it must be BLOCKED or APPROVED to run its gates again',
    );
    expect(() => requireState(validating, ['VALIDATING'], 'wait')).not.toThrow();
  });
});

describe('what callers write', () => {
  it('takes a stage in any case, an alias as it is', () => {
    expect(parseTarget({ kind: 'STAGE', name: 'production' })).toEqual({ kind: 'STAGE', name: 'Production' });
    expect(parseTarget({ kind: 'ALIAS', name: 'Champion' })).toEqual({ kind: 'ALIAS', name: 'Champion' });
    expect(() => parseTarget({ kind: 'ALIAS', name: 'a/b' })).toThrow(InvalidArgument);
  });

  it('trims texts, and bounds them', () => {
    expect(optionalText('  ', 'reason')).toBeNull();
    expect(optionalText(undefined, 'reason')).toBeNull();
    expect(requiredText(' yes ', 'comment', 'why')).toBe('yes');
    expect(() => requiredText(' ', 'comment', 'say why')).toThrow('comment: is empty: say why');
    expect(() => optionalText('x'.repeat(5001), 'reason')).toThrow('reason: has 5001 characters');
  });
});
