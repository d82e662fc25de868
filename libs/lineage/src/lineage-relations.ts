import sql, { join, raw, type Sql } from 'sql-template-tag';
import { type LineageNodeKind, type LineagePoint, lineageNodeKinds } from './lineage-graph.js';

/** One end of a relation: the column that holds the keys of a kind. */
interface End {
  kind: LineageNodeKind;
  column: string;
  type: 'text' | 'uuid';
  /** Conditions that lead to an index, for a column that an index holds in part only. */
  through?: (keys: readonly string[]) => Sql;
}

/**
 * Edges that follow from one table. What is upstream stands at the source.
 *
 * A relation that is `named` is written on its target, for everybody who may see it: a version shows its run and its original,
 * a run the models that it read. Who wrote it could see the source. Where the viewer cannot, the source is redacted, and so it
 * is when it is gone: the two are told apart nowhere. The source of any other relation does not exist for who may not see it,
 * and neither does any target.
 */
interface Relation {
  from: Sql;
  source: End;
  target: End;
  /** An expression. */
  edge: string;
  where?: string;
  context?: string;
  named: boolean;
}

const run = (column: string): End => ({ kind: 'RUN', column, type: 'text' });
const loggedModel = (column: string): End => ({ kind: 'LOGGED_MODEL', column, type: 'text' });
const version = (column: string): End => ({ kind: 'MODEL_VERSION', column, type: 'uuid' });

/** A value of a run's tags. Both conditions of the index (its expression, its keys) must be in the statement, as they are there. */
const tagValue = (kind: LineageNodeKind): End => ({
  kind,
  column: 't.value',
  type: 'text',
  through: (keys) => sql`left(t.value, 64) = ANY(${keys.map((key) => [...key].slice(0, 64).join(''))}::text[])`,
});

/** Autologging names the model that a run has made as its input too, beside the data that it was trained on. */
const isNoOutput = `i.direction = 'INPUT'
  AND NOT EXISTS (SELECT 1 FROM run_models o WHERE o.run_id = i.run_id AND o.model_id = i.model_id AND o.direction = 'OUTPUT')
  AND NOT EXISTS (SELECT 1 FROM logged_models m WHERE m.id = i.model_id AND m.source_run_id = i.run_id)`;

/** A run that read a model and made one has trained it further; one that made none has evaluated it, or predicted with it. */
const ofInput = `CASE WHEN EXISTS (SELECT 1 FROM run_models o WHERE o.run_id = i.run_id AND o.direction = 'OUTPUT')
  OR EXISTS (SELECT 1 FROM logged_models m WHERE m.source_run_id = i.run_id) THEN 'TRAINED_FROM' ELSE 'MODEL_INPUT' END`;

const training: Relation[] = [
  {
    from: sql`model_versions v`,
    source: run('v.run_id'),
    target: version('v.id'),
    edge: `'REGISTERED'`,
    named: true,
  },
  {
    from: sql`model_versions v`,
    source: loggedModel('v.logged_model_id'),
    target: version('v.id'),
    edge: `'REGISTERED'`,
    named: true,
  },
  {
    from: sql`model_versions v`,
    source: version('v.copied_from_id'),
    target: version('v.id'),
    edge: `'COPIED'`,
    named: true,
  },
  {
    from: sql`logged_models m`,
    source: run('m.source_run_id'),
    target: loggedModel('m.id'),
    edge: `'OUTPUT'`,
    named: true,
  },
  {
    from: sql`run_models o`,
    source: run('o.run_id'),
    target: loggedModel('o.model_id'),
    edge: `'OUTPUT'`,
    where: `o.direction = 'OUTPUT'`,
    named: true,
  },
  {
    from: sql`run_inputs i`,
    source: { kind: 'DATASET', column: 'i.dataset_id', type: 'uuid' },
    target: run('i.run_id'),
    edge: `'DATASET_INPUT'`,
    context: `(SELECT t ->> 'value' FROM jsonb_array_elements(i.tags) AS t WHERE t ->> 'key' = 'mlflow.data.context' LIMIT 1)`,
    named: true,
  },
  {
    from: sql`run_models i`,
    source: loggedModel('i.model_id'),
    target: run('i.run_id'),
    edge: ofInput,
    where: isNoOutput,
    named: true,
  },
  // The versions that were registered from the model that a run has read.
  {
    from: sql`run_models i JOIN model_versions v ON v.logged_model_id = i.model_id`,
    source: version('v.id'),
    target: run('i.run_id'),
    edge: ofInput,
    where: isNoOutput,
    named: false,
  },
  // A tag is what its writer likes: it names no run that the reader could not see himself.
  {
    from: sql`run_tags t`,
    source: tagValue('RUN'),
    target: run('t.run_id'),
    edge: `'PARENT'`,
    where: `t.key = 'mlflow.parentRunId' AND t.value <> t.run_id`,
    named: false,
  },
  {
    from: sql`run_tags t`,
    source: tagValue('SOURCE_CODE'),
    target: run('t.run_id'),
    edge: `'SOURCE_CODE'`,
    where: `t.key = 'mlflow.source.git.commit' AND t.value <> ''`,
    named: true,
  },
];

/** @param mayNameConsumers a predicate over the row `s` of securables: of a model whose consumers the viewer may know */
const consumption = (mayNameConsumers: Sql): Relation => ({
  from: sql`model_version_consumers c JOIN securables s ON s.id = c.model_id AND ${mayNameConsumers}`,
  source: version('c.version_id'),
  target: { kind: 'CONSUMER', column: 'c.principal_id', type: 'uuid' },
  edge: `'CONSUMED'`,
  named: false,
});

const keysOf = (points: readonly LineagePoint[], wanted: LineageNodeKind): string[] =>
  points.filter(({ kind }) => kind === wanted).map(({ key }) => key);

/**
 * The edges at the given points, as rows of source_kind, source_key, target_kind, target_key, named: those that lead to them, or
 * those that lead away from them. Kind and context are worked out for those that are shown: there may be many that are not.
 */
export function edgesAt(
  points: readonly LineagePoint[],
  direction: 'UPSTREAM' | 'DOWNSTREAM',
  { mayNameConsumers, isShown }: { mayNameConsumers: Sql; isShown: boolean },
): Sql {
  const keys = new Map(lineageNodeKinds.map((kind) => [kind, keysOf(points, kind)]));
  const selects = [...training, consumption(mayNameConsumers)]
    .map((relation) => ({ ...relation, anchor: direction === 'UPSTREAM' ? relation.target : relation.source }))
    .filter(({ anchor }) => keys.get(anchor.kind)?.length)
    .map(({ from, source, target, edge, where, context, named, anchor }) => {
      const asked = keys.get(anchor.kind) as string[];
      const through = anchor.through ? sql` AND ${anchor.through(asked)}` : sql``;
      return sql`SELECT ${raw(`'${source.kind}'::text AS source_kind, ${source.column}::text AS source_key,
          '${target.kind}'::text AS target_kind, ${target.column}::text AS target_key, ${named} AS named`)}${raw(isShown ? `, ${edge}::text AS kind, ${context ?? 'NULL'}::text AS context` : '')}
        FROM ${from}
        WHERE ${raw(anchor.column)} = ANY(${asked}::${raw(anchor.type)}[])${through}
          AND ${raw(source.column)} IS NOT NULL${raw(where ? ` AND ${where}` : '')}`;
    });
  return selects.length > 0 ? join(selects, ' UNION ') : nothing;
}

const nothing = sql`SELECT NULL::text AS source_kind, NULL::text AS source_key, NULL::text AS target_kind, NULL::text AS target_key,
  FALSE AS named, NULL::text AS kind, NULL::text AS context WHERE FALSE`;
