import { type ModelAlias, type Transition, type VersionSummary, versionName } from '@app/registry';
import type { LatestMetric } from '@app/tracking';
import { globalId } from '../schema/node.js';
import type {
  MetricValueType,
  ModelAliasType,
  ModelVersionStatusEnum,
  ModelVersionType,
  StageTransitionType,
  TargetKindEnum,
} from './registry.types.js';

export const toModelVersion = (source: VersionSummary): ModelVersionType => ({
  source,
  id: globalId('ModelVersion', source.id),
  number: source.number,
  displayName: versionName(source.modelFullName, source.number),
  status: source.status as ModelVersionStatusEnum,
  statusMessage: source.statusMessage,
  stage: source.stage,
  description: source.description,
  sourceUri: source.source,
  sourceRunId: source.runId,
  namedRunId: source.namedRunId,
  artifactDigest: source.artifactDigest,
  artifactSize: source.artifactSize,
  createdAt: source.createdAt,
  updatedAt: source.updatedAt,
});

/** JSON has no NaN and no infinities. */
export const toMetricValue = ({ key, value, step, datasetName }: LatestMetric): MetricValueType => ({
  name: key,
  value: Number.isFinite(value) ? value : null,
  step,
  dataset: datasetName,
});

export const toTransition = (source: Transition): StageTransitionType => ({
  ...source,
  source,
  id: globalId('StageTransition', source.id),
  target: { kind: source.target.kind as TargetKindEnum, name: source.target.name },
});

export const toModelAlias = (source: ModelAlias): ModelAliasType => ({
  source,
  name: source.alias,
  setAt: source.setAt,
});
