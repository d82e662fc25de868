import { type ConsumedObject, Consumers } from '@app/lineage';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { ModelVersionType, RegisteredModelType } from '../registry/registry.types.js';
import { toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import {
  ConsumersArgs,
  ModelConsumerConnection,
  ModelConsumerType,
  ModelUsageType,
  toModelConsumer,
  UsageArgs,
} from './consumer.types.js';

const names = { nullable: true, description: 'By name; null without MANAGE or READ_AUDIT on the model: see usage' };

async function page(consumers: Consumers, object: ConsumedObject, { since = null, ...args }: ConsumersArgs) {
  const found = await consumers.list(object, since, args);
  return toConnection(found, toModelConsumer, () => consumers.count(object, since));
}

@Resolver(() => ModelVersionType)
export class ModelVersionConsumerFields {
  constructor(private readonly service: Consumers) {}

  @Requires('MANAGE', 'READ_AUDIT')
  @ResolveField(() => ModelConsumerConnection, names)
  async consumers(@Parent() { source }: ModelVersionType, @Args() args: ConsumersArgs) {
    return page(this.service, source, args);
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelUsageType, { nullable: true })
  async usage(@Parent() { source }: ModelVersionType, @Args() { since = null }: UsageArgs): Promise<ModelUsageType> {
    return this.service.usage(source, since);
  }
}

@Resolver(() => RegisteredModelType)
export class RegisteredModelConsumerFields {
  constructor(private readonly service: Consumers) {}

  @Requires('MANAGE', 'READ_AUDIT')
  @ResolveField(() => ModelConsumerConnection, names)
  async consumers(@Parent() { source }: RegisteredModelType, @Args() args: ConsumersArgs) {
    return page(this.service, source, args);
  }

  @Requires('EXECUTE')
  @ResolveField(() => ModelUsageType, {
    nullable: true,
    description: 'Of all its versions, deleted ones too; null without EXECUTE',
  })
  async usage(@Parent() { source }: RegisteredModelType, @Args() { since = null }: UsageArgs): Promise<ModelUsageType> {
    return this.service.usage(source, since);
  }
}

@Resolver(() => ModelConsumerType)
export class ModelConsumerFields {
  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true, description: 'null when it is deleted' })
  async principal(@Parent() { source }: ModelConsumerType, @Context() { loaders }: GraphqlContext) {
    return orNull(await loaders.principal.load(source.principalId), toPrincipal);
  }
}
