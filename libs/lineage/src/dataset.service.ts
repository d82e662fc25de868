import { Access } from '@app/access';
import type { Page, PageArgs } from '@app/platform';
import { VersionRecords, type VersionSummary } from '@app/registry';
import { type Run, Runs } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import type { LineageDataset } from './dataset.js';
import { LineageDatasetReader } from './dataset.reader.js';
import { DatasetImpactReader, type ImpactFilter } from './dataset-impact.reader.js';

/** Datasets, which READ on their experiment shows, and what was made with them: runs and versions that the caller may see. */
@Injectable()
export class LineageDatasets {
  constructor(
    private readonly access: Access,
    private readonly impact: DatasetImpactReader,
    private readonly reader: LineageDatasetReader,
    private readonly runs: Runs,
    private readonly versions: VersionRecords,
  ) {}

  /** @throws NotFound, PermissionDenied */
  async get(id: string): Promise<LineageDataset> {
    const found = await this.reader.withExperiment(id);
    const object = found && { ...found.experiment, dataset: found.dataset };
    return (await this.access.authorize('READ', object, 'EXPERIMENT', id, 'Dataset')).object.dataset;
  }

  /** Those that the caller may see, in any order: for loaders. */
  byIds(ids: readonly string[]): Promise<LineageDataset[]> {
    return this.reader.byIds(ids);
  }

  /** The runs that have read it, the newest first. @throws InvalidArgument for a page or a cursor that is none */
  async runsOf(datasetId: string, args: PageArgs): Promise<Page<Run>> {
    return this.withRuns(await this.reader.runs({ dataset: datasetId }, args));
  }

  countRunsOf(datasetId: string): Promise<number> {
    return this.reader.countRuns({ dataset: datasetId });
  }

  /** The versions that such runs have made, the newest first. @throws InvalidArgument for a page or a cursor that is none */
  async versionsOf(datasetId: string, args: PageArgs): Promise<Page<VersionSummary>> {
    const page = await this.reader.versions(datasetId, args);
    return withObjects(page, await this.versions.byIds(page.edges.map(({ node }) => node)));
  }

  countVersionsOf(datasetId: string): Promise<number> {
    return this.reader.countVersions(datasetId);
  }

  /**
   * All versions that the data had an effect on, however many steps away, the newest first; of the same data in every
   * experiment that the caller may read.
   * @throws InvalidArgument for a page or a cursor that is none
   */
  async impactOf(datasetId: string, filter: ImpactFilter, args: PageArgs): Promise<Page<VersionSummary>> {
    const page = await this.impact.versions(datasetId, filter, args);
    return withObjects(page, await this.versions.byIds(page.edges.map(({ node }) => node)));
  }

  /** How many they are, as far as was looked. */
  impactSummaryOf(datasetId: string, filter: ImpactFilter): Promise<{ count: number; isPartial: boolean }> {
    return this.impact.summary(datasetId, filter);
  }

  /** The runs that name a run as their parent, the newest first. @throws InvalidArgument for a page or a cursor that is none */
  async childrenOf(runId: string, args: PageArgs): Promise<Page<Run>> {
    return this.withRuns(await this.reader.runs({ parent: runId }, args));
  }

  countChildrenOf(runId: string): Promise<number> {
    return this.reader.countRuns({ parent: runId });
  }

  private async withRuns(page: Page<string>): Promise<Page<Run>> {
    return withObjects(page, await this.runs.byIds(page.edges.map(({ node }) => node)));
  }
}

/** A page of ids with what they stand for; what has gone in between is left out. */
function withObjects<T extends { id: string }>(page: Page<string>, objects: readonly T[]): Page<T> {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const edges = page.edges.flatMap(({ node, cursor }) => {
    const object = byId.get(node);
    return object ? [{ node: object, cursor }] : [];
  });
  return { ...page, edges };
}
