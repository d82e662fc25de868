import { NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { LineageReader } from './lineage.reader.js';
import {
  checkedWalk,
  type HiddenCounts,
  type LineageGraph,
  type LineageNode,
  type LineageRoot,
  type LineageWalk,
  mostEdges,
  pointId,
} from './lineage-graph.js';
import { ofKinds } from './lineage-kinds.js';
import { LineageWalker } from './lineage-walker.js';

const nounOf: Record<LineageRoot['kind'], string> = {
  DATASET: 'Dataset',
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
   * Walks from a version, a run, a job or a dataset, level by level. It ends at what is redacted, and where it has been before.
   * @throws NotFound for the root; InvalidArgument for bounds that are too wide, no kinds, an instant that is still to come
   */
  async graph(root: LineageRoot, walk: LineageWalk): Promise<LineageGraph> {
    const { asOf, kinds } = checkedWalk(walk);
    const walked = await this.walker.walk(root, walk);
    if (!walked) throw new NotFound(nounOf[root.kind], root.key);
    const { nodes, truncatedBy } = walked;
    const graph = kinds ? ofKinds(walked, kinds) : walked;
    if (graph.edges.length > mostEdges) truncatedBy.add('MAX_EDGES');
    let counts: Promise<Map<string, HiddenCounts>> | undefined;
    return {
      nodes: graph.nodes,
      edges: graph.edges.slice(0, mostEdges),
      truncatedBy: [...truncatedBy].sort(),
      hiddenCounts: () => {
        counts ??= this.counts(nodes, asOf);
        return counts;
      },
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
