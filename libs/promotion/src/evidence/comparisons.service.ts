import { type ModelVersion, ModelVersions, VersionRecords } from '@app/registry';
import { RunRecords } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import type { PromotionRequest } from '../promotion-request.js';
import { type ComparedContent, type Comparison, compareVersions, directionsOf } from './comparison.js';

/** A version, as a caller names it. */
export interface VersionRef {
  model: string;
  number: number;
}

/** Versions held against each other. What is compared stands in PostgreSQL; no file is read. */
@Injectable()
export class Comparisons {
  constructor(
    private readonly records: VersionRecords,
    private readonly runs: RunRecords,
    private readonly versions: ModelVersions,
  ) {}

  /**
   * Any two versions. Needs EXECUTE on the models of both.
   * @throws NotFound, PermissionDenied, InvalidArgument
   */
  async compare(base: VersionRef, head: VersionRef): Promise<Comparison> {
    const { id: baseId } = await this.versions.get(base.model, base.number);
    const { id: headId } = await this.versions.get(head.model, head.number);
    const [one, other] = await this.contentOf([baseId, headId]);
    // Both were there a moment ago: who looks again is told which is gone.
    if (!one || !other) return this.compare(base, head);
    return compareVersions(one, other);
  }

  /**
   * The candidate of a request and its incumbent, by the directions that its gates give. Asks no right: it becomes a part
   * of the evidence.
   * @returns null when nobody held the target, or the incumbent was deleted since
   */
  async ofRequest(
    request: Pick<PromotionRequest, 'versionId' | 'incumbentVersionId' | 'effectivePolicy'>,
  ): Promise<Comparison | null> {
    const { versionId, incumbentVersionId, effectivePolicy } = request;
    if (incumbentVersionId === null) return null;
    const [base, head] = await this.contentOf([incumbentVersionId, versionId]);
    return base && head ? compareVersions(base, head, directionsOf(effectivePolicy.gates)) : null;
  }

  /** In the order of the ids. A constant number of statements. */
  private async contentOf(ids: readonly [string, string]): Promise<(ComparedContent | undefined)[]> {
    const versions = await this.records.byIds(ids);
    const files = await this.records.filesOf(ids);
    const runIds = versions.flatMap(({ runId }) => runId ?? []);
    const [metrics, params, lineages] = [
      await this.runs.latestMetricsOf(runIds),
      await this.runs.paramsOf(runIds),
      await this.runs.lineageOf(runIds),
    ];
    const contentOf = (version: ModelVersion): ComparedContent => {
      const ofRun = ({ runId }: { runId: string }) => runId === version.runId;
      return {
        ...version,
        files: files.filter(({ versionId }) => versionId === version.id),
        metrics: metrics.filter(ofRun),
        params: params.filter(ofRun),
        lineage: lineages.find(ofRun),
      };
    };
    return ids
      .map((id) => versions.find((version) => version.id === id))
      .map((version) => version && contentOf(version));
  }
}
