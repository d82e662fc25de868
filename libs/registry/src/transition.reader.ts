import { Access, type Securable, SecurableRepository } from '@app/access';
import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import type { Stage, Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { raw } from 'sql-template-tag';
import type { Transition } from './transition.js';

interface Row extends Omit<Transition, 'target'> {
  targetKind: Target['kind'];
  targetName: string;
}

const columns = raw(`h.id, h.model_id AS "modelId", h.model_full_name AS "modelFullName", h.target_kind AS "targetKind",
  h.target_name AS "targetName", h.version_number AS "versionNumber", h.replaced_version_number AS "replacedVersionNumber",
  h.from_stage AS "fromStage", h.to_stage AS "toStage", h.promotion_request_id AS "promotionRequestId", h.break_glass AS "breakGlass",
  h.actor_id AS "actorId", h.reason, h.occurred_at AS "occurredAt"`);

const toTransition = ({ targetKind, targetName, ...rest }: Row): Transition => ({
  ...rest,
  target:
    targetKind === 'STAGE' ? { kind: targetKind, name: targetName as Stage } : { kind: targetKind, name: targetName },
});

/** Who held what, when, and by which promotion. */
@Injectable()
export class TransitionReader {
  constructor(
    private readonly db: Database,
    private readonly access: Access,
    private readonly securables: SecurableRepository,
  ) {}

  /**
   * The moves of a model, newest first. Needs EXECUTE on it, or READ_AUDIT.
   * @throws NotFound, PermissionDenied
   */
  async page(fullName: string, args: PageArgs): Promise<Page<Transition>> {
    const model = await this.readable(fullName);
    return keysetPage<Row, Transition>(this.db, {
      select: columns,
      from: sql`stage_transitions h`,
      where: sql`h.model_id = ${model.id}::uuid`,
      orderName: 'NEWEST',
      order: [
        { expression: sql`h.occurred_at`, type: 'timestamptz', direction: 'DESC' },
        { expression: sql`h.id`, type: 'uuid', direction: 'DESC' },
      ],
      args,
      toNode: toTransition,
    });
  }

  /** What a promotion request moved. Asks no rights: its caller has shown the request. */
  async ofPromotionRequests(requestIds: readonly string[]): Promise<Transition[]> {
    const rows = await this.db.query<Row>(sql`
      SELECT ${columns} FROM stage_transitions h
      WHERE h.promotion_request_id = ANY(${requestIds}::uuid[]) ORDER BY h.occurred_at, h.id`);
    return rows.map(toTransition);
  }

  /** @throws NotFound, PermissionDenied */
  async count(fullName: string): Promise<number> {
    const { id } = await this.readable(fullName);
    const row = await this.db.first<{ count: number }>(
      sql`SELECT count(*) AS count FROM stage_transitions WHERE model_id = ${id}::uuid`,
    );
    return row?.count ?? 0;
  }

  private async readable(fullName: string): Promise<Securable> {
    const found = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    if (found && (await this.access.allowed('READ_AUDIT', found))) return found;
    return (await this.access.authorize('EXECUTE', found, 'REGISTERED_MODEL', fullName)).object;
  }
}
