import {
  type LineageDirection,
  type LineageEdgeKind,
  type LineageGraph,
  type LineageNode,
  type LineageNodeKind,
  type LineagePoint,
  lineageEdgeKinds,
  lineageNodeKinds,
  pointId,
  type TruncationReason,
  truncationReasons,
} from '@app/lineage';
import { nodeId } from '@app/platform';
import { ArgsType, createUnionType, Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { PrincipalType } from '../access/principal.type.js';
import { ModelVersionType } from '../registry/registry.types.js';
import { enumOf } from '../schema/enum.js';
import { globalId } from '../schema/node.js';
import { RunType, runGlobalId } from '../tracking/tracking.types.js';
import { DatasetType } from './dataset.types.js';

export const LineageDirectionEnum = enumOf<LineageDirection>(['UPSTREAM', 'DOWNSTREAM', 'BOTH']);
registerEnumType(LineageDirectionEnum, {
  name: 'LineageDirection',
  description: 'Where it came from, or what was made of it. BOTH are two walks, neither of which turns round',
});

export const LineageNodeKindEnum = enumOf<LineageNodeKind>(lineageNodeKinds);
registerEnumType(LineageNodeKindEnum, { name: 'LineageNodeKind' });

export const LineageEdgeKindEnum = enumOf<LineageEdgeKind>(lineageEdgeKinds);
registerEnumType(LineageEdgeKindEnum, {
  name: 'LineageEdgeKind',
  valuesMap: {
    DATASET_INPUT: { description: 'A run has read the data' },
    SOURCE_CODE: { description: 'A run ran the commit' },
    PARENT: { description: 'A run is nested in another' },
    MODEL_INPUT: { description: 'A run has read a model, and made none' },
    TRAINED_FROM: { description: 'A run has read a model, and made one of it' },
    OUTPUT: { description: 'A run has made a logged model' },
    REGISTERED: { description: 'A version was registered from it' },
    COPIED: { description: 'A version is a copy of another' },
    CONSUMED: { description: 'A principal has loaded the version' },
  },
});

export const TruncationReasonEnum = enumOf<TruncationReason>(truncationReasons);
registerEnumType(TruncationReasonEnum, { name: 'TruncationReason' });

export const LineageEntity = createUnionType({
  name: 'LineageEntity',
  description: 'What a node of the graph stands for',
  types: () => [DatasetType, ModelVersionType, PrincipalType, RunType] as const,
});

@ArgsType()
export class LineageArgs {
  @Field(() => LineageDirectionEnum)
  direction: LineageDirection;
  @Field(() => Int, { defaultValue: 1, description: '1 to 10' })
  maxDepth: number;
  @Field(() => Int, { defaultValue: 200, description: '1 to 1,000' })
  maxNodes: number;
}

@ObjectType('LineageNode')
export class LineageNodeType {
  source: LineageNode;

  @Field(() => ID, {
    description: 'Of a run, a version, a dataset and a principal its id. Of what is redacted: in this answer only',
  })
  id: string;
  @Field(() => LineageNodeKindEnum)
  kind: LineageNodeKind;
  @Field(() => String, { nullable: true, description: 'null when it is redacted' })
  displayName: string | null;
  @Field(() => String, { nullable: true, description: 'MLflow’s id of a run or a logged model' })
  reference: string | null;
  @Field(() => Int)
  depth: number;
  @Field({ description: 'You may not see it, or it is gone. The walk ends here' })
  redacted: boolean;
  @Field(() => Int, { description: 'Neighbours upstream that are not in this answer, of those that it would show' })
  readonly hiddenUpstreamCount: Promise<number>;
  @Field(() => Int, { description: 'Neighbours downstream that are not in this answer, of those that it would show' })
  readonly hiddenDownstreamCount: Promise<number>;
}

@ObjectType('LineageEdge')
export class LineageEdgeType {
  @Field(() => ID, { description: 'The id of the node upstream' })
  source: string;
  @Field(() => ID, { description: 'The id of the node downstream' })
  target: string;
  @Field(() => LineageEdgeKindEnum)
  kind: LineageEdgeKind;
  @Field(() => String, { nullable: true, description: 'Of a dataset, what the run used it for: training, eval, …' })
  context: string | null;
}

@ObjectType('LineageGraph')
export class LineageGraphType {
  @Field(() => LineageNodeType)
  root: LineageNodeType;
  @Field(() => [LineageNodeType], { description: 'By depth, then by kind and id' })
  nodes: LineageNodeType[];
  @Field(() => [LineageEdgeType], { description: 'All edges among the nodes' })
  edges: LineageEdgeType[];
  @Field({ description: 'There is more than is shown: truncatedBy says why' })
  isPartial: boolean;
  @Field(() => [TruncationReasonEnum])
  truncatedBy: TruncationReason[];
}

function idOf({ kind, key }: LineagePoint): string {
  switch (kind) {
    case 'DATASET':
      return globalId('Dataset', key);
    case 'RUN':
      return runGlobalId(key);
    case 'MODEL_VERSION':
      return globalId('ModelVersion', key);
    case 'CONSUMER':
      return globalId('Principal', key);
    case 'LOGGED_MODEL':
      return nodeId('LoggedModel', key);
    case 'SOURCE_CODE':
      return nodeId('SourceCode', key);
  }
}

export function toLineageGraph({ nodes, edges, truncatedBy, hiddenCounts }: LineageGraph): LineageGraphType {
  const ids = new Map(
    nodes.map((node, index) => [pointId(node), node.redacted ? nodeId('Redacted', String(index)) : idOf(node)]),
  );
  const id = (point: LineagePoint) => ids.get(pointId(point)) as string;
  const count = async (node: LineageNode, side: 'upstream' | 'downstream') =>
    (await hiddenCounts()).get(pointId(node))?.[side] ?? 0;
  const shown = nodes.map(
    (source): LineageNodeType => ({
      source,
      id: id(source),
      kind: source.kind,
      displayName: source.name,
      reference: !source.redacted && ['RUN', 'LOGGED_MODEL'].includes(source.kind) ? source.key : null,
      depth: source.depth,
      redacted: source.redacted,
      get hiddenUpstreamCount() {
        return count(source, 'upstream');
      },
      get hiddenDownstreamCount() {
        return count(source, 'downstream');
      },
    }),
  );
  return {
    root: shown[0] as LineageNodeType,
    nodes: shown,
    edges: edges.map(({ source, target, kind, context }) => ({
      source: id(source),
      target: id(target),
      kind,
      context,
    })),
    isPartial: truncatedBy.length > 0,
    truncatedBy,
  };
}
