import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { ClosedPromotion } from './promotion-event.js';

/** One event has room for them. */
const mostData = 900;

/** What events tell of promotion requests. It asks no rights: where events go is for who runs the service to say. */
@Injectable()
export class PromotionEventReader {
  constructor(private readonly db: Database) {}

  /** @returns undefined for one that is open, or gone */
  closed(requestId: string): Promise<ClosedPromotion | undefined> {
    return this.db.first(sql`
      SELECT r.id, r.number, r.kind, r.model_full_name AS "modelFullName", r.version_number AS "versionNumber",
        r.target_kind AS "targetKind", r.target_name AS "targetName", r.state, r.artifact_digest AS "artifactDigest",
        r.evidence_digest AS "evidenceDigest", r.created_at AS "createdAt", r.closed_at AS "closedAt",
        (SELECT p.name FROM principals p WHERE p.id = r.requester_id) AS requester,
        ARRAY(SELECT p.name FROM decisions d JOIN principals p ON p.id = d.principal_id
          WHERE d.request_id = r.id AND d.verdict = 'APPROVE' AND d.ended_at IS NULL AND d.evidence_digest = r.evidence_digest
          ORDER BY p.name) AS approvers,
        COALESCE((SELECT json_agg(json_build_object('name', p.name, 'revision', v.revision) ORDER BY p.name, p.id)
          FROM promotion_request_policies o JOIN policy_revisions v ON v.id = o.revision_id JOIN policies p ON p.id = v.policy_id
          WHERE o.request_id = r.id), '[]') AS policies,
        ARRAY(SELECT DISTINCT d.location FROM model_versions v JOIN run_inputs i ON i.run_id = v.run_id
          JOIN datasets d ON d.id = i.dataset_id
          WHERE v.id = r.version_id AND d.location IS NOT NULL ORDER BY 1 LIMIT ${mostData}) AS data
      FROM promotion_requests r WHERE r.id = ${requestId}::uuid AND r.closed_at IS NOT NULL`);
  }
}
