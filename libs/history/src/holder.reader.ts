import { Database, keysetPage, type Page, type PageArgs } from '@app/platform';
import type { Target } from '@app/policy';
import { Injectable } from '@nestjs/common';
import sql, { empty, type Sql } from 'sql-template-tag';
import type { Holder } from './holder.js';

type Row = Omit<Holder, 'target'> & { kind: Target['kind']; name: string };

const toHolder = ({ kind, name, ...rest }: Row): Holder => ({ ...rest, target: { kind, name } as Target });

/** Who held what, from the transitions: they are kept for ever, and are in the order of their instants for each model. */
@Injectable()
export class HolderReader {
  constructor(private readonly db: Database) {}

  /** Every holding of a model at that time: aliases by name, then stages, a version in it each. */
  page(modelId: string, at: Date, args: PageArgs): Promise<Page<Holder>> {
    return keysetPage<Row, Holder>(this.db, {
      select: columns,
      from: holdersOf(modelId, at),
      where: sql`TRUE`,
      orderName: 'TARGET',
      order: [
        { expression: sql`h.target_kind`, type: 'text', direction: 'ASC' },
        { expression: sql`lower(h.target_name)`, type: 'text', direction: 'ASC' },
        { expression: sql`h.version_number`, type: 'int8', direction: 'ASC' },
      ],
      args,
      toNode: toHolder,
    });
  }

  async count(modelId: string, at: Date): Promise<number> {
    const row = await this.db.first<{ count: number }>(sql`SELECT count(*) AS count FROM ${holdersOf(modelId, at)}`);
    return row?.count ?? 0;
  }

  /** Of a stage with several versions the one with the highest number. */
  async holder(modelId: string, { kind, name }: Target, at: Date): Promise<Holder | undefined> {
    const only = kind === 'ALIAS' ? sql`AND t.target_kind = 'ALIAS' AND lower(t.target_name) = lower(${name})` : empty;
    const row = await this.db.first<Row>(sql`SELECT ${columns} FROM ${holdersOf(modelId, at, only)}
      WHERE h.target_kind = ${kind} AND lower(h.target_name) = lower(${name}) ORDER BY h.version_number DESC LIMIT 1`);
    return row && toHolder(row);
  }
}

/** The last word on each alias, and on each version's stage. A move back to None, or a deletion, ends a holding. */
const holdersOf = (modelId: string, at: Date, only = empty): Sql => sql`(
  SELECT * FROM (
    SELECT DISTINCT ON (target_kind, subject) * FROM (
      SELECT t.*, CASE t.target_kind WHEN 'ALIAS' THEN lower(t.target_name)
        ELSE COALESCE(t.version_number, t.replaced_version_number)::text END AS subject
      FROM stage_transitions t WHERE t.model_id = ${modelId}::uuid AND t.occurred_at <= ${at}::timestamptz ${only}) moves
    ORDER BY target_kind, subject, occurred_at DESC, id DESC) newest
  WHERE version_number IS NOT NULL AND to_stage IS DISTINCT FROM 'None') h`;

const columns = sql`h.target_kind AS kind, h.target_name AS name, h.version_number AS "versionNumber",
  (SELECT v.id FROM model_versions v WHERE v.model_id = h.model_id AND v.number = h.version_number) AS "versionId",
  h.occurred_at AS since, h.id AS "transitionId",
  (SELECT e.id FROM audit_events e
    WHERE e.securable_id = h.model_id AND e.occurred_at = h.occurred_at AND e.outcome = 'ALLOWED'
      AND CASE h.target_kind
        WHEN 'ALIAS' THEN e.action = 'model_alias.set' AND e.after ->> 'alias' = h.target_name
        ELSE e.action = 'model_version.stage_transitioned'
          AND e.object_name = h.model_full_name || '/' || h.version_number END
    LIMIT 1) AS "eventId"`;
