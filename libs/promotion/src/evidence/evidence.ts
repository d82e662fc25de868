import { createHash } from 'node:crypto';
import type { GateRun } from '@app/gates';
import { canonicalJson } from '@app/platform';
import type { PromotionRequest } from '../promotion-request.js';
import type { Comparison } from './comparison.js';

/**
 * What the reviewers are shown (domain.md, section 5). It holds no times and no ids of runs, so that gates that ran
 * again with the same result leave the decisions as they are.
 */
export function evidenceOf(
  request: PromotionRequest,
  gateRuns: readonly GateRun[],
  comparison: Comparison | null,
): { evidence: Record<string, unknown>; digest: string } {
  const { kind, modelFullName, versionNumber, target, artifactDigest, incumbentVersionNumber, effectivePolicy } =
    request;
  const evidence = {
    kind,
    model: modelFullName,
    version: versionNumber,
    target: { kind: target.kind, name: target.name },
    artifactDigest,
    incumbent: incumbentVersionNumber,
    comparison,
    policies: effectivePolicy.policies.map(({ name, on, revision, revisionId, dryRun }) => ({
      name,
      on,
      revision,
      revisionId,
      dryRun,
    })),
    gates: gateRuns
      .map(({ key, type, required, status, summary, output, inputs }) => ({
        key,
        type,
        required,
        status,
        summary,
        output,
        inputs,
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
  return { evidence, digest: digestOfEvidence(evidence) };
}

/** What a decision names of the evidence that the reviewer saw. */
export const digestOfEvidence = (evidence: Record<string, unknown>): string =>
  `sha256:${createHash('sha256').update(canonicalJson(evidence)).digest('hex')}`;

/** The comparison with the incumbent as the reviewers are shown it; null while there is no evidence, and without an incumbent. */
export const comparisonOf = ({ evidence }: Pick<PromotionRequest, 'evidence'>): Comparison | null =>
  (evidence?.comparison as Comparison | undefined) ?? null;
