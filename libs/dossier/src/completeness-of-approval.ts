import { isClosed } from '@app/promotion';
import type { CompletenessRule } from './completeness-rule.js';
import type { DossierContent } from './dossier.schema.js';

const isApplied = ({ request }: DossierContent): boolean => request.state === 'APPLIED';
const isPastPolicy = ({ request }: DossierContent): boolean => request.kind === 'BREAK_GLASS';

/** There, or still to come while the request is open; of one that ended without being applied it is not asked. */
function inTime(content: DossierContent, present: boolean) {
  if (present) return 'PRESENT';
  if (!isClosed(content.request.state)) return 'PENDING';
  return isApplied(content) ? 'MISSING' : 'NOT_APPLICABLE';
}

const standing = ({ decisions }: DossierContent) => decisions.filter(({ endedAt }) => endedAt === null);

/** What must be known of the promotion. Most of it only comes with time. */
export const approvalRules: readonly CompletenessRule[] = [
  {
    item: 'JUSTIFICATION',
    section: 'request',
    headings: ['Governance and controls', 'A.6.2.5'],
    todo: 'open the request with a justification',
    state: ({ request }) => (request.justification.trim() === '' ? 'MISSING' : 'PRESENT'),
  },
  {
    item: 'EVIDENCE',
    section: 'evidence',
    headings: ['Annex IV, 2(g)', 'Validation', 'A.6.2.4'],
    todo: 'the evidence is absent, or is not what its digest was computed from: find out who changed it',
    state: (content) => {
      if (content.evidence) return content.evidence.verified ? 'PRESENT' : 'MISSING';
      return inTime(content, false);
    },
  },
  {
    item: 'GATES',
    section: 'gates',
    headings: ['Annex IV, 2(g)', 'Validation', 'A.6.2.4'],
    todo: 'no required gate has judged the version, or one was not passed: add gates to the policy, or repair the version',
    state: (content) => {
      const required = content.gates.filter((gate) => gate.required);
      const open = required.some(({ status }) => status === 'QUEUED' || status === 'RUNNING');
      if (open) return inTime(content, false);
      const judged = required.some(({ status }) => status === 'PASSED');
      return judged && required.every(({ status }) => status === 'PASSED' || status === 'WAIVED')
        ? 'PRESENT'
        : 'MISSING';
    },
  },
  {
    item: 'COMPARISON',
    section: 'evidence',
    headings: ['Annex IV, 6', 'Validation'],
    todo: 'the version was not held against the one that it replaces: run the gates again',
    state: (content) => {
      if (content.request.incumbent === null) return 'NOT_APPLICABLE';
      const compared = (content.evidence?.content as { comparison?: unknown } | undefined)?.comparison;
      return content.evidence ? (compared == null ? 'MISSING' : 'PRESENT') : inTime(content, false);
    },
  },
  {
    item: 'POLICY_REASONS',
    section: 'policies',
    headings: ['Governance and controls', 'A.6.2.2'],
    todo: 'give a reason with each change of a policy',
    state: ({ policies }) => {
      const revised = policies.filter(({ revision }) => revision > 1);
      if (revised.length === 0) return 'NOT_APPLICABLE';
      return revised.every(({ text }) => (text?.reason?.trim() ?? '') !== '') ? 'PRESENT' : 'MISSING';
    },
  },
  {
    item: 'APPROVALS',
    section: 'decisions',
    headings: ['Article 14', 'Effective challenge', 'A.10.2'],
    todo: 'fewer people have approved this evidence than the rules have places',
    state: (content) => {
      const places = content.approvals.filter(({ dryRun }) => !dryRun).reduce((sum, { need }) => sum + need, 0);
      if (places === 0 || isPastPolicy(content)) return 'NOT_APPLICABLE';
      const approved = standing(content).filter(({ verdict, stale }) => verdict === 'APPROVE' && !stale);
      return inTime(content, new Set(approved.map(({ reviewer }) => reviewer.id)).size >= places);
    },
  },
  {
    item: 'REASONS_OF_DECISIONS',
    section: 'decisions',
    headings: ['Article 14', 'Effective challenge'],
    todo: 'a decision stands without a comment: ask reviewers to say why they approve',
    state: (content) => {
      const decisions = standing(content);
      if (decisions.length === 0) return isPastPolicy(content) ? 'NOT_APPLICABLE' : inTime(content, false);
      return decisions.every(({ comment }) => (comment?.trim() ?? '') !== '') ? 'PRESENT' : 'MISSING';
    },
  },
  {
    item: 'DISCUSSIONS_RESOLVED',
    section: 'discussion',
    headings: ['Effective challenge'],
    todo: 'resolve the discussions that block the request',
    state: ({ discussion }) => {
      const blocking = discussion.filter((thread) => thread.blocking);
      if (blocking.length === 0) return 'NOT_APPLICABLE';
      return blocking.every(({ resolvedAt }) => resolvedAt !== null) ? 'PRESENT' : 'MISSING';
    },
  },
  {
    item: 'BREAK_GLASS_REVIEW',
    section: 'review',
    headings: ['Article 14', 'Governance and controls'],
    todo: 'somebody else than who promoted closes the review, and says what was found',
    state: (content) => {
      if (!isPastPolicy(content)) return 'NOT_APPLICABLE';
      return content.review?.closedAt ? 'PRESENT' : 'MISSING';
    },
  },
  {
    item: 'STATEMENT',
    section: 'statement',
    headings: ['Annex IV, 2(g)', 'Implementation and use', 'A.6.2.5'],
    todo: 'the promotion was applied before statements were signed: there is none',
    state: (content) => inTime(content, content.statement !== null),
  },
  {
    item: 'AUDIT_EVENTS',
    section: 'events',
    headings: ['Article 12', 'Article 19', 'A.6.2.8'],
    todo: 'events of the request are not kept any more, or are not those that were sealed',
    state: ({ events }) => {
      const entries = events?.entries ?? [];
      if (entries.some(({ sequence, entry }) => sequence !== null && entry === null)) return 'MISSING';
      if (entries.some(({ sequence }) => sequence === null) || events?.checkpoint === null) return 'PENDING';
      return entries.length > 0 ? 'PRESENT' : 'MISSING';
    },
  },
];
