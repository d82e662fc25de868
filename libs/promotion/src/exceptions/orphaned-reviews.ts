import { Access, METASTORE_ID, type Refusal, type Securable, SecurableRepository } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { requestColumns } from '../promotion-request.columns.js';
import type { PromotionRequest } from '../promotion-request.js';

/** Where a model stood, as the row `gone`: the last event about it, its deletion, says so. For the row `r` of promotion_requests. */
export const formerPlace: Sql = sql`LATERAL (
  SELECT r.model_id AS id, e.schema_id, e.catalog_id, NULL::uuid AS owner_id FROM audit_events e
  WHERE e.securable_id = r.model_id
  ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1) gone`;

/** A promotion past the policy, and its model as the audit trail names it. */
export interface ReviewedPromotion {
  request: PromotionRequest;
  model: Refusal['object'];
}

/**
 * Reviews of promotions past the policy whose model was deleted since: deleting it is no way out of the review. The right to
 * review is the one that the model's schema and catalog still give; where the catalog is gone too, it is MANAGE on the metastore.
 */
@Injectable()
export class OrphanedReviews {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
    private readonly securables: SecurableRepository,
  ) {}

  /** A predicate over the row `gone` (formerPlace): where the caller may review. */
  async where(): Promise<Sql> {
    const approves = await this.access.where('APPROVE_PROMOTION', 'REGISTERED_MODEL', 'gone');
    const managesAll = await this.access.allowed('MANAGE', await this.metastore());
    return sql`(${approves} OR ${managesAll}::boolean
      AND NOT EXISTS (SELECT 1 FROM securables c WHERE c.id = gone.catalog_id))`;
  }

  /** The request of a review that lost its model, when the caller may review it. In one statement, whatever there is. */
  async reviewable(number: number): Promise<ReviewedPromotion | undefined> {
    const row = await this.db.first<PromotionRequest & { schemaId: string; catalogId: string }>(sql`
      SELECT ${requestColumns}, gone.schema_id AS "schemaId", gone.catalog_id AS "catalogId"
      FROM promotion_requests r CROSS JOIN ${formerPlace}
      WHERE r.number = ${number}::int8 AND r.kind = 'BREAK_GLASS'
        AND NOT EXISTS (SELECT 1 FROM securables s WHERE s.id = r.model_id) AND ${await this.where()}`);
    if (!row) return undefined;
    const { schemaId, catalogId, ...request } = row;
    const { modelId: id, modelFullName: fullName } = request;
    return { request, model: { kind: 'REGISTERED_MODEL', id, fullName, schemaId, catalogId } };
  }

  private async metastore(): Promise<Securable> {
    const metastore = await this.securables.byId(METASTORE_ID);
    if (!metastore) throw new Error('the metastore is gone');
    return metastore;
  }
}
