import type { Consumer } from '@app/lineage';
import { ArgsType, Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { ConnectionArgs, connectionType } from '../schema/connection.js';

@ObjectType('ModelConsumer', { description: 'Who has loaded a version, or versions of a model, by models:/ URIs' })
export class ModelConsumerType {
  source: Consumer;

  @Field(() => Float)
  loads: number;
  @Field(() => Int, { description: 'On how many days of UTC' })
  days: number;
  @Field()
  firstAt: Date;
  @Field()
  lastAt: Date;
}

export const ModelConsumerConnection = connectionType('ModelConsumer', () => ModelConsumerType);

@ObjectType('ModelUsageDay')
export class ModelUsageDayType {
  @Field({ description: 'Of UTC: 2026-11-21' })
  day: string;
  @Field(() => Float)
  loads: number;
  @Field(() => Int)
  consumers: number;
}

@ObjectType('ModelUsage', { description: 'How often it was loaded by models:/ URIs, and by how many principals' })
export class ModelUsageType {
  @Field(() => Float)
  loads: number;
  @Field(() => Int)
  consumers: number;
  @Field(() => Date, { nullable: true })
  lastAt: Date | null;
  @Field(() => [ModelUsageDayType], { description: 'Days without a load are left out' })
  days: ModelUsageDayType[];
}

@ArgsType()
export class ConsumersArgs extends ConnectionArgs {
  @Field(() => Date, { nullable: true, description: 'From the day of this instant on; all days when left out' })
  since?: Date | null;
}

@ArgsType()
export class UsageArgs {
  @Field(() => Date, {
    nullable: true,
    description: 'From the day of this instant on, 366 days ago at most; the last 30 days when left out',
  })
  since?: Date | null;
}

export const toModelConsumer = (source: Consumer): ModelConsumerType => {
  const { loads, days, firstAt, lastAt } = source;
  return { source, loads, days, firstAt, lastAt };
};
