import { completenessOf, completenessRules } from './completeness.js';
import type { DossierContent } from './dossier.schema.js';
import { headings } from './headings.js';

const at = '2026-11-01T00:00:00.000Z';
const person = (id: string) => ({ id, name: id });

/** A dossier in which nothing is missing: applied, with everything that is asked for. */
function complete(): DossierContent {
  return {
    request: {
      number: 1,
      kind: 'PROMOTION',
      state: 'APPLIED',
      stateReason: null,
      model: 'prod.fraud.scorer',
      version: 2,
      target: { kind: 'ALIAS', name: 'champion' },
      incumbent: 1,
      requester: person('scientist'),
      justification: 'it is better',
      artifactDigest: 'sha256:a',
      round: 1,
      supersededBy: null,
      createdAt: at,
      expiresAt: null,
      approvedAt: at,
      applyAfter: at,
      closedAt: at,
      history: [],
    },
    version: {
      name: 'prod.fraud.scorer/2',
      status: 'READY',
      stage: 'None',
      description: 'finds fraud',
      tags: [],
      aliases: [],
      createdAt: at,
      createdBy: null,
      model: { fullName: 'prod.fraud.scorer', description: null, owner: person('owner') },
      card: {
        file: 'README.md',
        text: '…',
        cutOff: false,
        sections: ['intended use', 'limitations', 'risks', 'human oversight', 'metrics'],
      },
      artifact: { digest: 'sha256:a', bytes: 1, files: 1, manifest: [], omitted: 0 },
      signature: { inputs: [], outputs: [], params: null },
      flavors: ['sklearn'],
      requirements: ['numpy'],
      source: 's',
      runId: 'r',
    },
    training: {
      run: { id: 'r', name: 'r', status: 'FINISHED', user: 'u', startedAt: at, endedAt: at },
      sourceCommit: 'c0ffee',
      metrics: [{ name: 'auc', value: 0.9, step: 0, dataset: null }],
      params: [{ name: 'depth', value: '3' }],
      datasets: [{ name: 'train', digest: 'd1', sourceType: 't', source: 's', context: null }],
    },
    lineage: { nodes: [], edges: [], truncatedBy: [] },
    evidence: { digest: 'sha256:e', verified: true, content: { comparison: {} } },
    gates: [
      {
        key: 'prod/auc',
        type: 'METRIC_THRESHOLD',
        required: true,
        status: 'PASSED',
        summary: null,
        configuration: {},
        output: {},
        inputs: {},
        attempt: 1,
        startedAt: at,
        finishedAt: at,
        log: { lines: [], omitted: 0 },
        waivers: [],
      },
    ],
    approvals: [{ rule: 'prod/lead', need: 1, dryRun: false, named: [], counted: null }],
    decisions: [
      {
        verdict: 'APPROVE',
        reviewer: person('lead'),
        rules: ['prod/lead'],
        comment: 'measured',
        evidenceDigest: 'sha256:e',
        stale: false,
        decidedAt: at,
        endedAt: null,
        ending: null,
      },
    ],
    policies: [
      {
        name: 'prod',
        on: 'catalog prod',
        revision: 2,
        dryRun: false,
        text: { rules: {}, author: null, reason: 'stricter', createdAt: at },
      },
    ],
    statement: { keyId: 'k', predicateType: 'p', createdAt: at, envelope: {} },
    review: null,
    discussion: [],
    events: {
      checkpoint: 'note',
      treeSize: 1,
      rootHash: 'r',
      entries: [{ sequence: 1, entry: '{}', leafHash: 'h', proof: [] }],
      omitted: 0,
    },
    notShown: [],
  };
}

const stateOf = (item: string, change: (content: DossierContent) => void) => {
  const content = complete();
  change(content);
  return completenessOf(content).items.find((each) => each.item === item);
};
const version = (content: DossierContent) => content.version as NonNullable<DossierContent['version']>;
const training = (content: DossierContent) => content.training as NonNullable<DossierContent['training']>;
const without = (section: string) => (content: DossierContent) => {
  version(content).card.sections = version(content).card.sections.filter((name) => name !== section);
};

describe('completeness', () => {
  it('is 1 where nothing is missing', () => {
    const { score, present, applicable, items } = completenessOf(complete());
    expect(items.filter(({ state }) => !['PRESENT', 'NOT_APPLICABLE'].includes(state))).toEqual([]);
    expect([score, present]).toEqual([1, applicable]);
  });

  it.each<[item: string, change: (content: DossierContent) => void]>([
    ['DESCRIPTION', (content) => (version(content).description = ' ')],
    ['INTENDED_USE', without('intended use')],
    ['LIMITATIONS', without('limitations')],
    ['RISKS', without('risks')],
    ['HUMAN_OVERSIGHT', without('human oversight')],
    ['METRICS_EXPLAINED', without('metrics')],
    ['ARTIFACT_DIGEST', (content) => (version(content).artifact.digest = null)],
    ['SIGNATURE', (content) => (version(content).signature = null)],
    ['REQUIREMENTS', (content) => (version(content).requirements = [])],
    ['TRAINING_RUN', (content) => (content.training = null)],
    ['SOURCE_COMMIT', (content) => (training(content).sourceCommit = null)],
    ['TRAINING_DATA', (content) => (training(content).datasets[0]!.digest = '')],
    ['METRICS', (content) => (training(content).metrics = [])],
    ['PARAMS', (content) => (training(content).params = [])],
    ['JUSTIFICATION', (content) => (content.request.justification = '')],
    ['EVIDENCE', (content) => (content.evidence!.verified = false)],
    ['GATES', (content) => (content.gates[0]!.required = false)],
    ['GATES', (content) => (content.gates[0]!.status = 'ERRORED')],
    ['COMPARISON', (content) => (content.evidence!.content = { comparison: null })],
    ['POLICY_REASONS', (content) => (content.policies[0]!.text!.reason = null)],
    ['APPROVALS', (content) => (content.decisions[0]!.stale = true)],
    ['APPROVALS', (content) => (content.approvals[0]!.need = 2)],
    ['REASONS_OF_DECISIONS', (content) => (content.decisions[0]!.comment = null)],
    [
      'DISCUSSIONS_RESOLVED',
      (content) =>
        content.discussion.push({
          blocking: true,
          openedBy: person('x'),
          openedAt: at,
          resolvedBy: null,
          resolvedAt: null,
          comments: [],
        }),
    ],
    ['BREAK_GLASS_REVIEW', (content) => (content.request.kind = 'BREAK_GLASS')],
    ['STATEMENT', (content) => (content.statement = null)],
    ['AUDIT_EVENTS', (content) => (content.events!.entries[0]!.entry = null)],
  ])('misses %s, and says what to do', (item, change) => {
    expect(stateOf(item, change)).toMatchObject({ state: 'MISSING', todo: expect.stringMatching(/\w/) });
    const content = complete();
    change(content);
    const { score, present, applicable } = completenessOf(content);
    expect(score).toBeLessThan(1);
    expect(score).toBe(Math.round((present / applicable) * 1000) / 1000);
  });

  it.each<[item: string, change: (content: DossierContent) => void]>([
    ['EVIDENCE', (content) => (content.evidence = null)],
    ['COMPARISON', (content) => (content.evidence = null)],
    ['GATES', (content) => (content.gates[0]!.status = 'RUNNING')],
    ['APPROVALS', (content) => (content.decisions = [])],
    ['REASONS_OF_DECISIONS', (content) => (content.decisions = [])],
    ['STATEMENT', (content) => (content.statement = null)],
    ['AUDIT_EVENTS', (content) => (content.events!.entries[0]!.sequence = null)],
  ])('awaits %s of an open request, without counting it', (item, change) => {
    const open = (content: DossierContent) => {
      content.request.state = 'AWAITING_APPROVAL';
      change(content);
    };
    expect(stateOf(item, open)?.state).toBe('PENDING');
    const content = complete();
    open(content);
    expect(completenessOf(content).score).toBe(1);
  });

  it('asks nothing of what ended before it could come, or has no rule', () => {
    const rejected = (content: DossierContent) => {
      content.request.state = 'REJECTED';
      content.statement = null;
    };
    expect(stateOf('STATEMENT', rejected)?.state).toBe('NOT_APPLICABLE');
    expect(stateOf('COMPARISON', (content) => (content.request.incumbent = null))?.state).toBe('NOT_APPLICABLE');
    expect(stateOf('APPROVALS', (content) => (content.approvals = []))?.state).toBe('NOT_APPLICABLE');
    expect(stateOf('POLICY_REASONS', (content) => (content.policies[0]!.revision = 1))?.state).toBe('NOT_APPLICABLE');
  });

  it('says nothing of what is not shown, there or not', () => {
    const hidden = complete();
    hidden.version = null;
    hidden.notShown = [{ section: 'version', why: 'needs EXECUTE' }];
    const { items, score } = completenessOf(hidden);
    expect(items.find(({ item }) => item === 'DESCRIPTION')?.state).toBe('NOT_SHOWN');
    expect(score).toBe(1);
  });

  it('names headings that there are', () => {
    const known = new Set(headings.map(({ reference }) => reference));
    const unknown = completenessRules.flatMap((rule) => rule.headings.filter((reference) => !known.has(reference)));
    expect(unknown).toEqual([]);
    expect(new Set(headings.map(({ framework, reference }) => `${framework} ${reference}`)).size).toBe(headings.length);
    expect(headings.filter(({ sections, note }) => sections.length === 0 && note === null)).toEqual([]);
  });
});
