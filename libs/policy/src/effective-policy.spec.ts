import { effectivePolicy, samePolicies } from './effective-policy.js';
import { parsePolicyRules } from './policy.js';
import type { MatchingPolicy } from './policy.repository.js';

const principalIds = ['00000000-0000-7000-8000-000000000001'];

function policy(name: string, on: string, rules: Record<string, unknown>): MatchingPolicy {
  const parsed = parsePolicyRules({ protects: { aliases: ['champion'] }, ...rules });
  return { policyId: `${name}-${on}`, revisionId: `${name}-${on}-1`, name, revision: 1, on, rules: parsed };
}

const gate = { key: 'sig', type: 'SIGNATURE' };
const rule = (name: string, count: number) => ({ name, count, principalIds });
const off = { requester: false, versionCreator: false, runUser: false };

describe('effectivePolicy', () => {
  it('adds up gates and rules; the longest wait and the shortest expiry win; any true wins', () => {
    const outer = policy('base', 'catalog prod', {
      gates: [gate],
      approvals: [rule('leads', 2)],
      separationOfDuties: { ...off, runUser: true },
      waitSeconds: 10,
      expiresAfterSeconds: 900,
      archiveIncumbent: false,
      dismissStaleDecisions: false,
    });
    const inner = policy('extra', 'model prod.fraud.scorer', {
      gates: [gate],
      approvals: [rule('risk', 1)],
      separationOfDuties: { ...off, requester: true },
      waitSeconds: 60,
      expiresAfterSeconds: 300,
      archiveIncumbent: true,
      dismissStaleDecisions: true,
    });
    expect(effectivePolicy([outer, inner])).toMatchObject({
      gates: [
        { key: 'base/sig', policyRevisionId: outer.revisionId, required: true },
        { key: 'extra/sig', policyRevisionId: inner.revisionId, required: true },
      ],
      approvals: [
        { name: 'leads', count: 2, policy: 'base', dryRun: false },
        { name: 'risk', count: 1, policy: 'extra', dryRun: false },
      ],
      separationOfDuties: { requester: true, versionCreator: false, runUser: true },
      waitSeconds: 60,
      expiresAfterSeconds: 300,
      archiveIncumbent: true,
      dismissStaleDecisions: true,
    });
  });

  it('never expires when no policy says so', () => {
    expect(effectivePolicy([policy('a', 'the metastore', {})]).expiresAfterSeconds).toBeNull();
  });

  it('keeps the keys of policies with one name apart', () => {
    const sum = effectivePolicy([
      policy('prod', 'catalog prod', { gates: [gate] }),
      policy('Prod', 'schema prod.fraud', { gates: [gate] }),
    ]);
    expect(sum.gates.map(({ key }) => key)).toEqual(['prod (catalog prod)/sig', 'Prod (schema prod.fraud)/sig']);
  });

  it('lets a dry-run policy stop nothing', () => {
    const dry = policy('next', 'catalog prod', {
      gates: [gate],
      approvals: [rule('board', 5)],
      waitSeconds: 1000,
      expiresAfterSeconds: 1,
      dryRun: true,
    });
    const kept = { archiveIncumbent: false, dismissStaleDecisions: false };
    const live = policy('now', 'catalog prod', { separationOfDuties: off, ...kept });
    expect(effectivePolicy([dry, live])).toMatchObject({
      gates: [{ key: 'next/sig', required: false }],
      approvals: [{ name: 'board', dryRun: true }],
      separationOfDuties: off,
      waitSeconds: 0,
      expiresAfterSeconds: null,
      ...kept,
    });
  });

  describe('for a rollback', () => {
    const metric = { key: 'auc', type: 'METRIC_THRESHOLD', config: { metric: 'auc', min: 0.8 } };
    const files = { key: 'files', type: 'ARTIFACT_INTEGRITY', config: { maxBytes: 10 } };

    it('asks for the gates that look at the files, and has one when no policy has', () => {
      const both = policy('a', 'x', { gates: [metric, files], approvals: [rule('leads', 2)], archiveIncumbent: false });
      expect(effectivePolicy([both], 'ROLLBACK')).toMatchObject({
        gates: [{ key: 'a/files', config: { maxBytes: 10 } }],
        approvals: [{ name: 'leads', count: 2 }],
        archiveIncumbent: true,
      });
      const none = policy('b', 'y', { gates: [metric] });
      const dry = policy('c', 'z', { gates: [files], dryRun: true });
      expect(effectivePolicy([dry, none], 'ROLLBACK').gates).toMatchObject([
        { key: 'c/files', required: false },
        { key: 'integrity', type: 'ARTIFACT_INTEGRITY', required: true, policyRevisionId: none.revisionId },
      ]);
    });

    it('asks for nothing where policies are only tried out', () => {
      const dry = policy('c', 'z', { gates: [metric], dryRun: true });
      expect(effectivePolicy([dry], 'ROLLBACK').gates).toEqual([]);
    });

    it('asks for what a policy says of rollbacks, and of that policy only', () => {
      const strict = policy('a', 'x', {
        gates: [metric],
        approvals: [rule('leads', 2)],
        rollback: { gates: 'ALL', approvals: [rule('on call', 1)] },
      });
      const other = policy('b', 'y', { gates: [metric], approvals: [rule('risk', 1)] });
      const { gates, approvals } = effectivePolicy([strict, other], 'ROLLBACK');
      expect(gates.map(({ key }) => key)).toEqual(['a/auc', 'integrity']);
      expect(approvals.map(({ name }) => name)).toEqual(['on call', 'risk']);
      for (const kind of ['PROMOTION', 'BREAK_GLASS'] as const) {
        const sum = effectivePolicy([strict, other], kind);
        expect(sum.gates.map(({ key }) => key)).toEqual(['a/auc', 'b/auc']);
        expect(sum.approvals.map(({ name }) => name)).toEqual(['leads', 'risk']);
      }
    });
  });
});

describe('samePolicies', () => {
  const sum = effectivePolicy([policy('a', 'x', {}), policy('b', 'y', {})]);

  it('compares revisions, in any order', () => {
    expect(samePolicies(sum, effectivePolicy([policy('b', 'y', {}), policy('a', 'x', {})]))).toBe(true);
    const one = effectivePolicy([policy('a', 'x', {})]);
    expect([samePolicies(sum, one), samePolicies(one, sum)]).toEqual([false, false]);
    const revised = { ...policy('b', 'y', {}), revisionId: 'b-y-2' };
    expect(samePolicies(sum, effectivePolicy([policy('a', 'x', {}), revised]))).toBe(false);
  });
});
