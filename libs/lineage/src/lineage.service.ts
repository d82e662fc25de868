import { InvalidArgument, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { LineageReader } from './lineage.reader.js';
import {
  checkedWalk,
  checkInstant,
  type HiddenCounts,
  type LineageGraph,
  type LineageNode,
  type LineageRoot,
  type LineageWalk,
  mostEdges,
  mostNodes,
  pointId,
} from './lineage-graph.js';
import { ofKinds } from './lineage-kinds.js';
import { checkPaths, type LineagePaths, type PathsAsked, pathOf, waysBetween } from './lineage-paths.js';
import { LineageWalker, type Walked } from './lineage-walker.js';

const nounOf: Record<LineageRoot['kind'], string> = {
  DATASET: 'Dataset',
  ENDPOINT: 'Model endpoint',
  EVALUATION: 'Gate run',
  JOB: 'Job',
  RUN: 'Run',
  MODEL_VERSION: 'Model version',
};

/**
 * The lineage graph, as far as the caller may see it (lineage-relations.ts). It is read from what the registry, the tracking
 * store and the gates know.
 */
@Injectable()
export class Lineage {
  constructor(
    private readonly reader: LineageReader,
    private readonly walker: LineageWalker,
  ) {}

  /**
   * Walks from a version, a run, a job, a dataset, a gate run or an endpoint, level by level. It ends at what is redacted, and where it has
   * been before.
   * @throws NotFound for the root; InvalidArgument for bounds that are too wide, no kinds, an instant that is still to come
   */
  async graph(root: LineageRoot, walk: LineageWalk): Promise<LineageGraph> {
    const { asOf, kinds } = checkedWalk(walk);
    const walked = await this.walk(root, walk);
    const { nodes, truncatedBy } = walked;
    const graph = kinds ? ofKinds(walked, kinds) : walked;
    if (graph.edges.length > mostEdges) truncatedBy.add('MAX_EDGES');
    return {
      nodes: graph.nodes,
      edges: graph.edges.slice(0, mostEdges),
      truncatedBy: [...truncatedBy].sort(),
      hiddenCounts: this.lazyCounts(nodes, asOf),
    };
  }

  /**
   * The ways that lead downstream from one node to another, as far as the caller may see them: none leads past what is redacted.
   * Half of each is looked for from one end, half from the other.
   * @throws NotFound for either end; InvalidArgument for bounds that are too wide, one node twice, an instant that is still to come
   */
  async paths(from: LineageRoot, to: LineageRoot, asked: PathsAsked): Promise<LineagePaths> {
    const { maxDepth, asOf } = asked;
    checkPaths(asked);
    checkInstant(asOf);
    if (pointId(from) === pointId(to)) throw new InvalidArgument('to: is the same as from: name two nodes', ['to']);
    const half = { maxNodes: mostNodes, asOf };
    const ahead = await this.walk(from, { ...half, direction: 'DOWNSTREAM', maxDepth: Math.ceil(maxDepth / 2) });
    const back = await this.walk(to, { ...half, direction: 'UPSTREAM', maxDepth: Math.floor(maxDepth / 2) });
    const nodes = new Map([...ahead.nodes, ...back.nodes].map((node) => [pointId(node), node]));
    const reasons = new Set([...ahead.truncatedBy, ...back.truncatedBy]);
    // A longer way is cut off on both sides.
    if (!ahead.truncatedBy.has('MAX_DEPTH') || !back.truncatedBy.has('MAX_DEPTH')) reasons.delete('MAX_DEPTH');
    const walked = { nodes: [...nodes.values()], edges: [], truncatedBy: reasons };
    const { edges } = await this.walker.connected(walked, await this.reader.view(asOf));
    const { ways, truncatedBy } = waysBetween(edges, [from, to], asked);
    if (truncatedBy) reasons.add(truncatedBy);
    const paths = ways.map((way) => pathOf(way, nodes, edges));
    const shown = new Map(paths.flatMap((path) => path.nodes.map((node) => [pointId(node), node])));
    const hiddenCounts = this.lazyCounts([...shown.values()], asOf);
    return { paths, truncatedBy: [...reasons].sort(), hiddenCounts };
  }

  private async walk(root: LineageRoot, bounds: Omit<LineageWalk, 'kinds'>): Promise<Walked> {
    const walked = await this.walker.walk(root, bounds);
    if (!walked) throw new NotFound(nounOf[root.kind], root.key);
    return walked;
  }

  private lazyCounts(walked: readonly LineageNode[], asOf: Date | null) {
    let counts: Promise<Map<string, HiddenCounts>> | undefined;
    return () => {
      counts ??= this.counts(walked, asOf);
      return counts;
    };
  }

  private async counts(walked: readonly LineageNode[], asOf: Date | null) {
    const visible = walked.filter(({ redacted }) => !redacted);
    const view = await this.reader.view(asOf);
    const [upstream, downstream] = await Promise.all([
      this.reader.countsBeside(visible, 'UPSTREAM', walked, view),
      this.reader.countsBeside(visible, 'DOWNSTREAM', walked, view),
    ]);
    const ofNode = (id: string) => ({ upstream: upstream.get(id) ?? 0, downstream: downstream.get(id) ?? 0 });
    return new Map(walked.map((node) => [pointId(node), ofNode(pointId(node))]));
  }
}
