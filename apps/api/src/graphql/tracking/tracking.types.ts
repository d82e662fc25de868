import type { LifecycleStage, Run, RunStatus } from '@app/tracking';
import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { LineageEntityType } from '../lineage/lineage-entity.type.js';
import { connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { SecurableType } from '../schema/securable.js';

/** MLflow's words for it, as GraphQL spells enums. */
export const LifecycleStageEnum: Record<string, LifecycleStage> = { ACTIVE: 'active', DELETED: 'deleted' };
registerEnumType(LifecycleStageEnum, {
  name: 'LifecycleStage',
  description: 'Of an experiment or a run. What is deleted can be restored',
});

export const RunStatusEnum = enumOf<RunStatus>(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);
registerEnumType(RunStatusEnum, { name: 'RunStatus', description: 'As MLflow has them' });

@ObjectType('Experiment', {
  implements: [NodeInterface, SecurableType],
  description:
    'A set of runs, directly under the metastore. Whoever holds any privilege on it sees its name, owner, tags and grants; its runs need READ. It is made, renamed and deleted through MLflow’s REST API',
})
export class ExperimentType extends SecurableType {}

export const ExperimentConnection = connectionType('Experiment', () => ExperimentType);

@ObjectType('Param', { description: 'An input of a run' })
export class ParamType {
  @Field()
  key: string;
  @Field()
  value: string;
}

@ObjectType('Run', {
  implements: [NodeInterface, LineageEntityType],
  description: 'A run of an experiment. It is written through MLflow’s REST API',
})
export class RunType implements NodeInterface, LineageEntityType {
  /** What the database knows of it; for field resolvers. */
  source: Run;

  @Field(() => ID)
  id: string;
  @Field({ description: 'Its name' })
  displayName: string;
  @Field({ description: 'What MLflow knows it by' })
  runId: string;
  @Field()
  name: string;
  @Field(() => RunStatusEnum)
  status: RunStatus;
  @Field(() => LifecycleStageEnum)
  lifecycleStage: LifecycleStage;
  @Field({ description: 'What its client calls its user; who was authenticated is createdBy' })
  userId: string;
  @Field(() => Date, { nullable: true, description: 'null when its client sent what is no instant' })
  startTime: Date | null;
  @Field(() => Date, { nullable: true, description: 'null while it has not ended' })
  endTime: Date | null;
  @Field()
  artifactUri: string;
}

export const RunConnection = connectionType('Run', () => RunType);

/** A run's id is 32 hexadecimal digits; an id of this API carries the same as a UUID. */
const uuidOf = (runId: string): string => runId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
/** The id of a run in this API. */
export const runGlobalId = (runId: string): string => globalId('Run', uuidOf(runId));
export const runIdOf = (uuid: string): string => uuid.replaceAll('-', '');

/** Clients write any whole number of milliseconds; not every one is an instant. */
function instantOf(milliseconds: number | null): Date | null {
  const instant = new Date(milliseconds ?? Number.NaN);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

export function toRun(source: Run): RunType {
  const { id: runId, name, status, lifecycleStage, userId, startTime, endTime, artifactUri } = source;
  return {
    source,
    id: runGlobalId(runId),
    runId,
    displayName: name,
    name,
    status,
    lifecycleStage,
    userId,
    startTime: instantOf(startTime),
    endTime: instantOf(endTime),
    artifactUri,
  };
}
