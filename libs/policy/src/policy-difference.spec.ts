import { parsePolicyRules } from './policy.js';
import { policyDifference } from './policy-difference.js';

const [ada, grace] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'];
const rules = (given: Record<string, unknown>) => parsePolicyRules({ protects: { aliases: ['champion'] }, ...given });
const auc = (min: number) => ({ key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min } });
const sig = { key: 'sig', type: 'SIGNATURE' };

describe('policyDifference', () => {
  it('is empty for the same rules, in whatever order they are written', () => {
    const one = rules({ protects: { aliases: ['a', 'b'] }, gates: [auc(1), sig] });
    const other = rules({ protects: { aliases: ['b', 'a'] }, gates: [sig, auc(1)] });
    expect(policyDifference(one, other)).toEqual([]);
  });

  it('names each value that changed, by keys', () => {
    const before = rules({
      protects: { aliases: ['champion', 'old'], stages: ['Production'] },
      gates: [auc(0.8), sig],
      approvals: [{ name: 'leads', count: 2, principalIds: [ada] }],
      expiresAfterSeconds: 60,
    });
    const after = rules({
      protects: { aliases: ['champion', 'constructor'], stages: ['Production'] },
      gates: [auc(0.9)],
      approvals: [{ name: 'leads', count: 1, principalIds: [ada, grace] }],
      rollback: { approvals: [{ name: 'on call', count: 1, principalIds: [ada] }] },
      waitSeconds: 5,
    });
    expect(policyDifference(before, after)).toEqual([
      { path: 'protects.aliases.old', kind: 'REMOVED', before: true, after: null },
      { path: 'protects.aliases.constructor', kind: 'ADDED', before: null, after: true },
      { path: 'gates.auc.config.min', kind: 'CHANGED', before: 0.8, after: 0.9 },
      {
        path: 'gates.sig',
        kind: 'REMOVED',
        before: {
          type: 'SIGNATURE',
          config: { requiredParts: [], compatibleWithIncumbent: true },
          required: true,
          timeoutSeconds: 600,
          attempts: 3,
        },
        after: null,
      },
      { path: 'approvals.leads.count', kind: 'CHANGED', before: 2, after: 1 },
      { path: `approvals.leads.approvers.${grace}`, kind: 'ADDED', before: null, after: true },
      {
        path: 'rollback.approvals',
        kind: 'CHANGED',
        before: null,
        after: { 'on call': { count: 1, approvers: { [ada]: true } } },
      },
      { path: 'waitSeconds', kind: 'CHANGED', before: 0, after: 5 },
      { path: 'expiresAfterSeconds', kind: 'CHANGED', before: 60, after: null },
    ]);
    expect(policyDifference(after, before)).toHaveLength(9);
  });
});
