import {
  type ArtifactFile,
  type ArtifactManifest,
  ArtifactManifests,
  artifactPathOf,
  type OpenArtifact,
} from '@app/artifacts';
import { FailedPrecondition } from '@app/platform';
import type { GateConfig } from '@app/policy';
import { type ModelCard, ModelRecords, type ModelVersion, type Signature, VersionRecords } from '@app/registry';
import { type Metric, type RunLineage, RunRecords } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import type { GateLogger, GateRun } from './gate-run.js';
import { HoldoutScoring } from './holdout/holdout-scoring.js';
import type { Scoring } from './holdout/scoring-job.js';

/** What is asked of the version that is judged, and of the one that it is held against. */
export interface JudgedVersion {
  version: Readonly<ModelVersion>;
  /** What the MLmodel file says of the model's inputs and outputs; undefined when it says nothing. */
  signature(): Promise<Signature | undefined>;
  /** The metrics of the version's run; empty when it has no run. */
  latestMetrics(): Promise<readonly Metric[]>;
}

/** What a gate may read of the version that it judges, and nothing else. Each part is read when it is asked for. */
export interface GateInput extends JudgedVersion {
  /**
   * Who held the target when the gates of the request were set going; undefined when nobody did.
   * @throws FailedPrecondition INCUMBENT_GONE when it was deleted since
   */
  incumbent(): Promise<JudgedVersion | undefined>;
  /** Datasets and commit of the version's run; undefined when it has none. */
  lineage(): Promise<RunLineage | undefined>;
  /** Descriptions and tags of the version and its model. */
  card(): Promise<ModelCard>;
  /** The files as they were when the version became ready. */
  recordedFiles(): Promise<readonly ArtifactFile[]>;
  /** The files as they are now: every byte is read. */
  measure(): Promise<ArtifactManifest>;
  /** A file of the version; undefined when there is none at the path. Whoever opens it reads it or closes it. */
  open(path: string): Promise<OpenArtifact | undefined>;
  /** A small file as text; undefined when there is none at the path. */
  text(path: string, maxBytes: number): Promise<string | undefined>;
  /**
   * Runs the model on a holdout dataset, in processes of its own.
   * @throws ModelFailed when the model could not answer; FailedPrecondition when no answer was to be had
   */
  score(config: GateConfig<'HOLDOUT_EVALUATION'>, log: GateLogger): Promise<Scoring>;
  /** Aborted when nobody waits for the judgement any more: the request was closed, the claim lost, the time is over. */
  signal: AbortSignal;
}

type JudgedRun = Pick<GateRun, 'versionId' | 'incumbentVersionId' | 'timeoutSeconds'>;

@Injectable()
export class GateInputs {
  constructor(
    private readonly manifests: ArtifactManifests,
    private readonly models: ModelRecords,
    private readonly runs: RunRecords,
    private readonly scoring: HoldoutScoring,
    private readonly versions: VersionRecords,
  ) {}

  /** @returns undefined when the version is gone */
  async of(
    { versionId, incumbentVersionId, timeoutSeconds }: JudgedRun,
    signal: AbortSignal,
  ): Promise<GateInput | undefined> {
    const judged = await this.judged(versionId);
    if (!judged) return undefined;
    const { runId, storagePath } = judged.version;
    const folder = storagePath ?? '';
    const open = (path: string) => this.manifests.open(`${folder}/${path}`);
    return {
      ...judged,
      incumbent: async () => (incumbentVersionId ? this.requireIncumbent(incumbentVersionId) : undefined),
      lineage: async () => (runId ? (await this.runs.lineageOf([runId]))[0] : undefined),
      card: () => this.models.cardOf(judged.version),
      recordedFiles: () => this.versions.files(versionId),
      measure: () => this.manifests.of(folder, signal),
      open,
      text: (path, maxBytes) => this.manifests.readText(`${folder}/${path}`, maxBytes),
      score: async (config, log) =>
        this.scoring.score({
          config,
          flavors: judged.version.flavors,
          signature: judged.version.signature,
          files: await this.versions.files(versionId),
          open,
          openDataset: () => this.manifests.open(artifactPathOf(config.dataset) ?? config.dataset),
          log,
          timeoutSeconds,
          signal,
        }),
      signal,
    };
  }

  private async requireIncumbent(id: string): Promise<JudgedVersion> {
    const incumbent = await this.judged(id);
    if (!incumbent)
      throw new FailedPrecondition('INCUMBENT_GONE', 'the incumbent was deleted since the gates were set going');
    return incumbent;
  }

  private async judged(versionId: string): Promise<JudgedVersion | undefined> {
    const version = await this.versions.byId(versionId);
    return (
      version && {
        version,
        signature: async () => version.signature ?? undefined,
        latestMetrics: async () => (version.runId ? this.runs.latestMetrics(version.runId) : []),
      }
    );
  }
}
