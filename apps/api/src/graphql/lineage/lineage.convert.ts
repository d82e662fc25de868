import { createHash } from 'node:crypto';
import {
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineagePaths,
  type LineagePoint,
  pointId,
} from '@app/lineage';
import { nodeId } from '@app/platform';
import { globalId } from '../schema/node.js';
import { runGlobalId } from '../tracking/tracking.types.js';
import type { LineageEdgeType, LineageGraphType, LineageNodeType, LineagePathsType } from './lineage.types.js';

function idOf({ kind, key }: LineagePoint): string {
  switch (kind) {
    case 'DATASET':
      return globalId('Dataset', key);
    case 'JOB':
      return globalId('Job', key);
    case 'RUN':
      return runGlobalId(key);
    case 'MODEL_VERSION':
      return globalId('ModelVersion', key);
    case 'CONSUMER':
      return globalId('Principal', key);
    case 'ENDPOINT':
      return globalId('ModelEndpoint', key);
    case 'EVALUATION':
      return globalId('GateRun', key);
    case 'LOGGED_MODEL':
      return nodeId('LoggedModel', key);
    case 'SOURCE_CODE':
      return nodeId('SourceCode', key);
    case 'HOLDOUT':
      return nodeId('Holdout', key);
  }
}

/** The id of a point in an answer, which tells nothing of what is redacted. */
type IdOf = (point: LineagePoint) => string;

function idsIn(nodes: readonly LineageNode[]): IdOf {
  const ids = new Map(
    nodes.map((node, index) => [pointId(node), node.redacted ? nodeId('Redacted', String(index)) : idOf(node)]),
  );
  return (point) => ids.get(pointId(point)) as string;
}

type Counts = (node: LineageNode, side: 'upstream' | 'downstream') => Promise<number>;

const toLineageNode =
  (id: IdOf, count: Counts) =>
  (source: LineageNode): LineageNodeType => ({
    source,
    id: id(source),
    kind: source.kind,
    displayName: source.name,
    reference: !source.redacted && ['RUN', 'LOGGED_MODEL'].includes(source.kind) ? source.key : null,
    depth: source.depth,
    redacted: source.redacted,
    get hiddenUpstreamCount() {
      return count(source, 'upstream');
    },
    get hiddenDownstreamCount() {
      return count(source, 'downstream');
    },
  });

function toLineageEdge(nodes: readonly LineageNode[], id: IdOf) {
  const redacted = new Set(nodes.filter((node) => node.redacted).map(pointId));
  return ({ source, target, kind, context, observedAt }: LineageEdge): LineageEdgeType => {
    const run = [source, target].find((end) => end.kind === 'RUN' && !redacted.has(pointId(end)));
    const ends = { source: id(source), target: id(target) };
    const named = createHash('sha256').update(`${kind} ${ends.source} ${ends.target}`).digest('base64url');
    return { id: nodeId('LineageEdge', named), ...ends, kind, context, observedAt, runId: run?.key ?? null };
  };
}

const countsOf =
  ({ hiddenCounts }: Pick<LineageGraph, 'hiddenCounts'>): Counts =>
  async (node, side) =>
    (await hiddenCounts()).get(pointId(node))?.[side] ?? 0;

export function toLineageGraph(graph: LineageGraph): LineageGraphType {
  const { nodes, edges, truncatedBy } = graph;
  const id = idsIn(nodes);
  const count = countsOf(graph);
  const shown = nodes.map(toLineageNode(id, count));
  return {
    root: shown[0] as LineageNodeType,
    nodes: shown,
    edges: edges.map(toLineageEdge(nodes, id)),
    isPartial: truncatedBy.length > 0,
    truncatedBy,
  };
}

export function toLineagePaths(found: LineagePaths): LineagePathsType {
  const count = countsOf(found);
  const paths = found.paths.map(({ nodes, edges }) => {
    const id = idsIn(nodes);
    return { nodes: nodes.map(toLineageNode(id, count)), edges: edges.map(toLineageEdge(nodes, id)) };
  });
  return { paths, isPartial: found.truncatedBy.length > 0, truncatedBy: found.truncatedBy };
}
