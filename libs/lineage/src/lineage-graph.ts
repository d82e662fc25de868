import { InvalidArgument } from '@app/platform';

export const lineageNodeKinds = [
  'DATASET',
  'HOLDOUT',
  'SOURCE_CODE',
  'JOB',
  'RUN',
  'LOGGED_MODEL',
  'MODEL_VERSION',
  'EVALUATION',
  'CONSUMER',
  'ENDPOINT',
] as const;
export type LineageNodeKind = (typeof lineageNodeKinds)[number];

export const lineageEdgeKinds = [
  'DATASET_INPUT',
  'DATASET_OUTPUT',
  'SAME_DATA',
  'SOURCE_CODE',
  'PARENT',
  'MODEL_INPUT',
  'TRAINED_FROM',
  'OUTPUT',
  'REGISTERED',
  'COPIED',
  'EVALUATED',
  'EVALUATED_ON',
  'CONSUMED',
  'SERVED_AT',
  'INDIRECT',
] as const;
export type LineageEdgeKind = (typeof lineageEdgeKinds)[number];

export type LineageDirection = 'UPSTREAM' | 'DOWNSTREAM' | 'BOTH';
export const truncationReasons = [
  'MAX_DEPTH',
  'MAX_NODES',
  'MAX_EDGES',
  'MAX_PATHS',
  'PERMISSION',
  'TIME_BUDGET',
] as const;
export type TruncationReason = (typeof truncationReasons)[number];

/** What a walk can begin at. */
export type LineageRoot = {
  kind: 'DATASET' | 'ENDPOINT' | 'EVALUATION' | 'JOB' | 'RUN' | 'MODEL_VERSION';
  key: string;
};

/** A node by its kind and its key there: an id of ours, MLflow's id of a run or a logged model, a commit, or a digest. */
export interface LineagePoint {
  kind: LineageNodeKind;
  key: string;
}

export interface LineageNode extends LineagePoint {
  /** null: redacted. */
  name: string | null;
  depth: number;
  redacted: boolean;
}

export interface LineageEdge {
  source: LineagePoint;
  /** What was made of the source, or with it. */
  target: LineagePoint;
  kind: LineageEdgeKind;
  /** Of a dataset: what the run used it for, or the run of the job that last named it. */
  context: string | null;
  /** When the service learned of it. */
  observedAt: Date;
}

export interface HiddenCounts {
  upstream: number;
  downstream: number;
}

export interface LineageGraph {
  /** By depth, then by kind and key; the root is the first. */
  nodes: LineageNode[];
  edges: LineageEdge[];
  truncatedBy: TruncationReason[];
  /** Of each node its neighbours that are not in this answer; worked out when it is asked for. */
  hiddenCounts(): Promise<ReadonlyMap<string, HiddenCounts>>;
}

export interface LineageWalk {
  direction: LineageDirection;
  maxDepth: number;
  maxNodes: number;
  /** Only edges that had been observed by then, and had not ended, and what they lead to; null: those of now. */
  asOf: Date | null;
  /** What is shown beside the root; null: all kinds. The walk goes through the others, and counts them. */
  kinds: readonly LineageNodeKind[] | null;
}

/** Of one answer. */
export const mostNodes = 1000;
const largest = { maxDepth: 10, maxNodes: mostNodes } as const;
/** An answer of 1,000 nodes may have a quarter of a million edges among them. */
export const mostEdges = 10_000;

/** @throws InvalidArgument for a bound that is too wide, or none; for an instant that is still to come; for no kinds at all */
export function checkedWalk(walk: LineageWalk): LineageWalk {
  checkInstant(walk.asOf);
  if (walk.kinds?.length === 0) {
    throw new InvalidArgument('kinds: [] would show nothing: name one kind, or leave it out for all', ['kinds']);
  }
  for (const bound of ['maxDepth', 'maxNodes'] as const) {
    const value = walk[bound];
    if (!Number.isInteger(value) || value < 1 || value > largest[bound]) {
      throw new InvalidArgument(`${bound}: ${value} is not between 1 and ${largest[bound]}`, [bound]);
    }
  }
  return walk;
}

/** @throws InvalidArgument for an instant that is still to come */
export function checkInstant(asOf: Date | null): void {
  if (asOf && asOf.getTime() > Date.now()) {
    throw new InvalidArgument(`asOf: ${asOf.toISOString()} is still to come: give an instant of the past`, ['asOf']);
  }
}

/** One text for a point, the same for the same one. */
export const pointId = ({ kind, key }: LineagePoint): string => `${kind}:${key}`;

const inOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
export const byPoint = (one: LineagePoint, other: LineagePoint): number => inOrder(pointId(one), pointId(other));
