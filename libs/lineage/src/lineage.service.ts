import { NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { LineageReader, type Neighbour, type Way } from './lineage.reader.js';
import {
  byPoint,
  checkedWalk,
  type HiddenCounts,
  type LineageGraph,
  type LineageNode,
  type LineageRoot,
  type LineageWalk,
  mostEdges,
  pointId,
  type TruncationReason,
} from './lineage-graph.js';

const nounOf: Record<LineageRoot['kind'], string> = { DATASET: 'Dataset', RUN: 'Run', MODEL_VERSION: 'Model version' };

const waysOf: Record<LineageWalk['direction'], Way[]> = {
  UPSTREAM: ['UPSTREAM'],
  DOWNSTREAM: ['DOWNSTREAM'],
  BOTH: ['UPSTREAM', 'DOWNSTREAM'],
};

/** One way of a walk: it never turns round. */
interface Front {
  way: Way;
  /** Where it goes on from. */
  at: LineageNode[];
  /** Where it has been. */
  visited: LineageNode[];
}

/**
 * The lineage graph, as far as the caller may see it (lineage-relations.ts). It is read from what the registry and the tracking
 * store know: one statement for each level of a walk in each direction, and one for the edges.
 */
@Injectable()
export class Lineage {
  constructor(private readonly reader: LineageReader) {}

  /**
   * Walks from a version, a run or a dataset, level by level. It ends at what is redacted, and where it has been before.
   * @throws NotFound for the root; InvalidArgument for bounds that are too wide
   */
  async graph(root: LineageRoot, walk: LineageWalk): Promise<LineageGraph> {
    const { direction, maxDepth, maxNodes } = checkedWalk(walk);
    const found = await this.reader.point(root);
    if (!found) throw new NotFound(nounOf[root.kind], root.key);
    const start = toNode(found, 0);
    const shown = new Map<string, LineageNode>([[pointId(start), start]]);
    const truncatedBy = new Set<TruncationReason>();
    let fronts: Front[] = waysOf[direction].map((way) => ({ way, at: [start], visited: [start] }));
    for (let depth = 1; depth <= maxDepth && fronts.length > 0 && !truncatedBy.has('MAX_NODES'); depth++) {
      for (const front of fronts) {
        const near = await this.reader.neighbours(front.at, front.way, front.visited, maxNodes + 1);
        if (!take(shown, front, near, { depth, maxNodes })) truncatedBy.add('MAX_NODES');
      }
      fronts = fronts.filter(({ at }) => at.length > 0);
    }
    const nodes = [...shown.values()].sort((one, other) => one.depth - other.depth || byPoint(one, other));
    for (const { way, at } of truncatedBy.has('MAX_NODES') ? [] : fronts) {
      if ((await this.reader.neighbours(at, way, nodes, 1)).length > 0) truncatedBy.add('MAX_DEPTH');
    }
    const visible = nodes.filter(({ redacted }) => !redacted);
    const redacted = nodes.filter((node) => node.redacted);
    if (redacted.length > 0) truncatedBy.add('PERMISSION');
    const edges = await this.reader.edgesAmong(visible, redacted, mostEdges + 1);
    if (edges.length > mostEdges) truncatedBy.add('MAX_EDGES');
    let counts: Promise<Map<string, HiddenCounts>> | undefined;
    return {
      nodes,
      edges: edges.slice(0, mostEdges),
      truncatedBy: [...truncatedBy].sort(),
      hiddenCounts: () => {
        counts ??= this.counts(visible, nodes);
        return counts;
      },
    };
  }

  private async counts(visible: readonly LineageNode[], shown: readonly LineageNode[]) {
    const [upstream, downstream] = await Promise.all([
      this.reader.countsBeside(visible, 'UPSTREAM', shown),
      this.reader.countsBeside(visible, 'DOWNSTREAM', shown),
    ]);
    const ofNode = (id: string) => ({ upstream: upstream.get(id) ?? 0, downstream: downstream.get(id) ?? 0 });
    return new Map(shown.map((node) => [pointId(node), ofNode(pointId(node))]));
  }
}

const toNode = ({ kind, key, name, visible }: Neighbour, depth: number): LineageNode => ({
  kind,
  key,
  name,
  depth,
  redacted: !visible,
});

/** Moves a front on to its next level. @returns false when there was no room for all of it */
function take(
  shown: Map<string, LineageNode>,
  front: Front,
  near: readonly Neighbour[],
  { depth, maxNodes }: { depth: number; maxNodes: number },
): boolean {
  const reached: LineageNode[] = [];
  for (const neighbour of near) {
    const id = pointId(neighbour);
    const node = shown.get(id) ?? toNode(neighbour, depth);
    if (!shown.has(id)) {
      if (shown.size >= maxNodes) return false;
      shown.set(id, node);
    }
    reached.push(node);
  }
  front.visited.push(...reached);
  front.at = reached.filter(({ redacted }) => !redacted);
  return true;
}
