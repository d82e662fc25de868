import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { LineageNodeKind, LineagePoint } from './lineage-graph.js';
import { columnsOf, type Relation } from './lineage-relation.js';

export interface EdgesAsked {
  relations: readonly Relation[];
  direction: 'UPSTREAM' | 'DOWNSTREAM';
  /** Kind, context and time are worked out for those that are shown: there may be many that are not. */
  isShown?: boolean;
  /** Only what had been observed by then, and had not ended; null: now. */
  asOf: Date | null;
}

/** The keys of the points of a kind, an expression, text[]; undefined when there are none. */
export type KeysOf = (kind: LineageNodeKind) => Sql | undefined;

/** The keys of given points. */
export function keysOf(points: readonly LineagePoint[]): KeysOf {
  return (kind) => {
    const keys = points.filter((point) => point.kind === kind).map(({ key }) => key);
    return keys.length > 0 ? sql`${keys}::text[]` : undefined;
  };
}

/**
 * The edges at points, as rows of source_kind, source_key, target_kind, target_key, named: those that lead to them, or
 * those that lead away from them. An edge may come more than once.
 */
export function edgesAt(keys: KeysOf, { relations, direction, isShown = false, asOf }: EdgesAsked): Sql {
  const selects = relations.flatMap((relation) => {
    const anchor = direction === 'UPSTREAM' ? relation.target : relation.source;
    const asked = keys(anchor.kind);
    if (!asked) return [];
    const through = anchor.through ? sql` AND ${anchor.through(asked)}` : sql``;
    return sql`SELECT ${columnsOf(relation, isShown)} FROM ${relation.from}
      WHERE ${raw(anchor.column)} = ANY(${asked}::${raw(anchor.type)}[])${through}${holds(relation)}${lasts(relation, asOf)}`;
  });
  return selects.length > 0 ? join(selects, ' UNION ALL ') : nothing;
}

/** What was made of a row `w` of a kind and a key, as rows of kind and key: for a lateral join. */
export function madeOf(relations: readonly Relation[]): Sql {
  const selects = relations
    .filter(({ isAside }) => !isAside)
    .map((relation) => {
      const { from, source, target } = relation;
      const key = raw(`CASE WHEN w.kind = '${source.kind}' THEN w.key END`);
      const through = source.through ? sql` AND ${source.through(sql`ARRAY[${key}]`)}` : sql``;
      return sql`SELECT ${raw(`'${target.kind}'::text AS kind, ${target.column}::text AS key`)} FROM ${from}
        WHERE ${raw(`w.kind = '${source.kind}' AND ${source.column}`)} = (${key})::${raw(source.type)}${through}${holds(relation)}`;
    });
  return join(selects, ' UNION ALL ');
}

const holds = ({ source, where }: Relation): Sql =>
  raw(` AND ${source.column} IS NOT NULL${where ? ` AND ${where}` : ''}`);

/** Was it observed by then, and does it not have an end before? */
function lasts({ observedAt, endedAt }: Relation, asOf: Date | null): Sql {
  if (!asOf) return endedAt ? raw(` AND ${endedAt} IS NULL`) : empty;
  const until = sql` AND ${raw(observedAt)} <= ${asOf}::timestamptz`;
  return endedAt ? sql`${until} AND COALESCE(${raw(endedAt)} > ${asOf}::timestamptz, TRUE)` : until;
}

const nothing = sql`SELECT NULL::text AS source_kind, NULL::text AS source_key, NULL::text AS target_kind, NULL::text AS target_key,
  FALSE AS named, NULL::text AS kind, NULL::text AS context, NULL::timestamptz AS observed_at WHERE FALSE`;
