import { Lineage, pointId, RunLineageReader } from '@app/lineage';
import { type LatestMetric, RunRecords, Runs } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import type { Dossier } from './dossier.schema.js';
import { isoInstant } from './people.js';

type TrainingPart = NonNullable<Dossier['training']>;
type LineagePart = NonNullable<Dossier['lineage']>;

const walk = { direction: 'UPSTREAM', maxDepth: 4, maxNodes: 100, asOf: null, kinds: null } as const;
const commitTag = 'mlflow.source.git.commit';

/** Where a version came from: its run, and what stands upstream of it, as far as the caller may see it. */
@Injectable()
export class OriginParts {
  constructor(
    private readonly inputs: RunLineageReader,
    private readonly lineage: Lineage,
    private readonly records: RunRecords,
    private readonly runs: Runs,
  ) {}

  /** null: the caller may not READ the experiment of the run, or the run is gone. */
  async training(runId: string): Promise<TrainingPart | null> {
    const [run] = await this.runs.byIds([runId]);
    if (!run) return null;
    const metrics = await this.records.latestMetricsOf([runId]);
    const params = await this.records.paramsOf([runId]);
    const tags = await this.records.tagsOf([runId]);
    const datasets = await this.inputs.datasetsOf([runId]);
    return {
      run: {
        id: run.id,
        name: run.name,
        status: run.status,
        user: run.userId,
        startedAt: new Date(run.startTime).toISOString(),
        endedAt: run.endTime === null ? null : isoInstant(new Date(run.endTime)),
      },
      sourceCommit: tags.find(({ key }) => key === commitTag)?.value ?? null,
      metrics: metrics.map(toMetric).sort((one, other) => (one.name < other.name ? -1 : 1)),
      params: params.map(({ key, value }) => ({ name: key, value })),
      datasets: datasets.map(({ dataset: { name, digest, sourceType, source }, context }) => ({
        name,
        digest,
        sourceType,
        source,
        context,
      })),
    };
  }

  /** What stands upstream of a version that the caller may see, four steps and a hundred nodes at most. */
  async upstream(versionId: string): Promise<LineagePart> {
    const graph = await this.lineage.graph({ kind: 'MODEL_VERSION', key: versionId }, walk);
    // A redacted node is known by its place in this answer only.
    const refs = new Map(graph.nodes.map((node, index) => [pointId(node), `n${index + 1}`]));
    return {
      nodes: graph.nodes.map((node) => ({
        ref: refs.get(pointId(node)) as string,
        kind: node.kind,
        name: node.redacted ? null : node.name,
        depth: node.depth,
      })),
      edges: graph.edges.flatMap(({ source, target, kind, context }) => {
        const [from, to] = [refs.get(pointId(source)), refs.get(pointId(target))];
        return from && to ? [{ source: from, target: to, kind, context }] : [];
      }),
      truncatedBy: graph.truncatedBy,
    };
  }
}

const toMetric = ({ key, value, step, datasetName, datasetDigest }: LatestMetric): TrainingPart['metrics'][number] => ({
  name: key,
  value: Number.isFinite(value) ? value : String(value),
  step,
  dataset: datasetName === null ? null : { name: datasetName, digest: datasetDigest },
});
