import type { Securable } from '@app/access';
import { Database } from '@app/platform';
import type { Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from 'sql-template-tag';
import { v7 as uuidv7 } from 'uuid';
import type { NewTransition } from './transition.js';

export interface TransitionOrigin {
  model: Pick<Securable, 'id' | 'fullName'>;
  actorId: string;
  promotionRequestId?: string | null;
  breakGlass?: boolean;
  reason?: string | null;
}

@Injectable()
export class TransitionRepository {
  constructor(private readonly db: Database) {}

  /**
   * Call under the lock of the model. The time is that of the write and later than that of every earlier transition of
   * the model: the start of the transaction would be wrong, when another one held the lock meanwhile.
   * @returns that time, which the events of these moves happened at too; undefined when there are none
   */
  async insertAll(
    { model, actorId, promotionRequestId, breakGlass, reason }: TransitionOrigin,
    moves: NewTransition[],
  ): Promise<Date | undefined> {
    if (moves.length === 0) return undefined;
    const rows = moves.map(({ target, versionNumber, replacedVersionNumber, fromStage, toStage }) => ({
      id: uuidv7(),
      target_kind: target.kind,
      target_name: target.name,
      version_number: versionNumber,
      replaced_version_number: replacedVersionNumber,
      from_stage: fromStage,
      to_stage: toStage,
    }));
    const written = await this.db.first<{ at: Date }>(sql`
      INSERT INTO stage_transitions (id, model_id, model_full_name, target_kind, target_name, version_number,
        replaced_version_number, from_stage, to_stage, promotion_request_id, break_glass, actor_id, reason, occurred_at)
      SELECT r.id, ${model.id}::uuid, ${model.fullName}, r.target_kind, r.target_name, r.version_number,
        r.replaced_version_number, r.from_stage, r.to_stage, ${promotionRequestId ?? null}::uuid, ${breakGlass ?? false}::boolean, ${actorId}::uuid,
        ${reason ?? null}, (
          SELECT GREATEST(clock_timestamp(), max(occurred_at) + interval '1 millisecond')
          FROM stage_transitions WHERE model_id = ${model.id}::uuid)
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id uuid, target_kind text, target_name text,
        version_number int, replaced_version_number int, from_stage text, to_stage text)
      RETURNING occurred_at AS at`);
    return written?.at;
  }

  /**
   * Which version held the target directly before the one that holds it now, or before nobody did.
   * @param holder the number of the version that holds it now
   */
  async previousHolder(modelId: string, target: Target, holder: number | null): Promise<number | undefined> {
    const row = await this.db.first<{ number: number | null }>(
      target.kind === 'ALIAS'
        ? previousOfAlias(modelId, target.name, holder)
        : previousInStage(modelId, target.name, holder),
    );
    return row?.number ?? undefined;
  }
}

const newest = sql`ORDER BY h.occurred_at DESC, h.id DESC LIMIT 1`;

const previousOfAlias = (modelId: string, alias: string, holder: number | null): Sql => sql`
  SELECT h.version_number AS number FROM stage_transitions h
  WHERE h.model_id = ${modelId}::uuid AND h.target_kind = 'ALIAS' AND lower(h.target_name) = lower(${alias})
    AND h.version_number <> COALESCE(${holder}::int4, 0) ${newest}`;

/** Whom the holder of the stage came in for; where it came in for nobody, who had left the stage last by then. */
const previousInStage = (modelId: string, stage: string, holder: number | null): Sql => sql`
  WITH moves AS (SELECT * FROM stage_transitions WHERE model_id = ${modelId}::uuid AND target_kind = 'STAGE'),
  entry AS (
    SELECT h.replaced_version_number, h.occurred_at FROM moves h
    WHERE h.to_stage = ${stage} AND h.version_number = ${holder}::int4 ${newest}
  )
  SELECT COALESCE((SELECT replaced_version_number FROM entry), (
    SELECT h.version_number FROM moves h
    WHERE h.from_stage = ${stage} AND h.version_number <> COALESCE(${holder}::int4, 0)
      AND h.occurred_at <= COALESCE((SELECT occurred_at FROM entry), 'infinity') ${newest})) AS number`;
