import { raw, type Sql } from 'sql-template-tag';
import type { LineageNodeKind } from './lineage-graph.js';

/** One end of a relation: the column that holds the keys of a kind. */
export interface End {
  kind: LineageNodeKind;
  column: string;
  type: 'text' | 'uuid';
  /** A condition that leads to an index, for a column that an index holds in part only. @param keys an expression, text[] */
  through?: (keys: Sql) => Sql;
}

/**
 * Edges that follow from one table. What is upstream stands at the source.
 *
 * A relation that is `named` is written on its target, for everybody who may see it: a version shows its run and its original,
 * a run the models that it read. Who wrote it could see the source. Where the viewer cannot, the source is redacted, and so it
 * is when it is gone: the two are told apart nowhere. The source of any other relation does not exist for who may not see it,
 * and neither does any target.
 */
export interface Relation {
  from: Sql;
  source: End;
  target: End;
  /** An expression. */
  edge: string;
  /** An expression, a timestamptz: when the service learned of it. What has no time of its own is as old as its target. */
  observedAt: string;
  /** An expression, a timestamptz: when it ended; null while it lasts. Of all other relations none ends. */
  endedAt?: string;
  where?: string;
  context?: string;
  named: boolean;
  /** The target was not made of the source: a nested run, a judgement, a consumer, an endpoint. What is wrong with one is not with the other. */
  isAside?: true;
}

export const run = (column: string): End => ({ kind: 'RUN', column, type: 'text' });
export const loggedModel = (column: string): End => ({ kind: 'LOGGED_MODEL', column, type: 'text' });
export const version = (column: string): End => ({ kind: 'MODEL_VERSION', column, type: 'uuid' });
export const dataset = (column: string): End => ({ kind: 'DATASET', column, type: 'uuid' });

/** Milliseconds that a client wrote as an instant: any whole number may stand there, and none makes a statement fail. */
export const instant = (milliseconds: string): string =>
  `to_timestamp(greatest(0, least(${milliseconds}, 253402300799000)) / 1000.0)`;

/** The statement of the edges of a relation. @param isShown with what an answer shows of them: there may be many that it does not */
export const columnsOf = ({ source, target, named, edge, context, observedAt }: Relation, isShown: boolean): Sql =>
  raw(`'${source.kind}'::text AS source_kind, ${source.column}::text AS source_key,
    '${target.kind}'::text AS target_kind, ${target.column}::text AS target_key, ${named} AS named${
      isShown ? `, ${edge}::text AS kind, ${context ?? 'NULL'}::text AS context, ${observedAt} AS observed_at` : ''
    }`);
