import {
  type LineageDirection,
  type LineageEdgeKind,
  type LineageNode,
  type LineageNodeKind,
  lineageEdgeKinds,
  lineageNodeKinds,
  type TruncationReason,
  truncationReasons,
} from '@app/lineage';
import { ArgsType, Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../schema/enum.js';

export const LineageDirectionEnum = enumOf<LineageDirection>(['UPSTREAM', 'DOWNSTREAM', 'BOTH']);
registerEnumType(LineageDirectionEnum, {
  name: 'LineageDirection',
  description: 'Where it came from, or what was made of it. BOTH are two walks, neither of which turns round',
});

export const LineageNodeKindEnum = enumOf<LineageNodeKind>(lineageNodeKinds);
registerEnumType(LineageNodeKindEnum, {
  name: 'LineageNodeKind',
  valuesMap: {
    HOLDOUT: { description: 'Data that a gate has scored versions on, by the SHA-256 of its file' },
    SOURCE_CODE: { description: 'A commit' },
    JOB: { description: 'A job of OpenLineage, with all of its runs' },
    EVALUATION: { description: 'A run of a gate that has judged a version on data: the id is that of the GateRun' },
    CONSUMER: { description: 'A principal who loads a version' },
    ENDPOINT: { description: 'Where a version is served, as it was reported' },
  },
});

export const LineageEdgeKindEnum = enumOf<LineageEdgeKind>(lineageEdgeKinds);
registerEnumType(LineageEdgeKindEnum, {
  name: 'LineageEdgeKind',
  valuesMap: {
    DATASET_INPUT: { description: 'A run or a job has read the data' },
    DATASET_OUTPUT: { description: 'A job has written the data' },
    SAME_DATA: {
      description:
        'What a job has written is at the place that others read: the same data, named by another experiment or by MLflow',
    },
    SOURCE_CODE: { description: 'A run ran the commit' },
    PARENT: { description: 'A run is nested in another' },
    MODEL_INPUT: { description: 'A run has read a model, and made none' },
    TRAINED_FROM: {
      description: 'A run has read a model, and made one of it; or a version names its base in the tag trained_from',
    },
    OUTPUT: { description: 'A run has made a logged model' },
    REGISTERED: { description: 'A version was registered from it' },
    COPIED: { description: 'A version is a copy of another' },
    EVALUATED: { description: 'A gate has judged the version on data' },
    EVALUATED_ON: { description: 'A gate has judged a version on this data' },
    CONSUMED: { description: 'A principal has loaded the version' },
    SERVED_AT: { description: 'The version is served there; as of a time: it was, then' },
    INDIRECT: { description: 'Between the two stand only nodes that kinds leaves out' },
  },
});

export const TruncationReasonEnum = enumOf<TruncationReason>(truncationReasons);
registerEnumType(TruncationReasonEnum, {
  name: 'TruncationReason',
  valuesMap: { TIME_BUDGET: { description: 'It took longer than two seconds: levels or edges are missing' } },
});

@ArgsType()
export class LineageArgs {
  @Field(() => LineageDirectionEnum)
  direction: LineageDirection;
  @Field(() => Int, { defaultValue: 1, description: '1 to 10' })
  maxDepth: number;
  @Field(() => Int, { defaultValue: 200, description: '1 to 1,000' })
  maxNodes: number;
  @Field(() => Date, {
    nullable: true,
    description:
      'Only edges that the service had learned of by then, and that had not ended, and what they lead to; not in the future. What is deleted since is not in it',
  })
  asOf?: Date | null;
  @Field(() => [LineageNodeKindEnum], {
    nullable: true,
    description:
      'Only these kinds are shown, beside the root. The walk goes through the others, and counts them in maxDepth and maxNodes; an edge INDIRECT leads past them',
  })
  kinds?: LineageNodeKind[] | null;
}

@ObjectType('LineageNode')
export class LineageNodeType {
  source: LineageNode;

  @Field(() => ID, {
    description:
      'Of a run, a job, a version, a dataset, a principal and an endpoint its id. Of what is redacted: in this answer only',
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
  @Field(() => ID, { description: 'The same for the same kind and ends; where one is redacted, in this answer only' })
  id: string;
  @Field(() => ID, { description: 'The id of the node upstream' })
  source: string;
  @Field(() => ID, { description: 'The id of the node downstream' })
  target: string;
  @Field(() => LineageEdgeKindEnum)
  kind: LineageEdgeKind;
  @Field(() => String, {
    nullable: true,
    description:
      'Of a dataset, what the run used it for: training, eval, …; of a job’s, the id of the newest run that named it',
  })
  context: string | null;
  @Field({
    description:
      'When the service learned of it: of a tag, when its run began or its version was registered, as far as it knows',
  })
  observedAt: Date;
  @Field(() => String, { nullable: true, description: 'MLflow’s id of the run that stands at one of its ends' })
  runId: string | null;
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

@ArgsType()
export class LineagePathsArgs {
  @Field(() => ID, { description: 'The id of a version, a run, a job, a dataset, a gate run or an endpoint' })
  from: string;
  @Field(() => ID, { description: 'The id of another, downstream of it' })
  to: string;
  @Field(() => Int, { defaultValue: 10, description: 'Edges of one path, 1 to 10' })
  maxDepth: number;
  @Field(() => Int, { defaultValue: 20, description: '1 to 100' })
  maxPaths: number;
  @Field(() => Date, { nullable: true, description: 'As of lineage' })
  asOf?: Date | null;
}

@ObjectType('LineagePath', { description: 'A way that comes by no node twice' })
export class LineagePathType {
  @Field(() => [LineageNodeType], { description: 'In order; depth counts from the first' })
  nodes: LineageNodeType[];
  @Field(() => [LineageEdgeType], { description: 'Between one node and the next: all, where there are several' })
  edges: LineageEdgeType[];
}

@ObjectType('LineagePaths')
export class LineagePathsType {
  @Field(() => [LineagePathType], { description: 'The shortest first, then by kind and id of the nodes on the way' })
  paths: LineagePathType[];
  @Field({ description: 'There may be more paths: truncatedBy says why' })
  isPartial: boolean;
  @Field(() => [TruncationReasonEnum], {
    description: 'PERMISSION: something redacted was met, behind which nothing is looked for',
  })
  truncatedBy: TruncationReason[];
}
