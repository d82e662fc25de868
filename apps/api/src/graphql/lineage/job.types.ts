import type { Job, JobRun, RunState } from '@app/lineage';
import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { connectionType } from '../schema/connection.js';
import { enumOf } from '../schema/enum.js';
import { globalId, NodeInterface } from '../schema/node.js';
import { LineageEntityType } from './lineage-entity.type.js';

export const JobRunStateEnum = enumOf<RunState>(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL']);
registerEnumType(JobRunStateEnum, { name: 'JobRunState', description: 'As OpenLineage has them' });

@ObjectType('JobRun', { description: 'One run of a job, as its events tell, in whatever order they have arrived' })
export class JobRunType {
  @Field({ description: 'A UUID of the producer' })
  runId: string;
  @Field(() => JobRunStateEnum, { nullable: true, description: 'null when only events without a state have come' })
  state: RunState | null;
  @Field(() => Date, { nullable: true, description: 'The time of the event that put it into the state' })
  stateAt: Date | null;
  @Field(() => Date, { nullable: true, description: 'The time of its START' })
  startedAt: Date | null;
  @Field(() => Date, { description: 'Times are those of the producer' })
  firstEventAt: Date;
  @Field(() => Date)
  lastEventAt: Date;
  @Field(() => String, { nullable: true })
  parentRunId: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'namespace/name of the parent’s job, as the producer names it: it need not be known here',
  })
  parentJob: string | null;
}

export const JobRunConnection = connectionType('JobRun', () => JobRunType);

export const toJobRun = (run: JobRun): JobRunType => run;

@ObjectType('Job', {
  implements: [NodeInterface, LineageEntityType],
  description: 'A job of OpenLineage: what reads data and writes data, run by Spark, Airflow, dbt and others',
})
export class JobType implements NodeInterface, LineageEntityType {
  source: Job;

  @Field(() => ID)
  id: string;
  @Field({ description: 'Its name' })
  displayName: string;
  @Field({ description: 'The name of the experiment that it is kept in' })
  namespace: string;
  @Field()
  name: string;
  @Field(() => Date, { description: 'When the service learned of it' })
  createdAt: Date;
  @Field(() => Date, { description: 'The time of its newest event, as the producer says' })
  lastEventAt: Date;
  @Field(() => JobRunType, { nullable: true, description: 'The run that began last; null when no event named one' })
  latestRun: JobRunType | null;
}

export function toJob(source: Job): JobType {
  const { id, namespace, name, createdAt, lastEventAt, latestRun } = source;
  return { source, id: globalId('Job', id), displayName: name, namespace, name, createdAt, lastEventAt, latestRun };
}
