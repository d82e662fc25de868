import { isStatementTimeout, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { LineageReader, type Neighbour, type Way } from './lineage.reader.js';
import {
  byPoint,
  type LineageEdge,
  type LineageNode,
  type LineageWalk,
  mostEdges,
  pointId,
  type TruncationReason,
} from './lineage-graph.js';

const waysOf: Record<LineageWalk['direction'], Way[]> = {
  UPSTREAM: ['UPSTREAM'],
  DOWNSTREAM: ['DOWNSTREAM'],
  BOTH: ['UPSTREAM', 'DOWNSTREAM'],
};

/** Milliseconds after which no level is begun, and after which PostgreSQL ends a statement. */
const timeBudget = 2000;

/** One way of a walk: it never turns round. */
interface Front {
  way: Way;
  /** Where it goes on from. */
  at: LineageNode[];
  /** Where it has been. */
  visited: LineageNode[];
}

/** What a walk has come to, so far. */
interface Course {
  shown: Map<string, LineageNode>;
  fronts: Front[];
  truncatedBy: Set<TruncationReason>;
}

/** Where a walk has been: by depth, then by kind and key. */
export interface Walked {
  nodes: LineageNode[];
  truncatedBy: Set<TruncationReason>;
}

type Bounds = Omit<LineageWalk, 'kinds'>;

/** Walks level by level: one statement for each level in each direction, one look beyond, and one for the edges. */
@Injectable()
export class LineageWalker {
  constructor(
    private readonly reader: LineageReader,
    private readonly transaction: Transaction,
  ) {}

  /** It ends at what is redacted, where it has been before, and when its time is over. */
  async walk(start: LineageNode, bounds: Bounds): Promise<Walked> {
    const fronts = waysOf[bounds.direction].map((way) => ({ way, at: [start], visited: [start] }));
    const course: Course = { shown: new Map([[pointId(start), start]]), fronts, truncatedBy: new Set() };
    await this.withinBudget(course.truncatedBy, async () => {
      await this.levels(course, bounds);
      await this.lookBeyond(course, bounds);
    });
    const nodes = [...course.shown.values()].sort((one, other) => one.depth - other.depth || byPoint(one, other));
    if (nodes.some(({ redacted }) => redacted)) course.truncatedBy.add('PERMISSION');
    return { nodes, truncatedBy: course.truncatedBy };
  }

  /** All edges among nodes, in order. What is missing is noted in `truncatedBy`. */
  async edgesAmong({ nodes, truncatedBy }: Walked, asOf: Date | null): Promise<LineageEdge[]> {
    let edges: LineageEdge[] = [];
    await this.withinBudget(truncatedBy, async () => {
      const visible = nodes.filter(({ redacted }) => !redacted);
      const redacted = nodes.filter((node) => node.redacted);
      edges = await this.reader.edgesAmong(visible, redacted, { asOf, limit: mostEdges + 1 });
    });
    if (edges.length > mostEdges) truncatedBy.add('MAX_EDGES');
    return edges.slice(0, mostEdges);
  }

  private async levels(course: Course, { maxDepth, maxNodes, asOf }: Bounds): Promise<void> {
    const { shown, truncatedBy } = course;
    const end = performance.now() + timeBudget;
    for (let depth = 1; depth <= maxDepth && course.fronts.length > 0 && truncatedBy.size === 0; depth++) {
      for (const front of course.fronts) {
        const near = await this.reader.neighbours(front.at, front.way, front.visited, { asOf, limit: maxNodes + 1 });
        if (!take(shown, front, near, { depth, maxNodes })) truncatedBy.add('MAX_NODES');
      }
      course.fronts = course.fronts.filter(({ at }) => at.length > 0);
      if (performance.now() > end && course.fronts.length > 0) truncatedBy.add('TIME_BUDGET');
    }
  }

  /** Is there more behind the last level? */
  private async lookBeyond({ shown, fronts, truncatedBy }: Course, { asOf }: Bounds): Promise<void> {
    if (truncatedBy.size > 0) return;
    const known = [...shown.values()];
    for (const { way, at } of fronts) {
      if ((await this.reader.neighbours(at, way, known, { asOf, limit: 1 })).length > 0) truncatedBy.add('MAX_DEPTH');
    }
  }

  private async withinBudget(truncatedBy: Set<TruncationReason>, work: () => Promise<void>): Promise<void> {
    try {
      await this.transaction.run(async () => {
        await this.reader.limitStatements(timeBudget);
        await work();
      });
    } catch (error) {
      if (!isStatementTimeout(error)) throw error;
      truncatedBy.add('TIME_BUDGET');
    }
  }
}

export const toNode = ({ kind, key, name, visible }: Neighbour, depth: number): LineageNode => ({
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
