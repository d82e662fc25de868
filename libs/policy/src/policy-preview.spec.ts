import { parsePolicyRules } from './policy.js';
import type { MatchingPolicy } from './policy.repository.js';
import { withDraft } from './policy-draft.js';
import { policyPreview } from './policy-preview.js';

const off = { requester: false, versionCreator: false, runUser: false };
const lax = { separationOfDuties: off, archiveIncumbent: false, dismissStaleDecisions: false };
const champion = { kind: 'ALIAS', name: 'champion' } as const;

function policy(name: string, given: Record<string, unknown>): MatchingPolicy {
  const rules = parsePolicyRules({ protects: { aliases: ['champion'] }, ...lax, ...given });
  return { policyId: name, revisionId: `${name}-1`, name, revision: 1, on: `catalog ${name}`, rules };
}

const named = (policies: readonly { name: string }[]) => policies.map(({ name }) => name);

describe('policyPreview', () => {
  it('says which policy each part of the sum comes from', () => {
    const outer = policy('outer', {
      gates: [{ key: 'sig', type: 'SIGNATURE' }],
      waitSeconds: 60,
      expiresAfterSeconds: 900,
      separationOfDuties: { ...off, requester: true },
    });
    const inner = policy('inner', { waitSeconds: 60, expiresAfterSeconds: 300, archiveIncumbent: true });
    const rehearsed = policy('rehearsed', { waitSeconds: 999, dismissStaleDecisions: true, dryRun: true });
    const { effective, sources } = policyPreview([outer, inner, rehearsed], 'PROMOTION');
    expect(effective).toMatchObject({ waitSeconds: 60, expiresAfterSeconds: 300, dismissStaleDecisions: false });
    expect(effective.gates).toMatchObject([{ key: 'outer/sig', policyRevisionId: 'outer-1' }]);
    expect(sources.map(({ setting, policies }) => [setting, named(policies)])).toEqual([
      ['SEPARATE_REQUESTER', ['outer']],
      ['WAIT', ['outer', 'inner']],
      ['EXPIRY', ['inner']],
      ['ARCHIVE_INCUMBENT', ['inner']],
    ]);
  });

  it('is empty where nothing protects', () => {
    expect(policyPreview([], 'PROMOTION')).toMatchObject({ effective: { policies: [], gates: [] }, sources: [] });
  });
});

describe('withDraft', () => {
  const on = { fullName: 'prod' } as Parameters<typeof withDraft>[2]['on'];
  const [one, two] = [policy('one', {}), policy('two', {})];
  const draft = (given: Record<string, unknown>, replaces: string | null = null) => ({
    on,
    name: 'draft',
    replaces,
    rules: policy('draft', given).rules,
  });

  it('stands beside the policies, or in the place of one, as if it were in force', () => {
    expect(named(withDraft([one, two], champion, draft({})))).toEqual(['one', 'two', 'draft']);
    const replaced = withDraft([one, two], champion, draft({ waitSeconds: 7, dryRun: true }, 'one'));
    expect(named(replaced)).toEqual(['one', 'two']);
    expect(replaced[0]?.rules).toMatchObject({ waitSeconds: 7, dryRun: false });
  });

  it('is left out where it does not protect the target', () => {
    const elsewhere = { protects: { aliases: ['other'] } };
    expect(named(withDraft([one], champion, draft(elsewhere)))).toEqual(['one']);
    expect(named(withDraft([one, two], champion, draft(elsewhere, 'one')))).toEqual(['two']);
  });

  it('takes the place of a policy that matched by another target which the promotion touches', () => {
    const stage = policy('stage', { protects: { stages: ['Archived'] } });
    const replaced = withDraft(
      [stage],
      champion,
      draft({ protects: { stages: ['Archived'] }, waitSeconds: 9 }, 'stage'),
    );
    expect(replaced).toMatchObject([{ name: 'stage', rules: { waitSeconds: 9 } }]);
  });
});
