import type { ArtifactFile, ArtifactManifest } from '@app/artifacts';
import type { ModelVersion } from '@app/registry';
import type { Metric } from '@app/tracking';
import type { GateInput, JudgedVersion } from '../../libs/gates/src/gate-input.js';

export const artifactFile = (path: string, sha256 = `hash of ${path}`): ArtifactFile => ({ path, size: 10, sha256 });
const files = [artifactFile('MLmodel'), artifactFile('model.pkl'), artifactFile('code/train.py')];

export const artifactManifest = (of: ArtifactFile[], digest = 'sha256:good'): ArtifactManifest => ({
  files: of,
  digest,
  size: of.length * 10,
});

/** A version that passes every gate and that nobody holds the target before, with what a test changes. */
export function gateInput(
  change: Partial<GateInput> & { runId?: string | null; namedRunId?: string | null } = {},
): GateInput {
  const { runId = 'r1', namedRunId = null, ...rest } = change;
  return {
    version: { runId, namedRunId, artifactDigest: 'sha256:good', artifactSize: 30, flavors: null } as ModelVersion,
    signature: async () => ({ inputs: [{ type: 'double' }], outputs: [{ type: 'long' }], params: null }),
    latestMetrics: async () => [],
    incumbent: async () => undefined,
    lineage: async () => ({
      runId: 'r1',
      datasets: [{ name: 'train', digest: 'd1', context: null }],
      sourceCommit: 'c0ffee',
    }),
    card: async () => ({ versionDescription: null, modelDescription: 'Finds fraud.', tags: [] }),
    recordedFiles: async () => files,
    measure: async () => artifactManifest(files),
    open: async () => undefined,
    text: async () => 'flavors: { sklearn: {} }',
    score: async () => {
      throw new Error('nothing is scored here');
    },
    signal: new AbortController().signal,
    ...rest,
  };
}

/** Version 1 of the same model, which holds the target. */
export const incumbent = (change: Partial<JudgedVersion> = {}): GateInput['incumbent'] => {
  const { version, signature, latestMetrics } = gateInput({ runId: 'r0', ...change });
  return async () => ({ version: { ...version, number: 1 }, signature, latestMetrics });
};

export const metric = (key: string, value: number, dataset: { name: string; digest?: string } | null = null) =>
  ({
    key,
    value,
    step: 3,
    timestamp: 1,
    modelId: null,
    datasetName: dataset?.name ?? null,
    datasetDigest: dataset?.digest ?? null,
  }) satisfies Metric;
