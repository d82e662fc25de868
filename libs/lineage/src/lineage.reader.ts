import { Access } from '@app/access';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { edgesAt, keysOf } from './lineage-edges.js';
import {
  type LineageEdge,
  type LineageEdgeKind,
  type LineageNodeKind,
  type LineagePoint,
  lineageNodeKinds,
  pointId,
} from './lineage-graph.js';
import type { Relation } from './lineage-relation.js';
import { relationsFor } from './lineage-relations.js';

export type Way = 'UPSTREAM' | 'DOWNSTREAM';

/** A point next to others. */
export interface Neighbour extends LineagePoint {
  name: string | null;
  /** false: the viewer may not see it, or it is gone. */
  visible: boolean;
}

/** What somebody sees of the graph, and of which moment. */
export interface View {
  /** Of a row with `details`. */
  isVisible: Sql;
  relations: readonly Relation[];
  asOf: Date | null;
}

/** Where a walk stands, and how far it goes on from there. */
export interface Stretch {
  way: Way;
  at: readonly LineagePoint[];
  /** Where it has been. */
  visited: readonly LineagePoint[];
  /** How many levels. */
  depth: number;
  /** It ends at the level with which there are more. */
  maxNodes: number;
}

interface EdgeRow {
  sourceKind: LineageNodeKind;
  sourceKey: string;
  targetKind: LineageNodeKind;
  targetKey: string;
  kind: LineageEdgeKind;
  context: string | null;
  observedAt: Date;
}

const ids = (points: readonly LineagePoint[]): string[] => points.map(pointId);
const uuidOf = (kind: LineageNodeKind): string => `CASE WHEN n.kind = '${kind}' THEN n.key::uuid END`;

/**
 * Edges and nodes as the caller may see them: each question is one statement, whatever the number of points. What stands in
 * an experiment needs READ there, a version and where it is served EXECUTE on its model, consumers MANAGE or READ_AUDIT.
 */
@Injectable()
export class LineageReader {
  constructor(
    private readonly access: Access,
    private readonly db: Database,
  ) {}

  /**
   * For the running transaction: each statement ends after so many milliseconds, and is planned once, which takes longer than to run
   * it.
   */
  async prepare(milliseconds: number): Promise<void> {
    await this.db.query(sql`
      SELECT set_config('statement_timeout', ${String(milliseconds)}, TRUE),
        set_config('plan_cache_mode', 'force_generic_plan', TRUE)`);
  }

  /** As the caller sees it. Ask before a transaction begins: within one, rights are read anew each time. */
  async view(asOf: Date | null): Promise<View> {
    const readable = await this.access.where('READ', 'EXPERIMENT', 's');
    const executable = await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's');
    const owned = await this.access.where('MANAGE', 'REGISTERED_MODEL', 's');
    const audited = await this.access.where('READ_AUDIT', 'REGISTERED_MODEL', 's');
    const isVisible = sql`COALESCE(n.kind IN ('SOURCE_CODE', 'HOLDOUT') OR p.id IS NOT NULL OR (e.id IS NOT NULL AND ${readable})
      OR ((v.id IS NOT NULL OR x.id IS NOT NULL) AND ${executable}), FALSE)`;
    return { isVisible, relations: relationsFor(sql`(${owned} OR ${audited})`), asOf };
  }

  /** A point itself; undefined when it is absent or hidden. */
  async point({ kind, key }: LineagePoint, view: View): Promise<Neighbour | undefined> {
    const one = sql`SELECT ${kind}::text AS kind, ${key}::text AS key, FALSE AS named`;
    const [found] = await this.db.queryPrepared<Neighbour>(described(one, view));
    return found;
  }

  /**
   * What is next to where a walk stands, what is next to that, and so on, in one statement: for each level what is on none before
   * it, by kind and key, and at most one more than may be shown. It ends where nothing is found. Each round of the recursion is one
   * level, in one row, so that it is bounded and in order, and looks at no point twice.
   */
  async levels({ way, at, visited, depth, maxNodes }: Stretch, view: View): Promise<Neighbour[][]> {
    // One level needs the tables of the given kinds alone: it has an answer when another table does not.
    const isAsked = (kind: LineageNodeKind) => depth > 1 || at.some((point) => point.kind === kind);
    const keys = (kind: LineageNodeKind) => (isAsked(kind) ? raw(`front."${kind}"`) : undefined);
    const next = sql`SELECT * FROM (SELECT ${far(way)}, bool_or(e.named) AS named
        FROM (${edgesAt(keys, { ...view, direction: way })}) AS e GROUP BY 1, 2) AS n
      WHERE NOT EXISTS (SELECT FROM unnest(w.visited) AS known(id) WHERE known.id = ${pointIdOf})`;
    const start = at.map(({ kind, key }) => ({ kind, key, visible: true }));
    const rows = await this.db.queryPrepared<{ found: Neighbour[] }>(sql`
      WITH RECURSIVE walk(depth, found, visited) AS (
        SELECT 0, ${JSON.stringify(start)}::json, ${ids(visited)}::text[]
        UNION ALL
        SELECT w.depth + 1, level.found, w.visited || level.ids
        FROM walk w
          CROSS JOIN LATERAL (SELECT ${frontColumns} FROM json_to_recordset(w.found) AS n(kind text, key text, visible bool)
            WHERE n.visible) AS front
          CROSS JOIN LATERAL (SELECT json_agg(n) AS found, array_agg(${pointIdOf}) AS ids
            FROM (${described(next, view, way)} LIMIT ${maxNodes + 1}) AS n) AS level
        WHERE w.depth < ${depth}::int4 AND cardinality(w.visited) <= ${maxNodes}::int4 AND level.found IS NOT NULL)
      SELECT found FROM walk WHERE depth > 0 ORDER BY depth`);
    return rows.map(({ found }) => found);
  }

  /** All edges among the shown points, without those that lead to a redacted one. */
  async edgesAmong(
    visible: readonly LineagePoint[],
    redacted: readonly LineagePoint[],
    view: View,
    limit: number,
  ): Promise<LineageEdge[]> {
    const rows = await this.db.queryPrepared<EdgeRow>(sql`
      SELECT e.source_kind AS "sourceKind", e.source_key AS "sourceKey", e.target_kind AS "targetKind",
        e.target_key AS "targetKey", e.kind, min(e.context) AS context,
        min(e.observed_at) AS "observedAt"
      FROM (${edgesAt(keysOf(visible), { ...view, direction: 'UPSTREAM', isShown: true })}) AS e
      WHERE ${isIn(ids(visible), source)} OR (e.named AND ${isIn(ids(redacted), source)})
      GROUP BY 1, 2, 3, 4, 5
      ORDER BY (e.source_kind || ':' || e.source_key) COLLATE "C", (e.target_kind || ':' || e.target_key) COLLATE "C", e.kind
      LIMIT ${limit}`);
    return rows.map(({ sourceKind, sourceKey, targetKind, targetKey, ...rest }) => ({
      source: { kind: sourceKind, key: sourceKey },
      target: { kind: targetKind, key: targetKey },
      ...rest,
    }));
  }

  /** Of each point the number of its neighbours on one side, without those that are shown. */
  async countsBeside(
    points: readonly LineagePoint[],
    way: Way,
    shown: readonly LineagePoint[],
    view: View,
  ): Promise<Map<string, number>> {
    const rows = await this.db.query<{ id: string; count: number }>(sql`
      WITH edges AS (${edgesAt(keysOf(points), { ...view, direction: way })}),
      near AS MATERIALIZED (SELECT DISTINCT ${far(way)} FROM edges e
        WHERE ${isNotIn(ids(shown), raw(`${side(way)}_kind || ':' || ${side(way)}_key`))}),
      seen AS (SELECT n.kind, n.key, ${view.isVisible} AS visible FROM near n ${details})
      SELECT ${raw(`e.${side(opposite[way])}_kind || ':' || e.${side(opposite[way])}_key`)} AS id,
        count(DISTINCT (n.kind, n.key)) AS count
      FROM edges e JOIN seen n ON n.kind = ${raw(`e.${side(way)}_kind`)} AND n.key = ${raw(`e.${side(way)}_key`)}
      WHERE n.visible${orNamed(way, 'e')}
      GROUP BY 1`);
    return new Map(rows.map(({ id, count }) => [id, count]));
  }
}

/** By a hash table, which an array is not: there may be a thousand of them, and many more rows. */
const isIn = (texts: readonly string[], expression: Sql): Sql =>
  sql`${expression} IN (SELECT unnest(${texts}::text[]))`;
const isNotIn = (texts: readonly string[], expression: Sql): Sql =>
  sql`${expression} NOT IN (SELECT unnest(${texts}::text[]))`;
const pointIdOf = raw(`n.kind || ':' || n.key`);
const source = raw(`e.source_kind || ':' || e.source_key`);

const opposite: Record<Way, Way> = { UPSTREAM: 'DOWNSTREAM', DOWNSTREAM: 'UPSTREAM' };
/** Where the neighbours stand that lie that way. */
const side = (way: Way): string => (way === 'UPSTREAM' ? 'source' : 'target');
const far = (way: Way): Sql => raw(`e.${side(way)}_kind AS kind, e.${side(way)}_key AS key`);
const orNamed = (way: Way | undefined, row: 'n' | 'e'): Sql => raw(way === 'UPSTREAM' ? ` OR ${row}.named` : '');

/** What stands behind a row `n` of a kind and a key. A logged model that was deleted does not exist. */
const behind: readonly (readonly [table: string, alias: string, condition: string])[] = [
  ['runs', 'r', `r.id = CASE WHEN n.kind = 'RUN' THEN n.key END`],
  ['logged_models', 'm', `m.id = CASE WHEN n.kind = 'LOGGED_MODEL' THEN n.key END AND m.lifecycle_stage = 'active'`],
  ['datasets', 'd', `d.id = ${uuidOf('DATASET')}`],
  ['jobs', 'j', `j.id = ${uuidOf('JOB')}`],
  ['gate_runs', 'g', `g.id = ${uuidOf('EVALUATION')}`],
  ['model_versions', 'v', `v.id = COALESCE(g.version_id, ${uuidOf('MODEL_VERSION')})`],
  ['principals', 'p', `p.id = ${uuidOf('CONSUMER')}`],
  ['model_endpoints', 'x', `x.id = ${uuidOf('ENDPOINT')}`],
  ['experiments', 'e', 'e.id = COALESCE(r.experiment_id, m.experiment_id, d.experiment_id, j.experiment_id)'],
  ['securables', 's', 's.id = COALESCE(e.securable_id, v.model_id, x.model_id)'],
];

/** For many rows at once. */
const details = raw(behind.map(([table, alias, condition]) => `LEFT JOIN ${table} ${alias} ON ${condition}`).join(' '));

/** For each row by itself, as within a lateral join: PostgreSQL would read a whole table for each, and does not behind OFFSET. */
export const detailsOfEach = raw(
  behind
    .map(([table, alias, condition]) => {
      const found = `SELECT * FROM ${table} ${alias} WHERE ${condition} OFFSET 0`;
      return `LEFT JOIN LATERAL (${found}) AS ${alias} ON TRUE`;
    })
    .join(' '),
);

const nameOf = sql`CASE n.kind WHEN 'RUN' THEN r.name WHEN 'LOGGED_MODEL' THEN m.name WHEN 'DATASET' THEN d.name
  WHEN 'MODEL_VERSION' THEN s.full_name || '/' || v.number WHEN 'EVALUATION' THEN g.key WHEN 'JOB' THEN j.name
  WHEN 'CONSUMER' THEN p.name WHEN 'ENDPOINT' THEN x.name ELSE n.key END`;

/** The keys of rows `n`, in one array for each kind. */
const frontColumns = raw(
  lineageNodeKinds.map((kind) => `array_agg(n.key) FILTER (WHERE n.kind = '${kind}') AS "${kind}"`).join(', '),
);

/** Rows of kind, key and named as neighbours, in order. @param way where they stand: upstream also what is named is shown */
const described = (near: Sql, { isVisible }: View, way?: Way): Sql => sql`
  SELECT n.kind, n.key, n.visible, CASE WHEN n.visible THEN n.name END AS name
  FROM (SELECT n.kind, n.key, n.named, ${isVisible} AS visible, ${nameOf} AS name FROM (${near}) AS n ${detailsOfEach}) AS n
  WHERE n.visible${orNamed(way, 'n')} ORDER BY n.kind COLLATE "C", n.key COLLATE "C"`;
