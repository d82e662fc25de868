import { byPoint, type LineageEdge, type LineageNode, type LineageNodeKind, pointId } from './lineage-graph.js';

interface Graph {
  nodes: LineageNode[];
  edges: LineageEdge[];
}

/**
 * The graph with the root and the nodes of the given kinds alone. Where a way leads from one of them to another through nodes
 * that are left out, and no edge does, an edge INDIRECT stands for it, as old as the newest edge of the way that is the oldest
 * so.
 */
export function ofKinds({ nodes, edges }: Graph, kinds: readonly LineageNodeKind[]): Graph {
  const shown = nodes.filter(({ kind, depth }) => depth === 0 || kinds.includes(kind));
  const ids = new Set(shown.map(pointId));
  const from = bySource(edges);
  const direct = edges.filter(({ source, target }) => ids.has(pointId(source)) && ids.has(pointId(target)));
  const indirect = shown.flatMap((source) => {
    const known = new Set((from.get(pointId(source)) ?? []).map(({ target }) => pointId(target)));
    return [...waysThrough(source, from, ids)]
      .filter(([id]) => !known.has(id) && id !== pointId(source))
      .map(([, { target, observedAt }]): LineageEdge => {
        const { kind, key } = source;
        return { source: { kind, key }, target, kind: 'INDIRECT', context: null, observedAt };
      });
  });
  return { nodes: shown, edges: [...direct, ...indirect].sort(inOrder) };
}

/** Of each shown node that is reached from one through others that are not shown, the edge that leads there, and since when. */
function waysThrough(
  source: LineageNode,
  from: ReadonlyMap<string, LineageEdge[]>,
  shown: ReadonlySet<string>,
): Map<string, LineageEdge> {
  const since = new Map<string, number>();
  const reached = new Map<string, LineageEdge>();
  const waiting = (from.get(pointId(source)) ?? []).filter(({ target }) => !shown.has(pointId(target)));
  for (let step = waiting.shift(); step; step = waiting.shift()) {
    const at = pointId(step.target);
    const time = step.observedAt.getTime();
    if (time >= (since.get(at) ?? Number.POSITIVE_INFINITY)) continue;
    since.set(at, time);
    for (const edge of from.get(at) ?? []) {
      const id = pointId(edge.target);
      const next = { ...edge, observedAt: new Date(Math.max(time, edge.observedAt.getTime())) };
      if (!shown.has(id)) waiting.push(next);
      else if (next.observedAt < (reached.get(id)?.observedAt ?? Number.POSITIVE_INFINITY)) reached.set(id, next);
    }
  }
  return reached;
}

function bySource(edges: readonly LineageEdge[]): Map<string, LineageEdge[]> {
  const from = new Map<string, LineageEdge[]>();
  for (const edge of edges) {
    const id = pointId(edge.source);
    const known = from.get(id);
    if (known) known.push(edge);
    else from.set(id, [edge]);
  }
  return from;
}

const inOrder = (one: LineageEdge, other: LineageEdge): number =>
  byPoint(one.source, other.source) || byPoint(one.target, other.target) || (one.kind < other.kind ? -1 : 1);
