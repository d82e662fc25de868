import { isStatementTimeout, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { LineageReader, type Neighbour, type View, type Way } from './lineage.reader.js';
import {
  byPoint,
  type LineageEdge,
  type LineageNode,
  type LineagePoint,
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

/** How long all levels may take at once. What takes longer is walked level by level, and keeps those that it came to. */
const timeAtOnce = timeBudget / 2;

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
  /** When its time is over. */
  end: number;
  depth: number;
  shown: Map<string, LineageNode>;
  fronts: Front[];
  truncatedBy: Set<TruncationReason>;
}

/** A part of the graph; `nodes` by depth, then by kind and key. */
export interface Walked {
  nodes: LineageNode[];
  /** All among the nodes. */
  edges: LineageEdge[];
  truncatedBy: Set<TruncationReason>;
}

type Bounds = Omit<LineageWalk, 'kinds'>;

/** Walks in one statement for the root, one for each direction, and one for the edges. */
@Injectable()
export class LineageWalker {
  constructor(
    private readonly reader: LineageReader,
    private readonly transaction: Transaction,
  ) {}

  /**
   * It ends at what is redacted, where it has been before, and when its time is over.
   * @returns undefined when the root is absent or hidden
   */
  async walk(root: LineagePoint, bounds: Bounds): Promise<Walked | undefined> {
    const view = await this.reader.view(bounds.asOf);
    const end = performance.now() + timeBudget;
    const course: Course = { end, depth: 0, shown: new Map(), fronts: [], truncatedBy: new Set() };
    const { shown, truncatedBy } = course;
    const walked = (): Walked => ({ nodes: [...shown.values()].sort(inOrder), edges: [], truncatedBy });
    let done: Walked | undefined;
    const walk = (milliseconds: number, stride: number) =>
      this.withinBudget(milliseconds, async () => {
        if (shown.size === 0 && !(await this.begin(course, root, bounds, view))) return;
        await this.goOn(course, bounds, view, stride);
        done = await this.withEdges(walked(), view);
      });
    const inTime = (await walk(timeAtOnce, bounds.maxDepth + 1)) || (course.depth === 0 && (await walk(timeBudget, 1)));
    if (!inTime) truncatedBy.add('TIME_BUDGET');
    if (!inTime && shown.size > 0) done = await this.connected(walked(), view);
    if (done?.nodes.some(({ redacted }) => redacted)) truncatedBy.add('PERMISSION');
    return done;
  }

  /** Nodes that were found already, with the edges among them. */
  async connected(walked: Walked, view: View): Promise<Walked> {
    let done: Walked | undefined;
    const inTime = await this.withinBudget(timeBudget, async () => {
      done = await this.withEdges(walked, view);
    });
    if (!inTime) walked.truncatedBy.add('TIME_BUDGET');
    return done ?? walked;
  }

  private async begin(
    { shown, fronts }: Course,
    root: LineagePoint,
    { direction }: Bounds,
    view: View,
  ): Promise<boolean> {
    const found = await this.reader.point(root, view);
    if (!found) return false;
    const start = toNode(found, 0);
    shown.set(pointId(start), start);
    fronts.push(...waysOf[direction].map((way) => ({ way, at: [start], visited: [start] })));
    return true;
  }

  /** Level after level, and one look beyond the last. @param stride how many are asked for at once */
  private async goOn(course: Course, bounds: Bounds, view: View, stride: number): Promise<void> {
    const { fronts, truncatedBy } = course;
    const { maxDepth, maxNodes } = bounds;
    while (truncatedBy.size === 0 && course.depth <= maxDepth && fronts.some(({ at }) => at.length > 0)) {
      if (performance.now() > course.end) {
        truncatedBy.add('TIME_BUDGET');
        return;
      }
      const depth = Math.min(stride, maxDepth + 1 - course.depth);
      const near: Neighbour[][][] = [];
      for (const front of fronts) near.push(await this.reader.levels({ ...front, depth, maxNodes }, view));
      for (let level = 0; level < depth && truncatedBy.size === 0; level++) {
        const found = fronts.map((_, index) => near[index]?.[level] ?? []);
        advance(course, found, bounds);
      }
    }
  }

  private async withEdges({ nodes, truncatedBy }: Walked, view: View): Promise<Walked> {
    const visible = nodes.filter(({ redacted }) => !redacted);
    const redacted = nodes.filter((node) => node.redacted);
    const edges = await this.reader.edgesAmong(visible, redacted, view, mostEdges + 1);
    if (edges.length > mostEdges) truncatedBy.add('MAX_EDGES');
    return { nodes, edges: edges.slice(0, mostEdges), truncatedBy };
  }

  /** @returns whether it came to its end in time */
  private async withinBudget(milliseconds: number, work: () => Promise<void>): Promise<boolean> {
    try {
      await this.transaction.run(async () => {
        await this.reader.prepare(milliseconds);
        await work();
      });
      return true;
    } catch (error) {
      if (isStatementTimeout(error)) return false;
      throw error;
    }
  }
}

const inOrder = (one: LineageNode, other: LineageNode): number => one.depth - other.depth || byPoint(one, other);

const toNode = ({ kind, key, name, visible }: Neighbour, depth: number): LineageNode => ({
  kind,
  key,
  name,
  depth,
  redacted: !visible,
});

/** One level further. @param near of each front, what is next to where it stands. Behind the last level nothing is shown */
function advance(course: Course, near: readonly Neighbour[][], { maxDepth, maxNodes }: Bounds): void {
  const { shown, fronts, truncatedBy } = course;
  const depth = ++course.depth;
  if (depth > maxDepth) {
    if (near.flat().some((neighbour) => !shown.has(pointId(neighbour)))) truncatedBy.add('MAX_DEPTH');
    return;
  }
  for (const [index, front] of fronts.entries()) {
    if (!take(shown, front, near[index] ?? [], { depth, maxNodes })) truncatedBy.add('MAX_NODES');
  }
}

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
