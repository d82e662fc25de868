import { raw, type Sql } from 'sql-template-tag';
import type { PromotionRequest } from './promotion-request.js';

const columns: Record<keyof PromotionRequest, string> = {
  id: 'r.id',
  number: 'r.number',
  kind: 'r.kind',
  modelId: 'r.model_id',
  modelFullName: 'r.model_full_name',
  versionId: 'r.version_id',
  versionNumber: 'r.version_number',
  target: `jsonb_build_object('kind', r.target_kind, 'name', r.target_name)`,
  state: 'r.state',
  stateReason: 'r.state_reason',
  requesterId: 'r.requester_id',
  justification: 'r.justification',
  incumbentVersionId: 'r.incumbent_version_id',
  incumbentVersionNumber: 'r.incumbent_version_number',
  artifactDigest: 'r.artifact_digest',
  effectivePolicy: 'r.effective_policy',
  round: 'r.round',
  evidence: 'r.evidence',
  evidenceDigest: 'r.evidence_digest',
  supersededByNumber: 'r.superseded_by_number',
  createdAt: 'r.created_at',
  updatedAt: 'r.updated_at',
  expiresAt: 'r.expires_at',
  approvedAt: 'r.approved_at',
  applyAfter: 'r.apply_after',
  closedAt: 'r.closed_at',
};

/** A PromotionRequest from the row `r` of promotion_requests. */
export const requestColumns: Sql = raw(
  Object.entries(columns)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', '),
);
