export type { Consumer, Usage } from './consumer.js';
export { type ConsumedObject, Consumers } from './consumer.service.js';
export { ConsumerLog } from './consumer-log.js';
export type { LineageDataset, RunDataset, RunModel } from './dataset.js';
export { LineageDatasets } from './dataset.service.js';
export type { ImpactFilter } from './dataset-impact.reader.js';
export { PromotionEvents } from './emission/promotion-events.service.js';
export type { ModelEndpoint } from './endpoint.js';
export { ModelEndpoints } from './endpoint.service.js';
export { LineageModule } from './lineage.module.js';
export { Lineage } from './lineage.service.js';
export {
  type HiddenCounts,
  type LineageDirection,
  type LineageEdge,
  type LineageEdgeKind,
  type LineageGraph,
  type LineageNode,
  type LineageNodeKind,
  type LineagePoint,
  type LineageRoot,
  type LineageWalk,
  lineageEdgeKinds,
  lineageNodeKinds,
  pointId,
  type TruncationReason,
  truncationReasons,
} from './lineage-graph.js';
export type { LineagePath, LineagePaths, PathsAsked } from './lineage-paths.js';
export { type LineageEvent, parsedEvent, type RunState } from './openlineage/event.js';
export type { Job, JobRun } from './openlineage/job.js';
export { Jobs } from './openlineage/jobs.service.js';
export { LineageEvents } from './openlineage/lineage-events.service.js';
export { RunLineageReader } from './run-lineage.reader.js';
